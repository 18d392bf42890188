package fusion

// Config says what a network is: it is the metadata of a model file as JSON, and part of
// a training recipe as YAML. The shapes of all tensors follow from it.
type Config struct {
	Format int    `json:"format" yaml:"format"` // 2
	Name   string `json:"name" yaml:"name"`

	// What goes in.
	Modalities []Modality `json:"modalities" yaml:"modalities"`
	Channels   []Channel  `json:"channels" yaml:"channels"`
	Statics    []string   `json:"statics,omitempty" yaml:"statics,omitempty"` // see vitals.StaticNames

	// Time.
	Points    int    `json:"points" yaml:"points"`       // reference points of the window
	Cells     int    `json:"cells" yaml:"cells"`         // of a channel: Points, or a multiple of it
	Reference string `json:"reference" yaml:"reference"` // where the points lie: ends (of the hours) or published (j/(T-1))
	TimeWidth int    `json:"time_width" yaml:"time_width"`
	TimeHeads int    `json:"time_heads" yaml:"time_heads"`
	SoftCap   bool   `json:"soft_cap" yaml:"soft_cap"` // scores go through 8 tanh(s/8)

	// What a series modality makes of its channels.
	Values    string `json:"values" yaml:"values"`       // id: z; hinges: z, relu(z-1), relu(-z-1)
	Intensity bool   `json:"intensity" yaml:"intensity"` // log(1+Z)
	Seen      bool   `json:"seen" yaml:"seen"`           // the indicator of the published code
	Regular   string `json:"regular" yaml:"regular"`     // published, last_observation, or none: time attention alone
	UTDE      string `json:"utde,omitempty" yaml:"utde,omitempty"`
	Now       int    `json:"now" yaml:"now"`   // hidden width of the now tokens; 0: there are none
	Skip      int    `json:"skip" yaml:"skip"` // width of the skip; 0: there is none

	// The fusion stack.
	Width   int    `json:"width" yaml:"width"`
	Layers  int    `json:"layers" yaml:"layers"`
	Heads   int    `json:"heads" yaml:"heads"`
	FFN     int    `json:"ffn" yaml:"ffn"`
	Scaled  bool   `json:"scaled" yaml:"scaled"`   // tokens times sqrt(width) before the positions are added
	Missing string `json:"missing" yaml:"missing"` // learned, learned_points (one for every token), or zeros
	States  bool   `json:"states" yaml:"states"`   // a learned vector for absent, unusable and present
	Pool    string `json:"pool" yaml:"pool"`       // last, or now_last_mean

	// The mixture of experts. Experts 0: there is none.
	Form    string  `json:"form" yaml:"form"` // token or stay
	Router  string  `json:"router" yaml:"router"`
	Gate    string  `json:"gate" yaml:"gate"`
	Experts int     `json:"experts" yaml:"experts"`
	TopK    int     `json:"top_k" yaml:"top_k"`
	Hidden  int     `json:"hidden" yaml:"hidden"`
	Expert  string  `json:"expert" yaml:"expert"` // ffn or logmixture
	Noise   float64 `json:"noise" yaml:"noise"`   // of the router, in training

	// What comes out, and how it is trained.
	Tasks         []Task  `json:"tasks" yaml:"tasks"`
	Dropout       Dropout `json:"dropout" yaml:"dropout"`
	Balance       float64 `json:"balance" yaml:"balance"`               // weight of the load-balance loss
	BalanceOf     string  `json:"balance_of" yaml:"balance_of"`         // softmax (of all scores), or published (importance and load)
	EntropyWeight float64 `json:"entropy_weight" yaml:"entropy_weight"` // of the paper's entropy loss

	// Where the weights come from.
	Trained  bool   `json:"trained" yaml:"-"`
	Window   string `json:"window,omitempty" yaml:"-"`   // of data that is no ICU's, as "7 days"; such a model serves no patients
	Training string `json:"training,omitempty" yaml:"-"` // what it was trained on, in one line
	Licence  string `json:"data_licence,omitempty" yaml:"data_licence,omitempty"`
}

// Modality is one of the kinds of data that are fused, in the order of the joined
// vectors.
type Modality struct {
	Name  string `json:"name" yaml:"name"`
	Kind  string `json:"kind" yaml:"kind"`                       // series or items
	Width int    `json:"width,omitempty" yaml:"width,omitempty"` // of an item's vector; 0: only that and when one came
}

// The kinds of modalities.
const (
	KindSeries = "series"
	KindItems  = "items"
)

// Channel is one numeric channel of the model: z = clip((f(x) - centre) / scale, -6, 6),
// where f is the channel table's transform. Values outside [low, high] are not read;
// both 0: everything is.
type Channel struct {
	Name     string  `json:"name" yaml:"name"`
	Modality string  `json:"modality" yaml:"modality"`
	Low      float32 `json:"low,omitempty" yaml:"low,omitempty"`
	High     float32 `json:"high,omitempty" yaml:"high,omitempty"`
	Centre   float64 `json:"centre" yaml:"centre"`
	Scale    float64 `json:"scale" yaml:"scale"`
}

// Task is one output of the network.
type Task struct {
	Name   string  `json:"name" yaml:"name"`
	Kind   string  `json:"kind" yaml:"kind"` // binary or regression
	Weight float64 `json:"weight" yaml:"weight"`
	Bias   float64 `json:"bias" yaml:"bias"`                         // of the output before training: the logit of the base rate
	Report string  `json:"report,omitempty" yaml:"report,omitempty"` // where a score shows it: risk, phenotype, or nowhere
	// Calibration of a binary task's logit, fitted on stays held out; nil: none.
	Calibration *Calibration `json:"calibration,omitempty" yaml:"-"`
}

// Calibration makes of a logit scale*logit + shift (Platt).
type Calibration struct {
	Scale float64 `json:"scale"`
	Shift float64 `json:"shift"`
}

// The words of a config.
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

// Tokens is the number of tokens of a modality: the reference points and the now token.
func (c *Config) Tokens() int {
	if c.Now > 0 {
		return c.Points + 1
	}
	return c.Points
}

// Members are the channels of a modality.
func (c *Config) Members(modality string) (members []int) {
	for i, ch := range c.Channels {
		if ch.Modality == modality {
			members = append(members, i)
		}
	}
	return members
}

func (c *Config) names() (names []string) {
	for _, m := range c.Modalities {
		names = append(names, m.Name)
	}
	return names
}

// Dropout are the rates of dropout by place.
type Dropout struct {
	Input      float64 `json:"input,omitempty" yaml:"input,omitempty"`         // of the two branches' inputs, one mask over time
	Gate       float64 `json:"gate,omitempty" yaml:"gate,omitempty"`           // of the UTDE gate's input
	Token      float64 `json:"token,omitempty" yaml:"token,omitempty"`         // behind the positions, one mask over time
	Attention  float64 `json:"attention,omitempty" yaml:"attention,omitempty"` // of attention weights
	Residual   float64 `json:"residual,omitempty" yaml:"residual,omitempty"`   // of what is added to the residual stream, one mask over time
	Hidden     float64 `json:"hidden,omitempty" yaml:"hidden,omitempty"`       // of the feed-forward networks' hidden units
	Expert     float64 `json:"expert,omitempty" yaml:"expert,omitempty"`       // of the experts' hidden units
	NowInput   float64 `json:"now_input,omitempty" yaml:"now_input,omitempty"` // of the statistics before the now tokens
	NowHidden  float64 `json:"now_hidden,omitempty" yaml:"now_hidden,omitempty"`
	SkipInput  float64 `json:"skip_input,omitempty" yaml:"skip_input,omitempty"`
	SkipHidden float64 `json:"skip_hidden,omitempty" yaml:"skip_hidden,omitempty"`
	HeadInput  float64 `json:"head_input,omitempty" yaml:"head_input,omitempty"`
	HeadHidden float64 `json:"head_hidden,omitempty" yaml:"head_hidden,omitempty"`
}

// rates by their names.
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
