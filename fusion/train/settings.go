package train

import (
	"errors"
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Settings are how long and how fast the loop learns.
type Settings struct {
	Epochs   int     `yaml:"epochs" json:"epochs"`
	Batch    int     `yaml:"batch" json:"batch"`       // examples a step
	Shards   int     `yaml:"shards" json:"shards"`     // parts of a batch, one tape each; the bits depend on it, not on the cores
	Rate     float64 `yaml:"rate" json:"rate"`         // highest learning rate
	Warmup   int     `yaml:"warmup" json:"warmup"`     // steps
	Floor    float64 `yaml:"floor" json:"floor"`       // the cosine ends at floor * rate; 1: no cosine
	Decay    float64 `yaml:"decay" json:"decay"`       // weight decay, decoupled
	Beta1    float64 `yaml:"beta1" json:"beta1"`       // of AdamW
	Beta2    float64 `yaml:"beta2" json:"beta2"`       //
	Clip     float64 `yaml:"clip" json:"clip"`         // longest gradient; 0: not clipped
	Average  float64 `yaml:"average" json:"average"`   // factor of the running average of the weights, which is the model; 0: the last weights are
	Patience int     `yaml:"patience" json:"patience"` // epochs without a better validation AUPRC before it stops, keeping the best; 0: the last epoch is the model
}

// Default settings are those of the recipe for PhysioNet 2012.
func Default() Settings {
	return Settings{
		Epochs: 10, Batch: 64, Shards: 2, Rate: 2e-3, Warmup: 100, Floor: 0.02, Decay: 0.02, Beta1: 0.9, Beta2: 0.999, Clip: 1, Average: 0.99,
	}
}

// Check refuses settings that cannot be meant.
func (s *Settings) Check() error {
	share := func(name string, v float64) error {
		if !(v >= 0 && v < 1) {
			return fmt.Errorf("%s is %v, want 0 up to but not 1", name, v)
		}
		return nil
	}
	least := func(name string, v, low int) error {
		if v < low {
			return fmt.Errorf("%s is %d, want at least %d", name, v, low)
		}
		return nil
	}
	errs := []error{
		least("epochs", s.Epochs, 1), least("batch", s.Batch, 1), least("shards", s.Shards, 1), least("warmup", s.Warmup, 0),
		least("patience", s.Patience, 0), share("beta1", s.Beta1), share("beta2", s.Beta2), share("average", s.Average), share("decay", s.Decay),
	}
	if !(s.Rate > 0 && s.Rate < 10) {
		errs = append(errs, fmt.Errorf("rate is %v, want above 0; 0.002 is usual", s.Rate))
	}
	if !(s.Floor >= 0 && s.Floor <= 1) {
		errs = append(errs, fmt.Errorf("floor is %v, want 0 to 1", s.Floor))
	}
	if !(s.Clip >= 0) {
		errs = append(errs, fmt.Errorf("clip is %v, want 0 or more", s.Clip))
	}
	if s.Shards > s.Batch {
		errs = append(errs, fmt.Errorf("shards are %d, want at most batch, %d", s.Shards, s.Batch))
	}
	return errors.Join(errs...)
}

// steps of an epoch: the last batch may be short.
func (s *Settings) steps(examples int) int { return (examples + s.Batch - 1) / s.Batch }

func (s *Settings) schedule(examples int) nn.Schedule {
	return nn.Schedule{Rate: s.Rate, Warmup: s.Warmup, Steps: s.Epochs * s.steps(examples), Floor: s.Floor}
}
