package fusion

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// config is the model file's metadata under the key "vigil": the sizes that the
// tensors' shapes follow, what the channels are, and where the weights come from.
type config struct {
	Format   int       `json:"format"` // 1
	Name     string    `json:"name"`
	Trained  bool      `json:"trained"`
	Form     string    `json:"form"` // token
	Gate     string    `json:"gate"` // laplace
	Width    int       `json:"width"`
	Layers   int       `json:"layers"`
	Heads    int       `json:"heads"`      // of self-attention
	TimeDim  int       `json:"time_dim"`   // of the time embedding
	TimeHead int       `json:"time_heads"` // of the time attention
	Experts  int       `json:"experts"`
	TopK     int       `json:"top_k"`
	Hidden   int       `json:"hidden"` // of an expert
	Channels []channel `json:"channels"`
	Licence  string    `json:"data_licence"`
	Training string    `json:"training"` // what it was trained on, in one line
}

// channel is one numeric channel of the model: z = clip((f(x) - centre) / scale,
// -6, 6), where f is the identity, log or log1p.
type channel struct {
	Name      string  `json:"name"`
	Transform string  `json:"transform"`
	Centre    float64 `json:"centre"`
	Scale     float64 `json:"scale"`
}

const (
	bins       = encoders.Bins
	modalities = int(encoders.NumModalities)
	statics    = 8                           // features of the stay
	tasks      = 3 + len(schemas.Phenotypes) // mortality, decompensation, log hours, phenotypes
)

// limits of a config, generous for any model of this form and small enough that
// a hostile file cannot make us allocate much.
func (c *config) check() error {
	within := func(name string, v, low, high int) error {
		if v < low || v > high {
			return fmt.Errorf("%s is %d, want %d to %d", name, v, low, high)
		}
		return nil
	}
	for _, err := range []error{
		within("format", c.Format, 1, 1), within("width", c.Width, 4, 256), within("layers", c.Layers, 1, 8),
		within("heads", c.Heads, 1, 16), within("time_dim", c.TimeDim, 2, 256), within("time_heads", c.TimeHead, 1, 16),
		within("experts", c.Experts, 1, 64), within("top_k", c.TopK, 1, c.Experts), within("hidden", c.Hidden, 1, 1024),
		within("number of channels", len(c.Channels), 1, 512),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case c.Form != "token":
		return fmt.Errorf("form is %q, this build serves token", c.Form)
	case c.Gate != "laplace":
		return fmt.Errorf("gate is %q, this build serves laplace", c.Gate)
	case c.Width%c.Heads != 0 || c.TimeDim%c.TimeHead != 0:
		return fmt.Errorf("heads %d do not divide width %d, or time_heads %d time_dim %d", c.Heads, c.Width, c.TimeHead, c.TimeDim)
	}
	for i, ch := range c.Channels {
		if _, ok := schemas.ChannelByName(ch.Name); !ok {
			return fmt.Errorf("channels[%d]: %q is not in the channel table", i, ch.Name)
		}
		if ch.Transform != "id" && ch.Transform != "log" && ch.Transform != "log1p" {
			return fmt.Errorf("channels[%d]: transform %q, want id, log or log1p", i, ch.Transform)
		}
		if !(ch.Scale > 0) || math.IsInf(ch.Scale, 0) || math.IsNaN(ch.Centre) || math.IsInf(ch.Centre, 0) {
			return fmt.Errorf("channels[%d]: centre %v, scale %v, want finite and scale above 0", i, ch.Centre, ch.Scale)
		}
	}
	return nil
}

func (c *config) joined() int { return modalities * c.Width }

// shapes lists every tensor of the form in the order of the file.
func (c *config) shapes() []tensorShape {
	d, j, e, channels := c.Width, c.joined(), c.TimeDim, len(c.Channels)
	list := []tensorShape{
		{"time.w", []int{e}}, {"time.b", []int{e}},
		{"attention.query.w", []int{e, e}}, {"attention.query.b", []int{e}},
		{"attention.key.w", []int{e, e}}, {"attention.key.b", []int{e}},
		{"attention.out.w", []int{d, c.TimeHead * channels}}, {"attention.out.b", []int{d}},
		{"carried.w", []int{d, channels}}, {"carried.b", []int{d}},
		{"gate.w", []int{d, 2 * d}}, {"gate.b", []int{d}},
		{"statics.w", []int{d, statics}}, {"statics.b", []int{d}},
		{"item.w", []int{modalities, d, 3}}, {"item.b", []int{modalities, d}},
		{"missing", []int{modalities, d}}, {"presence", []int{modalities, d}},
	}
	for l := range c.Layers {
		p := fmt.Sprintf("layer%d.", l)
		list = append(list,
			tensorShape{p + "norm1.gain", []int{d}}, tensorShape{p + "norm1.bias", []int{d}},
			tensorShape{p + "self.qkv.w", []int{3 * d, d}}, tensorShape{p + "self.qkv.b", []int{3 * d}},
			tensorShape{p + "self.out.w", []int{d, d}}, tensorShape{p + "self.out.b", []int{d}},
			tensorShape{p + "norm2.gain", []int{j}}, tensorShape{p + "norm2.bias", []int{j}},
			tensorShape{p + "router.centres", []int{c.Experts, j}},
			tensorShape{p + "experts.w1", []int{c.Experts, c.Hidden, j}}, tensorShape{p + "experts.b1", []int{c.Experts, c.Hidden}},
			tensorShape{p + "experts.w2", []int{c.Experts, j, c.Hidden}}, tensorShape{p + "experts.b2", []int{c.Experts, j}})
	}
	return append(list, tensorShape{"head.norm.gain", []int{j}}, tensorShape{"head.norm.bias", []int{j}},
		tensorShape{"head.w", []int{tasks, j}}, tensorShape{"head.b", []int{tasks}})
}

func parseConfig(text string) (*config, error) {
	c := new(config)
	if err := json.Unmarshal([]byte(text), c); err != nil {
		return nil, fmt.Errorf("metadata \"vigil\": %w", err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("metadata \"vigil\": %w", err)
	}
	return c, nil
}
