package fusion

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
