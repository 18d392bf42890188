package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion"
)

// intervalLevel is the share of stays that an interval is to hold.
const intervalLevel = 0.9

// riskBands are the upper ends of the bands by which intervals are fitted: a small risk moves more
// on the scale of logits than a large one.
var riskBands = []float32{0.05, 0.2, 1}

// leastOfBand is how many stays a band must have of its own; one with fewer takes those of all.
const leastOfBand = 200

// Described is a trained model with its description, to be written.
type Described struct {
	Network *fusion.Network[float32]
	Record  json.RawMessage
	// Aside is how many set-aside examples were looked at, and Unlike how many of them get no number
	// since they are unlike the training stays.
	Aside, Unlike int
}

// Describe makes the description of a trained model, from the stays that it was trained on and what
// the models of the recipe's folds say of them; the weights stay as they are. The same files give
// the same bytes. The set-aside stays tell how often the intervals hold; nothing is chosen on them.
func (r *Recipe) Describe(ctx context.Context, paths Paths, file string) (*Described, error) {
	if len(r.Rolling.Hours) == 0 || r.Split.Folds == 0 {
		return nil, fmt.Errorf("the recipe %s has no rolling.hours or no folds, by which a model is described", r.Name)
	}
	p := &Plan{Recipe: r}
	set, train, _, err := p.read(ctx, paths)
	if err != nil {
		return nil, err
	}
	p.Stays = &Stays{Set: set}
	threads := max(1, paths.Threads)
	folds, err := p.readFolds(ctx, paths.Folds, set, train, threads)
	if err != nil {
		return nil, err
	}
	network, err := p.network(file, p.part("test", p.Test))
	if err != nil {
		return nil, fmt.Errorf("model file %s: %w", file, err)
	}
	_, record, err := readTrained(file)
	if err != nil {
		return nil, fmt.Errorf("model file %s: %w", file, err)
	}
	record.Data = p.sources // whole hashes, where the file has those of before
	text, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	channels, _, err := vitalsOf(&network.Config)
	if err != nil {
		return nil, err
	}
	task := &network.Config.Tasks[0]
	d := &fusion.Description{Examples: len(train)}
	risks := make([]float32, len(train))
	for i, k := range train {
		risks[i] = task.Probability(folds.logits[i], float32(set.Examples[k].Hours))
	}
	set.describeChannels(d, train, channels)
	d.Intervals = set.intervals(train, risks, r.Rolling.Hours)
	d.Risk = fusion.SpreadOf(slices.Clone(risks))
	if d.Experts, err = loads(ctx, network, set, train, channels); err != nil {
		return nil, err
	}
	network.Config.Description = d
	if err := d.Check(&network.Config); err != nil {
		return nil, err
	}
	out := &Described{Network: network, Record: text, Aside: len(p.Test)}
	stays := &Stays{Network: network, Set: set, Channels: channels, Threads: threads}
	logits, err := stays.Logits(ctx, network.Params(), p.Test)
	if err != nil {
		return nil, err
	}
	aside := make([]float32, len(p.Test))
	for i, v := range stays.served(logits, p.Test) {
		if i%len(network.Config.Tasks) == 0 {
			aside[i/len(network.Config.Tasks)] = float32(v)
		}
	}
	set.cover(d, p.Test, aside)
	in := set.Shape().New()
	for _, k := range p.Test {
		set.Fill(in, k, channels, nil)
		if d.Unlikeness(in) > d.Unlike {
			out.Unlike++
		}
	}
	return out, nil
}

// describeChannels describes the last values of the channels, and how unlike each other the
// examples are.
func (s *Set) describeChannels(d *fusion.Description, examples []int, channels []vitals.Channel) {
	values := make([][]float32, len(channels))
	in := s.Shape().New()
	for _, k := range examples {
		s.Fill(in, k, channels, nil)
		for c := range values {
			if at := c*encoders.Statistics + vitals.Last; in.StatsKnown[at] {
				values[c] = append(values[c], in.Stats[at])
			}
		}
	}
	for _, list := range values {
		ch := fusion.ChannelDescription{Seen: float64(len(list)) / float64(len(examples)), Spread: fusion.SpreadOf(list)} // which sorts them
		if n := len(list); n > 0 {
			ch.Low, ch.High = list[n/1000], list[n-1-n/1000]
		}
		d.Channels = append(d.Channels, ch)
	}
	for _, k := range examples {
		s.Fill(in, k, channels, nil)
		d.Unlike = max(d.Unlike, d.Unlikeness(in))
	}
}

// loads are the shares in which the model chooses its experts, of every tenth example.
func loads(ctx context.Context, network *fusion.Network[float32], set *Set, examples []int, channels []vitals.Channel) ([]float64, error) {
	if network.Config.Experts == 0 {
		return nil, nil
	}
	in, i := set.Shape().New(), 0
	return network.Loads(func() (*encoders.Input, error) {
		if i >= len(examples) {
			return nil, nil
		}
		set.Fill(in, examples[i], channels, nil)
		i += 10
		return in, ctx.Err()
	})
}

// lastOf is the place, among examples, of the last moment of each one's stay. Those of a stay are
// ordered by their moments.
func (s *Set) lastOf(examples []int) []int {
	last := map[string]int{}
	for i, k := range examples {
		last[s.Examples[k].key()] = i
	}
	list := make([]int, len(examples))
	for i, k := range examples {
		list[i] = last[s.Examples[k].key()]
	}
	return list
}

// intervals fits the change of a risk from an hour to the end of what is known of the stay.
func (s *Set) intervals(examples []int, risks []float32, hours []int) (list []fusion.IntervalPoint) {
	last := s.lastOf(examples)
	for _, hour := range hours {
		point := fusion.IntervalPoint{Hours: float64(hour), Level: intervalLevel, Below: riskBands}
		changes := make([][]float32, len(riskBands))
		var all []float32
		for i, k := range examples {
			if s.Examples[k].At != hour || last[i] == i {
				continue
			}
			change := logitOf(risks[last[i]]) - logitOf(risks[i])
			band := slices.IndexFunc(riskBands, func(below float32) bool { return risks[i] < below || below == 1 })
			changes[band], all = append(changes[band], change), append(all, change)
		}
		if len(all) < leastOfBand {
			continue
		}
		for _, of := range changes {
			if len(of) < leastOfBand {
				of = all
			}
			down, up := conformal(of, intervalLevel)
			point.Down, point.Up = append(point.Down, min(down, 0)), append(point.Up, max(up, 0))
			point.Stays = append(point.Stays, len(of))
		}
		list = append(list, point)
	}
	return list
}

// conformal are the ends between which a new value lies with a chance of level or more, if it is
// drawn as those were: the split-conformal quantiles of both sides.
func conformal(values []float32, level float64) (down, up float32) {
	v := slices.Clone(values)
	slices.Sort(v)
	n, tail := len(v), (1-level)/2
	low := int(math.Floor(tail * float64(n+1)))
	high := int(math.Ceil((1 - tail) * float64(n+1)))
	return v[max(low-1, 0)], v[min(high-1, n-1)]
}

// cover measures how often the intervals of the set-aside stays hold.
func (s *Set) cover(d *fusion.Description, examples []int, risks []float32) {
	last := s.lastOf(examples)
	for p := range d.Intervals {
		point := &d.Intervals[p]
		held := 0
		for i, k := range examples {
			if float64(s.Examples[k].At) != point.Hours || last[i] == i {
				continue
			}
			low, high, ok := d.Interval(risks[i], float32(s.Examples[k].Hours))
			if !ok {
				continue
			}
			point.Aside++
			if v := risks[last[i]]; v >= low && v <= high {
				held++
			}
		}
		if point.Aside > 0 {
			point.Covered = math.Round(1e4*float64(held)/float64(point.Aside)) / 1e4
		}
	}
}

func logitOf(p float32) float32 {
	q := min(max(float64(p), 1e-6), 1-1e-6)
	return float32(math.Log(q / (1 - q)))
}

// Write writes the described model, whole or not at all.
func (d *Described) Write(path string) error {
	if d.Network.Config.Description == nil {
		return errors.New("there is no description to write")
	}
	return d.Network.Write(path, d.Record)
}
