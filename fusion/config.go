package fusion

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Config says what a network is. It is the metadata of a model file, as JSON, and part of
// a training recipe, as YAML. The shapes of all tensors follow from it. [Config.Check]
// says which values are possible.
type Config struct {
	// Format is the version of the config and of the tensors' names; it must be [Format].
	Format int `json:"format" yaml:"format"`
	// Name is shown to people and read by no code.
	Name string `json:"name" yaml:"name"`

	// What goes in.

	// Modalities are the kinds of data that are fused, in the order in which their
	// vectors are joined.
	Modalities []Modality `json:"modalities" yaml:"modalities"`
	// Channels are the numeric channels of all series modalities, in the order of the
	// input.
	Channels []Channel `json:"channels" yaml:"channels"`
	// Statics are attributes of the stay, by the names of vitals.StaticNames.
	Statics []string `json:"statics,omitempty" yaml:"statics,omitempty"`

	// Time.

	// Points is T, the number of reference points of the window.
	Points int `json:"points" yaml:"points"`
	// Cells is the number of cells of a channel: Points, or a multiple of it.
	Cells int `json:"cells" yaml:"cells"`
	// Reference says where the reference points lie: "ends" puts them at the ends of T
	// equal parts of the window, "published" at j/(T-1) for j from 0, as the published
	// code does.
	Reference string `json:"reference" yaml:"reference"`
	// TimeWidth is E, the width of the time embedding; TimeHeads must divide it.
	TimeWidth int `json:"time_width" yaml:"time_width"`
	// TimeHeads is the number of heads of the time attention.
	TimeHeads int `json:"time_heads" yaml:"time_heads"`
	// SoftCap bounds the scores of the time attention by 8 tanh(s/8), see nn.SoftCap.
	SoftCap bool `json:"soft_cap" yaml:"soft_cap"`

	// What a series modality makes of its channels.

	// Values are the functions of a value z over which the time attention takes its
	// means: "id" is z alone; "hinges" are z, relu(z-1) and relu(-z-1), so that values on
	// both sides do not cancel.
	Values string `json:"values" yaml:"values"`
	// Intensity gives the tokens log(1+Z), how much was observed near a reference point.
	// It needs SoftCap.
	Intensity bool `json:"intensity" yaml:"intensity"`
	// Seen gives the tokens 1 for a channel with any observation, else 0: the indicator
	// that the published code attends over.
	Seen bool `json:"seen" yaml:"seen"`
	// Regular is the branch of values on the regular grid: "published" is [CarryForward],
	// "last_observation" is [LastObservation], and "none" leaves the time attention
	// alone.
	Regular string `json:"regular" yaml:"regular"`
	// UTDE is the mode of the gate between the two branches, see [UTDE]; it is not read
	// where Regular is "none".
	UTDE string `json:"utde,omitempty" yaml:"utde,omitempty"`
	// Now is the hidden width of the network that makes a now token of a modality's
	// trailing statistics; 0 is for no now tokens.
	Now int `json:"now" yaml:"now"`
	// Skip is the hidden width of the network that goes from the statistics straight to
	// the logits; 0 is for none.
	Skip int `json:"skip" yaml:"skip"`

	// The fusion stack.

	// Width is D, the width of a token; Heads must divide it.
	Width int `json:"width" yaml:"width"`
	// Layers is the number of fusion layers.
	Layers int `json:"layers" yaml:"layers"`
	// Heads is the number of heads of the self-attention.
	Heads int `json:"heads" yaml:"heads"`
	// FFN is the hidden width of the feed-forward networks.
	FFN int `json:"ffn" yaml:"ffn"`
	// Scaled multiplies tokens by sqrt(D) before the positions are added, as the
	// published code does.
	Scaled bool `json:"scaled" yaml:"scaled"`
	// Missing stands in the place of a modality that is not there: "learned" is one
	// learned vector for all of its tokens, "learned_points" one for every token, and
	// "zeros" is what the published code has.
	Missing string `json:"missing" yaml:"missing"`
	// States adds a learned vector for each of the states absent, unusable and present.
	States bool `json:"states" yaml:"states"`
	// Pool is what the head reads of each modality: "last" is its last reference point,
	// "now_last_mean" its now token, its last reference point and the mean of all points.
	Pool string `json:"pool" yaml:"pool"`

	// The mixture of experts.

	// Form is the row of the mixture of experts: "token" is one token of every modality,
	// as the paper's text has it; "stay" is all tokens of a stay side by side, as its
	// code has it.
	Form string `json:"form" yaml:"form"`
	// Router is the design of the routers: [Joint], [PerModality] or [Disjoint].
	Router string `json:"router" yaml:"router"`
	// Gate is the score of an expert: [Softmax], [Laplace] or [Gaussian].
	Gate string `json:"gate" yaml:"gate"`
	// Experts is S, the number of experts of a layer; 0 leaves the mixture out.
	Experts int `json:"experts" yaml:"experts"`
	// TopK is how many experts a router keeps for a row.
	TopK int `json:"top_k" yaml:"top_k"`
	// Hidden is the hidden width of an expert.
	Hidden int `json:"hidden" yaml:"hidden"`
	// Expert is how experts are combined: "ffn" is the weighted sum of the paper,
	// "logmixture" the log of a mixture of softmaxes, as the published code has it.
	Expert string `json:"expert" yaml:"expert"`
	// Noise is the factor of the routers' noise in training (Shazeer et al. 2017); 0 is
	// for none.
	Noise float64 `json:"noise" yaml:"noise"`

	// What comes out, and how it is trained.

	// Tasks are the outputs of the network, in their order.
	Tasks []Task `json:"tasks" yaml:"tasks"`
	// Dropout is used in training only.
	Dropout Dropout `json:"dropout" yaml:"dropout"`
	// Balance is the weight of the load-balance loss; 0 leaves it out.
	Balance float64 `json:"balance" yaml:"balance"`
	// BalanceOf is what the experts' balance is taken of: "softmax" is the full softmax
	// of the scores ([Routed.Balance]), "published" importance and load
	// ([Routed.PublishedBalance]).
	BalanceOf string `json:"balance_of" yaml:"balance_of"`
	// EntropyWeight is the weight of the paper's entropy loss, equation 3; 0 leaves it
	// out.
	EntropyWeight float64 `json:"entropy_weight" yaml:"entropy_weight"`

	// Where the weights come from.

	// Trained says that the weights come from training. Without it scores carry the mark
	// and raise no alert.
	Trained bool `json:"trained" yaml:"-"`
	// Window is how far a model looks back whose data is no ICU's, as "7 days". Such a
	// model serves no patients; the window of all others is 48 hours, and this is empty.
	Window string `json:"window,omitempty" yaml:"-"`
	// LeastChannels is how many of the channels must have an observation in the window for the
	// model to answer; with fewer it knows too little of the stay, and gives no probability.
	LeastChannels int `json:"least_channels,omitempty" yaml:"-"`
	// Description is what the training data looked like; nil: that is not known.
	Description *Description `json:"description,omitempty" yaml:"-"`
	// ChannelTable is the version of the channel table that the training data were read by.
	ChannelTable int `json:"channel_table,omitempty" yaml:"-"`
	// Training says in one line what the model was trained on.
	Training string `json:"training,omitempty" yaml:"-"`
	// Licence is that of the training data.
	Licence string `json:"data_licence,omitempty" yaml:"data_licence,omitempty"`
}

// Modality is one of the kinds of data that are fused.
type Modality struct {
	Name string `json:"name" yaml:"name"`
	// Kind is [KindSeries] or [KindItems].
	Kind string `json:"kind" yaml:"kind"`
	// Width is that of an item's vector; with 0 only whether and when an item came is
	// read.
	Width int `json:"width,omitempty" yaml:"width,omitempty"`
	// Buckets, where it is not 0, makes the vector of an item's hashed words by a layer with so
	// many rows, see [WordBag].
	Buckets int `json:"buckets,omitempty" yaml:"buckets,omitempty"`
	// Encoder is id and version of the encoder that must have made the vectors or words, as
	// "vigil-notes/1"; items of another are not read.
	Encoder string `json:"encoder,omitempty" yaml:"encoder,omitempty"`
	// Standardise puts each number of an item's vector on a scale of its own:
	// z = clip((x - centre)/scale, -6, 6), as of a channel.
	Standardise bool `json:"standardise,omitempty" yaml:"standardise,omitempty"`
	// Centre and Scale [width] are fitted to the training stays; empty before.
	Centre []float32 `json:"centre,omitempty" yaml:"-"`
	Scale  []float32 `json:"scale,omitempty" yaml:"-"`
}

// Content is what the network reads of the modality's items.
func (m *Modality) Content() encoders.Content {
	return encoders.Content{Width: m.Width, Buckets: m.Buckets, Encoder: m.Encoder}
}

// The kinds of modalities: numeric channels on a grid of cells, and items with a time and
// a vector each.
const (
	KindSeries = "series"
	KindItems  = "items"
)

// Channel is one numeric channel of the model: z = clip((f(x) - centre)/scale, -6, 6),
// where f is the transform of the channel table. Values outside [low, high] are not read,
// in the channel's own unit before the transform; where both are 0 all values are.
type Channel struct {
	Name     string  `json:"name" yaml:"name"`
	Modality string  `json:"modality" yaml:"modality"`
	Low      float32 `json:"low,omitempty" yaml:"low,omitempty"`
	High     float32 `json:"high,omitempty" yaml:"high,omitempty"`
	Centre   float64 `json:"centre" yaml:"centre"`
	Scale    float64 `json:"scale" yaml:"scale"`
	// Transform is the name of f. A served model's must be that of the channel table; a file
	// of before it was written has none.
	Transform string `json:"transform,omitempty" yaml:"-"`
	// Derived says that values count which Vigil computed from other channels, where nobody
	// sent them; see encoders/record.
	Derived bool `json:"derived,omitempty" yaml:"-"`
}

// Task is one output of the network.
type Task struct {
	Name string `json:"name" yaml:"name"`
	// Kind is [TaskBinary] or [TaskRegression].
	Kind string `json:"kind" yaml:"kind"`
	// Weight is that of the task's loss in the sum of all.
	Weight float64 `json:"weight" yaml:"weight"`
	// Bias is that of the output before training: of a binary task the logit of its base
	// rate.
	Bias float64 `json:"bias" yaml:"bias"`
	// Report is where a score shows the task: [ReportRisk], [ReportPhenotype], or "" for
	// nowhere.
	Report string `json:"report,omitempty" yaml:"report,omitempty"`
	// Calibration of a binary task's logit is fitted on stays held out, by the hours of
	// data; empty leaves the logit.
	Calibration []CalibrationPoint `json:"calibration,omitempty" yaml:"-"`
	// Thresholds are where a policy alerts by this task, chosen on stays held out for a
	// rate of alarms, ascending.
	Thresholds []Threshold `json:"thresholds,omitempty" yaml:"-"`
}

// CalibrationPoint makes of a logit scale*logit + shift (Platt 1999) where there are so
// many hours of data. Between two points scale and shift go in a straight line; beyond
// the ends they are those of the end.
type CalibrationPoint struct {
	Hours float64 `json:"hours"`
	Scale float64 `json:"scale"`
	Shift float64 `json:"shift"`
}

// Threshold is a level of a policy, and how it was chosen.
type Threshold struct {
	Severity string  `json:"severity"`
	At       float64 `json:"at"`
	Clear    float64 `json:"clear"`
	// Wanted is the rate of alarms in a patient-day that was asked for, Found the one that
	// came of it on the stays that it was chosen on.
	Wanted float64 `json:"alarms_per_patient_day_wanted"`
	Found  float64 `json:"alarms_per_patient_day"`
}

// calibrated is a logit after the task's calibration.
func (t *Task) calibrated(logit, hours float32) float32 {
	points := t.Calibration
	if len(points) == 0 {
		return logit
	}
	i := 0
	for i < len(points) && points[i].Hours <= float64(hours) {
		i++
	}
	p := points[max(i-1, 0)]
	if i > 0 && i < len(points) {
		next := &points[i]
		share := (float64(hours) - p.Hours) / (next.Hours - p.Hours)
		p.Scale += float64(share * (next.Scale - p.Scale))
		p.Shift += float64(share * (next.Shift - p.Shift))
	}
	return float32(float64(p.Scale*float64(logit)) + p.Shift)
}

// Probability is the calibrated probability of a binary task from its logit and the hours
// of data that it was made of.
func (t *Task) Probability(logit, hours float32) float32 {
	return nn.Sigmoid(t.calibrated(logit, hours))
}

// These are the words that stand in a config; [Config] says what each means.
const (
	TaskBinary       = "binary"
	TaskRegression   = "regression"
	ReportRisk       = "risk"
	ReportPhenotype  = "phenotype"
	ReferenceEnds    = "ends"
	Published        = "published"
	RegularLast      = "last_observation"
	NoBranch         = "none"
	ValuesID         = "id"
	ValuesHinges     = "hinges"
	MissingLearned   = "learned"
	MissingPoints    = "learned_points"
	MissingZeros     = "zeros"
	PoolLast         = "last"
	PoolNowLastMean  = "now_last_mean"
	FormToken        = "token"
	FormStay         = "stay"
	ExpertFFN        = "ffn"
	ExpertLogMixture = "logmixture"
	BalanceSoftmax   = "softmax"
)

// Tokens is the number of tokens of a modality: its reference points and, if there is
// one, the now token, which stands behind them.
func (c *Config) Tokens() int {
	if c.Now > 0 {
		return c.Points + 1
	}
	return c.Points
}

// Members are the channels of a modality, as places in Channels.
func (c *Config) Members(modality string) (members []int) {
	for i, ch := range c.Channels {
		if ch.Modality == modality {
			members = append(members, i)
		}
	}
	return members
}

// names are those of the modalities, in their order.
func (c *Config) names() (names []string) {
	for _, m := range c.Modalities {
		names = append(names, m.Name)
	}
	return names
}

// Dropout has the rate of dropout for every place that has any, from 0 to below 1.
type Dropout struct {
	// Input is of the two branches' inputs, with one mask over all points of a stay.
	Input float64 `json:"input,omitempty" yaml:"input,omitempty"`
	// Gate is of the UTDE gate's input.
	Gate float64 `json:"gate,omitempty" yaml:"gate,omitempty"`
	// Token is of the tokens behind the positions, with one mask over all tokens of a
	// stay.
	Token float64 `json:"token,omitempty" yaml:"token,omitempty"`
	// Attention is of the weights of the self-attention.
	Attention float64 `json:"attention,omitempty" yaml:"attention,omitempty"`
	// Residual is of what a layer adds to the residual stream, with one mask over all
	// tokens.
	Residual float64 `json:"residual,omitempty" yaml:"residual,omitempty"`
	// Hidden is of the feed-forward networks' hidden units.
	Hidden float64 `json:"hidden,omitempty" yaml:"hidden,omitempty"`
	// Expert is of the experts' hidden units.
	Expert float64 `json:"expert,omitempty" yaml:"expert,omitempty"`
	// NowInput is of the statistics that the now tokens are made of, NowHidden of the
	// hidden units behind them.
	NowInput  float64 `json:"now_input,omitempty" yaml:"now_input,omitempty"`
	NowHidden float64 `json:"now_hidden,omitempty" yaml:"now_hidden,omitempty"`
	// SkipInput is of the statistics that the skip reads, SkipHidden of its hidden units.
	SkipInput  float64 `json:"skip_input,omitempty" yaml:"skip_input,omitempty"`
	SkipHidden float64 `json:"skip_hidden,omitempty" yaml:"skip_hidden,omitempty"`
	// HeadInput is of the joined vectors before the head, HeadHidden of the head's hidden
	// units.
	HeadInput  float64 `json:"head_input,omitempty" yaml:"head_input,omitempty"`
	HeadHidden float64 `json:"head_hidden,omitempty" yaml:"head_hidden,omitempty"`
}

// rates are all rates by the names that they have in a config.
func (d *Dropout) rates() map[string]float64 {
	return map[string]float64{
		"input":       d.Input,
		"gate":        d.Gate,
		"token":       d.Token,
		"attention":   d.Attention,
		"residual":    d.Residual,
		"hidden":      d.Hidden,
		"expert":      d.Expert,
		"now_input":   d.NowInput,
		"now_hidden":  d.NowHidden,
		"skip_input":  d.SkipInput,
		"skip_hidden": d.SkipHidden,
		"head_input":  d.HeadInput,
		"head_hidden": d.HeadHidden,
	}
}
