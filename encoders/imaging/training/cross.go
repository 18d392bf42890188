package training

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/encoders/imaging"
)

// attribution goes with the weights wherever they go.
const attribution = "Fitted to PneumoniaMNIST of MedMNIST v2 (Yang J, Shi R, Wei D, Liu Z, Zhao L, Ke B, Pfister H, Ni B. Scientific Data 2023;10:41), CC BY 4.0, which is made of the films of Kermany DS et al., Cell 2018;172(5):1122-1131."

// Default settings were chosen by what networks fitted to the train part said of the val part.
var Default = Settings{Epochs: 7, Batch: 64, Rate: 3e-3, Decay: 0.05, Drop: 0.2, Smooth: 0.03, Seed: 1}

// Judged is what a network that has not seen a film says of it.
type Judged struct {
	Logit     float64
	Pneumonia bool
	Fold      int
}

// Cross fits a network for each fold, to the films of the others, and lets it judge its own; all
// together are the classifier. A film that is there twice counts once, the later ones are left out;
// judged has the place of each example, and Fold -1 where it was. So many folds are fitted at a time;
// told is called after each epoch of each, and may end all.
func Cross(examples []Example, folds, atATime int, s Settings, told func(fold, epoch int, loss float64) error) (*imaging.Classifier, []Judged, error) {
	if folds < 2 || len(examples) < 2*folds {
		return nil, nil, fmt.Errorf("%d films in %d folds, want at least 2 folds and 2 films in each", len(examples), folds)
	}
	judged := make([]Judged, len(examples))
	var kept []int
	var seen imaging.Fingerprints
	first := map[uint32]bool{}
	var dealt [2]int // films of each answer, which are dealt to the folds in turn
	for i, x := range examples {
		mark := imaging.Fingerprint(x.Shades)
		judged[i] = Judged{Pneumonia: x.Pneumonia, Fold: -1}
		if !first[mark] {
			first[mark] = true
			k := outcome(judged[i])
			judged[i].Fold = dealt[k] % folds
			dealt[k]++
			kept, seen = append(kept, i), append(seen, mark)
		}
	}
	slices.Sort(seen)
	networks := make([]*imaging.Network[float32], folds)
	var g errgroup.Group
	var telling sync.Mutex
	g.SetLimit(max(atATime, 1))
	for fold := range folds {
		g.Go(func() error {
			var in []Example
			var out []int
			for _, i := range kept {
				if judged[i].Fold == fold {
					out = append(out, i)
				} else {
					in = append(in, examples[i])
				}
			}
			own := s
			own.Seed += uint64(fold)
			n, err := Fit(in, own, func(epoch int, _ *imaging.Network[float32], loss float64) error {
				telling.Lock()
				defer telling.Unlock()
				return told(fold, epoch, loss)
			})
			if err != nil {
				return err
			}
			networks[fold] = n
			alone, err := imaging.NewClassifier(networks[fold:fold+1], nil, 0, 1, "")
			if err != nil {
				return err
			}
			for _, i := range out {
				judged[i].Logit = alone.Read(examples[i].Shades).Logit
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	intercept, slope := even(judged)
	if !(slope > 0) {
		return nil, nil, errors.New("what the networks say of films that they have not seen has nothing to do with the truth")
	}
	c, err := imaging.NewClassifier(networks, seen, intercept, slope, attribution)
	return c, judged, err
}

// even fits the probability of pneumonia by the logit, by Newton's method, both outcomes weighing the
// same. A little of each outcome is given to the other, so that there is a fit however well they are
// parted.
func even(judged []Judged) (intercept, slope float64) {
	var count [2]float64
	for _, j := range judged {
		if j.Fold >= 0 {
			count[outcome(j)]++
		}
	}
	slope = 1
	for range 50 {
		var g0, g1, h00, h01, h11 float64
		for _, j := range judged {
			if j.Fold < 0 {
				continue
			}
			w := 1 / count[outcome(j)]
			y := 0.002 + float64(0.996*float64(outcome(j)))
			p := 1 / (1 + math.Exp(-intercept-float64(slope*j.Logit)))
			d, v := float64(w*(y-p)), float64(w*p*(1-p))
			g0, g1 = g0+d, g1+float64(d*j.Logit)
			h00, h01, h11 = h00+v, h01+float64(v*j.Logit), h11+float64(v*j.Logit*j.Logit)
		}
		det := float64(h00*h11) - float64(h01*h01)
		if !(det > 0) {
			return 0, 0
		}
		a, b := (float64(h11*g0)-float64(h01*g1))/det, (float64(h00*g1)-float64(h01*g0))/det
		intercept, slope = intercept+a, slope+b
		if math.Abs(a)+math.Abs(b) < 1e-9 {
			break
		}
	}
	return intercept, slope
}

func outcome(j Judged) int {
	if j.Pneumonia {
		return 1
	}
	return 0
}
