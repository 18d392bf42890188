package train

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/score"
)

// Subset is how good a model is at its first task when it is given some of its modalities and the
// others are withheld, as if nobody had sent them.
type Subset struct {
	Modalities []string `json:"modalities"`
	AUROC      Quality  `json:"auroc"`
	// Less is how much the AUROC of all modalities is above it, on the same stays.
	Less Quality `json:"less_than_all"`
	// Ideal and IdealLess are those of somebody who knows all that the modalities can tell. Only of
	// invented stays that is known; else they are nil.
	Ideal     *float64 `json:"ideal_auroc,omitempty"`
	IdealLess *float64 `json:"ideal_less_than_all,omitempty"`
}

// ExpertLoad is in which shares the routers choose their experts for stays of which the same modalities
// are there.
type ExpertLoad struct {
	Present []string `json:"present"`
	Stays   int      `json:"stays"`
	// Experts is, by router, the share of each of its experts. A router belongs to a modality where
	// the model has one for each.
	Experts [][]float64 `json:"experts"`
}

// Subsets judges a model on the recipe's test part with every set of its modalities, all of them
// first and then from large to small, and says how its experts are loaded: for all stays, and then by
// what is there, the most frequent first.
func (r *Recipe) Subsets(ctx context.Context, paths Paths, file string, threads int, seed uint64) (list []Subset, loads []ExpertLoad, test Part, err error) {
	p := &Plan{Recipe: r}
	set, _, _, err := p.read(ctx, paths)
	if err != nil {
		return nil, nil, Part{}, err
	}
	p.Stays = &Stays{Set: set}
	test = p.part("test", p.Test)
	network, err := p.network(file, test)
	if err != nil {
		return nil, nil, Part{}, fmt.Errorf("model file %s: %w", file, err)
	}
	channels, _, err := vitalsOf(&network.Config)
	if err != nil {
		return nil, nil, Part{}, err
	}
	stays := &Stays{Network: network, Set: set, Channels: channels, Threads: threads}
	if list, err = stays.subsets(ctx, p.Test, seed); err != nil {
		return nil, nil, Part{}, err
	}
	loads, err = stays.loads(p.Test)
	return list, loads, test, err
}

// subsets judges every set of modalities.
func (p *Stays) subsets(ctx context.Context, examples []int, seed uint64) (list []Subset, err error) {
	modalities := p.Network.Config.Modalities
	var sets []int
	for mask := 1; mask < 1<<len(modalities); mask++ {
		sets = append(sets, mask)
	}
	slices.SortStableFunc(sets, func(a, b int) int { return bits.OnesCount(uint(b)) - bits.OnesCount(uint(a)) })
	draws := score.Bootstrap{Draws: resamples, Seed: seed}
	var all []float64
	var allIdeal float64
	for _, mask := range sets {
		logits, err := p.logits(ctx, p.Params(), examples, p.withhold(mask))
		if err != nil {
			return nil, err
		}
		predicted, outcome, patient := p.Set.known(p.served(logits, examples), examples, 0)
		if all == nil {
			all = predicted
		}
		one := Subset{Modalities: namesOf(modalities, mask)}
		of := func(i score.Interval) Quality { return Quality{i.Value, i.Low, i.High} }
		one.AUROC = of(draws.Interval(score.AUROC, predicted, outcome, patient))
		one.Less = of(draws.Difference(score.AUROC, all, predicted, outcome, patient))
		if p.Set.ideal != nil {
			best := make([]float64, 0, len(examples))
			for _, i := range examples {
				best = append(best, p.Set.ideal(p.Set.Examples[i].Stay, one.Modalities))
			}
			ideal := score.AUROC(best, outcome)
			if len(list) == 0 {
				allIdeal = ideal
			}
			less := allIdeal - ideal
			one.Ideal, one.IdealLess = &ideal, &less
		}
		list = append(list, one)
	}
	return list, nil
}

// namesOf are the names of the modalities in a set.
func namesOf(modalities []fusion.Modality, mask int) (names []string) {
	for i := range modalities {
		if mask&(1<<i) != 0 {
			names = append(names, modalities[i].Name)
		}
	}
	return names
}

// withhold takes from an input what is not in a set of modalities.
func (p *Stays) withhold(mask int) func(*encoders.Input) {
	return func(in *encoders.Input) {
		for i := range p.Network.Fronts {
			f := &p.Network.Fronts[i]
			switch {
			case mask&(1<<i) != 0:
			case f.Series < 0:
				in.Items[f.Item].Clear()
			default:
				for _, channel := range f.Members {
					for cell := range in.Series.Cells {
						in.Series.Drop(channel, cell)
					}
				}
			}
		}
	}
}

// loads are those of the experts for all examples, and by what is there of them.
func (p *Stays) loads(examples []int) ([]ExpertLoad, error) {
	c := &p.Network.Config
	if c.Experts == 0 {
		return nil, nil
	}
	by := map[int][]int{}
	in := p.Network.Shape().New()
	for _, i := range examples {
		p.Set.Fill(in, i, p.Channels, nil)
		mask := 0
		for k, there := range p.Network.Present(in) {
			if there {
				mask |= 1 << k
			}
		}
		by[mask] = append(by[mask], i)
	}
	patterns := make([]int, 0, len(by))
	for mask := range by {
		patterns = append(patterns, mask)
	}
	slices.SortFunc(patterns, func(a, b int) int {
		if d := len(by[b]) - len(by[a]); d != 0 {
			return d
		}
		return b - a
	})
	one := func(part []int, present []string) (ExpertLoad, error) {
		next := 0
		shares, err := p.Network.Loads(func() (*encoders.Input, error) {
			if next == len(part) {
				return nil, nil
			}
			p.Set.Fill(in, part[next], p.Channels, nil)
			next++
			return in, nil
		})
		return ExpertLoad{Present: present, Stays: len(part), Experts: byRouter(c, shares)}, err
	}
	whole, err := one(examples, nil)
	if err != nil {
		return nil, err
	}
	list := []ExpertLoad{whole}
	for _, mask := range patterns {
		l, err := one(by[mask], namesOf(c.Modalities, mask))
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

// byRouter cuts the shares of all experts into those of each router, which add up to 1.
func byRouter(c *fusion.Config, shares []float64) (list [][]float64) {
	routers := len(c.Modalities)
	if c.Router == fusion.Joint {
		routers = 1
	}
	each := len(shares) / routers
	for i := range routers {
		part, sum := slices.Clone(shares[i*each:(i+1)*each]), 0.0
		for _, v := range part {
			sum += v
		}
		for k := range part {
			part[k] /= max(sum, 1e-12)
		}
		list = append(list, part)
	}
	return list
}
