package fusion

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// Card is what people want to know of a model before they use it. It is printed as text,
// and as JSON.
type Card struct {
	Name       string `json:"name"`
	Hash       string `json:"hash"`
	Trained    bool   `json:"trained"`
	Training   string `json:"training"`
	Licence    string `json:"data_licence"`
	Form       string `json:"form"`
	Gate       string `json:"gate"`
	Router     string `json:"router"`
	Width      int    `json:"width"`
	Layers     int    `json:"layers"`
	Experts    int    `json:"experts"`
	TopK       int    `json:"top_k"`
	Parameters int    `json:"parameters"`
	// FLOP is that of one prediction, see [Config.FLOP].
	FLOP   int      `json:"flop_behind_time_attention"`
	Kernel string   `json:"kernel"`
	Tasks  []string `json:"tasks"`
	// LeastChannels is below how many observed channels it gives no probability.
	LeastChannels int `json:"least_channels,omitempty"`
	// Calibration and Thresholds are those of the first task.
	Calibration []CalibrationPoint `json:"calibration,omitempty"`
	Thresholds  []Threshold        `json:"thresholds,omitempty"`
	Modalities  []string           `json:"modalities"`
	Channels    []string           `json:"channels"`
	Statics     []string           `json:"statics"`
	Record      json.RawMessage    `json:"training_record,omitempty"`
	Notice      string             `json:"notice"`
}

// Card describes the model.
func (m *Model) Card() Card {
	c := &m.network.Config
	card := Card{
		Name: c.Name, Hash: m.hash, Trained: c.Trained, Training: c.Training, Licence: c.Licence, Form: c.Form, Gate: c.Gate, Router: c.Router,
		Width: c.Width, Layers: c.Layers, Experts: c.Experts, TopK: c.TopK, Parameters: m.network.params.Total(), FLOP: c.FLOP(), Kernel: Kernel,
		Modalities: c.names(), Statics: c.Statics, LeastChannels: c.LeastChannels, Record: withoutSeen(m.record), Notice: schemas.Notice,
	}
	if len(c.Tasks) > 0 {
		card.Calibration, card.Thresholds = c.Tasks[0].Calibration, c.Tasks[0].Thresholds
	}
	for _, t := range c.Tasks {
		card.Tasks = append(card.Tasks, t.Name)
	}
	for _, ch := range c.Channels {
		card.Channels = append(card.Channels, ch.Name)
	}
	return card
}

// withoutSeen is a training record without its list of patients, which no person reads.
func withoutSeen(record json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	if record == nil || json.Unmarshal(record, &fields) != nil || fields["seen"] == nil {
		return record
	}
	delete(fields, "seen")
	b, err := json.Marshal(fields)
	if err != nil {
		return record
	}
	return b
}

// String is the card as text.
func (c Card) String() string {
	trained := "trained: " + c.Training
	if !c.Trained {
		trained = "UNTRAINED: its numbers mean nothing; no alert comes from it"
	}
	var more strings.Builder
	if c.LeastChannels > 0 {
		fmt.Fprintf(&more, "abstains    where fewer than %d channels have an observation\n", c.LeastChannels)
	}
	for _, p := range c.Calibration {
		fmt.Fprintf(&more, "calibrated  at hour %g: logit * %.3f %+.3f\n", p.Hours, p.Scale, p.Shift)
	}
	for _, t := range c.Thresholds {
		fmt.Fprintf(&more, "alerts      %s from a risk of %g, down to %g: %.3f alarms in a patient-day on stays held out\n", t.Severity, t.At, t.Clear, t.Found)
	}
	return fmt.Sprintf(`%s
%s
hash        %s
form        %s, gate %s, router %s, width %d, layers %d, experts %d, top %d
size        %d parameters, %d FLOP a prediction behind the time attention, kernel %s
data        %s
tasks       %s
modalities  %s
channels    %s
statics     %s
%snotice      %s
`, c.Name, trained, c.Hash, c.Form, c.Gate, c.Router, c.Width, c.Layers, c.Experts, c.TopK, c.Parameters, c.FLOP, c.Kernel, c.Licence,
		strings.Join(c.Tasks, ", "), strings.Join(c.Modalities, ", "), strings.Join(c.Channels, ", "), strings.Join(c.Statics, ", "), more.String(), c.Notice)
}

// FLOP counts the floating-point operations of a prediction behind the time attention and
// the projections of items, which are kept from one prediction to the next: two for each
// multiplication with its addition. Norms, softmaxes and activations are not counted.
func (c *Config) FLOP() int {
	d, tokens, modalities := c.Width, c.Tokens(), len(c.Modalities)
	total := 0
	for _, m := range c.Modalities {
		members := len(c.Members(m.Name))
		if m.Kind == KindSeries && c.Regular != NoBranch {
			columns := 2
			if c.Regular == RegularLast {
				columns = lastColumns
			}
			total += c.Points * (members*columns*d + 3*d*d)
		}
		if c.Now > 0 {
			total += c.Now * (max(members*channelEncoded, itemFeatures) + len(c.Statics)*9 + 1 + d)
		}
	}
	for l := range c.Layers {
		rows := tokens
		if l == c.Layers-1 && c.Pool == PoolLast && (c.Experts == 0 || c.Form == FormToken) {
			rows = tokens - c.Points + 1
		}
		total += modalities * (tokens*2*d*d + rows*(2*d*d+2*tokens*d+2*d*c.FFN))
		if c.Experts > 0 {
			total += c.mixtureMACs(rows)
		}
	}
	pooled := modalities * d
	if c.Pool == PoolNowLastMean {
		pooled *= 3
	}
	total += pooled * (2*pooled + len(c.Tasks))
	if c.Skip > 0 {
		total += c.Skip * (len(c.Channels)*channelEncoded + len(c.Statics)*9 + 1 + c.Skip + len(c.Tasks))
	}
	return 2 * total
}

// mixtureMACs are the multiplications of one layer's MoE over `rows` tokens of a stay.
func (c *Config) mixtureMACs(rows int) int {
	width := c.Width
	if c.Form == FormStay {
		width, rows = width*rows, 1
	}
	all := width * len(c.Modalities)
	if c.Router == Joint {
		return rows * (c.Experts*all + c.TopK*2*c.Hidden*all)
	}
	each := c.Experts
	if c.Router == Disjoint {
		each /= len(c.Modalities)
	}
	return rows * len(c.Modalities) * (each*width + c.TopK*c.Hidden*(width+all))
}
