package classifier

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/vigil-icu/vigil/encoders/boost"
	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/schemas"
)

// Version is that of the form of the weights.
const Version = 1

// Classifier is a set of weights. It may be used by many goroutines.
type Classifier struct {
	Version     int      `json:"version"`
	Attribution string   `json:"attribution"`
	Records     []string `json:"records"` // that it was fitted to
	// Ventricular and Supraventricular are of a beat, Fibrillation is of a strip.
	Ventricular      *boost.Ensemble `json:"ventricular"`
	Supraventricular *boost.Ensemble `json:"supraventricular"`
	Fibrillation     *boost.Ensemble `json:"fibrillation"`
}

// Findings are the probabilities of what a strip shows.
type Findings struct {
	// Told is false where no beats could be told, and all else is 0.
	Told bool
	// Ventricular and Supraventricular are those of the beat that most looks it.
	Ventricular, Supraventricular float64
	Fibrillation                  float64
}

//go:embed weights.json
var weights []byte

// Shipped is the classifier in the program.
var Shipped = sync.OnceValue(func() *Classifier {
	c, err := Parse(weights)
	if err != nil {
		panic("classifier: the weights in the program: " + err.Error()) // a test reads them
	}
	return c
})

// Parse reads weights and checks that they are for the features of this program.
func Parse(b []byte) (*Classifier, error) {
	c := &Classifier{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("no weights of an ECG classifier: %w", err)
	}
	if c.Version != Version {
		return nil, fmt.Errorf("weights of version %d, want %d: fit them again by `vigil encoders train ecg`", c.Version, Version)
	}
	for _, part := range []struct {
		name     string
		ensemble *boost.Ensemble
		features []string
	}{
		{"ventricular", c.Ventricular, ecg.BeatFeatures},
		{"supraventricular", c.Supraventricular, ecg.BeatFeatures},
		{"fibrillation", c.Fibrillation, ecg.StripFeatures},
	} {
		if part.ensemble == nil {
			return nil, fmt.Errorf("no weights for %q", part.name)
		}
		if !slices.Equal(part.ensemble.Features, part.features) {
			return nil, fmt.Errorf("the weights for %q are for the features %v, want %v: fit them again by `vigil encoders train ecg`", part.name, part.ensemble.Features, part.features)
		}
		if err := part.ensemble.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return c, nil
}

// Read says what the strip of these features shows.
func (c *Classifier) Read(f *ecg.Features) Findings {
	if len(f.Strip) == 0 || len(f.Leads) == 0 {
		return Findings{}
	}
	return Findings{
		Told:             true,
		Ventricular:      likeliest(c.Ventricular, f),
		Supraventricular: likeliest(c.Supraventricular, f),
		Fibrillation:     boost.Probability(c.Fibrillation.Logit(f.Strip)),
	}
}

// likeliest is the probability of the beat that most looks it, in the mean over the leads.
func likeliest(e *boost.Ensemble, f *ecg.Features) float64 {
	best := float32(0)
	for k := range f.Beats {
		var sum float32
		for _, lead := range f.Leads {
			sum += e.Logit(lead[k])
		}
		if sum /= float32(len(f.Leads)); k == 0 || sum > best {
			best = sum
		}
	}
	return boost.Probability(best)
}

// Reader reads strips with buffers of its own. It is for one goroutine at a time.
type Reader struct {
	classifier *Classifier
	featurer   ecg.Featurer
}

// NewReader returns a reader with the weights of c.
func NewReader(c *Classifier) *Reader { return &Reader{classifier: c} }

// Read says what a strip shows.
func (r *Reader) Read(s *schemas.Strip) Findings { return r.classifier.Read(r.featurer.Read(s)) }
