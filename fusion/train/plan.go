package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/fleximodal"
	"github.com/vigil-icu/vigil/schemas"
)

// Plan is a recipe with its data: examples parted, scales and edges fitted to those of
// training, and a network with its first weights.
type Plan struct {
	Recipe *Recipe
	Seed   uint64
	Stays  *Stays
	// Test are the examples of Stays.Set that training never sees.
	Test []int

	// sources are "dataset@hash" of the parts to train on and to test on, and editions the same
	// parts as they are named in few letters.
	sources, editions []string
	// teacher is the hash of the teacher's table; "" without one.
	teacher string
	// taught is what the teachers were worth; nil without models of folds.
	taught []Taught
	// folds are the hashes of the parts of the folds whose models were read.
	folds []string
}

// NewPlan reads the data under the paths and makes all ready for a [Loop] over
// Plan.Stays. The same data and seed give the same plan. The error says what in the data
// or the recipe is wrong, and how to mend it.
func (r *Recipe) NewPlan(ctx context.Context, paths Paths, seed uint64) (*Plan, error) {
	teacher, first := paths.Teacher, r.Split.Fold > 0
	switch {
	case first && (teacher != "" || len(paths.Folds) > 0):
		return nil, errors.New("a model of a fold learns from labels alone: leave the teacher and the models of the folds out, or set split.fold=0")
	case len(paths.Folds) > 0 && r.Split.Folds == 0:
		return nil, fmt.Errorf("models of folds were named, and the recipe %s has no split.folds", r.Name)
	case !first && r.Split.Folds > 0 && len(paths.Folds) == 0:
		return nil, fmt.Errorf("the recipe %s learns from the models of its %d folds: make them with --set split.fold=1 to %d and name them with --folds, or do without by --set split.folds=0", r.Name, r.Split.Folds, r.Split.Folds)
	case teacher == "" && r.Teacher.Weight > 0 && r.Split.Folds == 0:
		return nil, fmt.Errorf("the recipe %s has a teacher and no table of one was named: make it with fusion/recipes/teacher.py and name it with --teacher, or learn from labels alone with --set teacher.weight=0", r.Name)
	}
	if teacher != "" && r.Teacher.Weight == 0 {
		return nil, errors.New("a teacher's table was named, and the recipe's teacher.weight is 0: leave one of them out")
	}
	p := &Plan{Recipe: r, Seed: seed}
	set, train, held, err := p.read(ctx, paths)
	if err != nil {
		return nil, err
	}
	r = p.Recipe
	if teacher != "" {
		if p.teacher, err = set.ReadTeacher(teacher, train); err != nil {
			return nil, err
		}
	}
	var folds *outOfFold
	if len(paths.Folds) > 0 {
		if folds, err = p.readFolds(ctx, paths.Folds, set, train, max(1, paths.Threads)); err != nil {
			return nil, err
		}
		var boosted map[string]float64
		if b := r.Teacher.Boosted; b != nil {
			if boosted, err = b.boost(ctx, set, train, r.Split, max(1, paths.Threads)); err != nil {
				return nil, err
			}
		}
		p.taught = folds.teach(set, boosted)
	}
	c := r.scaled()
	channels := set.FitScales(r.fittedTo(set, train))
	for i := range channels {
		if r.Model.Channels[i].Scale != 0 { // the recipe knows better
			channels[i].Centre, channels[i].Scale = c.Channels[i].Centre, c.Channels[i].Scale
		}
		c.Channels[i].Centre, c.Channels[i].Scale = channels[i].Centre, channels[i].Scale
	}
	item := 0 // the set's are in the order of the network's
	for i := range c.Modalities {
		m := &c.Modalities[i]
		if m.Standardise {
			m.Centre, m.Scale = set.FitItemScales(item, r.fittedTo(set, train))
		}
		if m.Kind == fusion.KindItems {
			item++
		}
	}
	for i := range c.Channels {
		if id, ok := schemas.ChannelByName(c.Channels[i].Name); ok && r.Data.Source != fleximodal.Name {
			c.Channels[i].Transform, c.Channels[i].Derived = id.Info().Transform.String(), record.Derives(id)
			c.ChannelTable = schemas.ChannelTableVersion
		}
	}
	c.Trained = true
	c.Training = fmt.Sprintf("%s: %d stays of %d patients of %s, seed %d", r.Name, len(train), set.patients(train), p.editions[0], seed)
	network, err := fusion.NewNetwork[float32](&c)
	if err != nil {
		return nil, err
	}
	network.StatEdges, network.StaticEdges = set.FitEdges(train, channels)
	network.Init(seed)
	p.Stays = NewStays(network, set, channels, r.Training.Shards, r.Training.Batch)
	p.Stays.Train, p.Stays.Held = train, held
	if r.Augmentation.OneMoment {
		p.Stays.oneMoment()
	}
	p.Stays.Augmentation, p.Stays.Teacher = r.Augmentation, r.Teacher.Weight
	if folds != nil && len(r.Rolling.Hours) > 0 {
		task := &network.Config.Tasks[0]
		if task.Calibration, err = folds.calibrate(set, r.Rolling.Hours); err != nil {
			return nil, err
		}
		network.Config.LeastChannels = set.fewest(train, r.Rolling.Abstain)
		if task.Thresholds, err = folds.thresholds(set, task, r.Rolling.Alarms); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// read loads the parts and says which examples are for what: those to train on, those
// held back to choose the epoch by, and, into p.Test, those to test on.
func (p *Plan) read(ctx context.Context, paths Paths) (set *Set, train, held []int, err error) {
	r := p.Recipe
	if r.Data.Source == fleximodal.Name {
		return p.readFleximodal(ctx, paths)
	}
	if set, err = r.load(ctx, paths, r.Data.Train); err != nil {
		return nil, nil, nil, err
	}
	p.sources, p.editions = []string{set.Source}, []string{set.Edition}
	train = make([]int, len(set.Examples))
	for i := range train {
		train[i] = i
	}
	if len(r.Data.Test) == 0 {
		train, p.Test = set.part(train, r.Split.Test, r.Split.Seed)
	}
	if r.Split.Fold > 0 {
		train = p.inFold(set, train)
	}
	if r.Split.Validation > 0 {
		train, held = set.part(train, r.Split.Validation, r.Split.Seed+1)
	}
	if len(r.Data.Test) > 0 && r.Split.Fold == 0 {
		other, err := r.load(ctx, paths, r.Data.Test)
		if err != nil {
			return nil, nil, nil, err
		}
		p.sources, p.editions = append(p.sources, other.Source), append(p.editions, other.Edition)
		if err := set.join(other, &p.Test); err != nil {
			return nil, nil, nil, err
		}
	}
	if len(train) == 0 {
		return nil, nil, nil, errors.New("no stay is left to train on: there are too few in the data")
	}
	return set, train, held, nil
}

// reads says whether the data of a record are these. A record from before the hashes were whole
// names editions; that the labels are the same say the hashes of its parts alone.
func (p *Plan) reads(data []string) bool {
	return slices.Equal(data, p.sources) || slices.Equal(data, p.editions)
}

// fittedTo are those of the training examples that scales are fitted to: with many moments of a
// stay those of the last hour, in which each value stands once.
func (r *Recipe) fittedTo(set *Set, train []int) []int {
	if hours := r.Data.Hours; r.Augmentation.OneMoment && len(hours) > 0 {
		return set.at(train, hours[len(hours)-1])
	}
	return train
}

// Signature names the run by its recipe, seed and data: a checkpoint of another is
// refused.
func (p *Plan) Signature() string {
	h := sha256.New()
	fmt.Fprintln(h, p.Recipe.Hash(), p.Seed, strings.Join(p.sources, " "), p.teacher, p.folds)
	return hex.EncodeToString(h.Sum(nil))
}

// Line says in one line of words what there is to train on.
func (p *Plan) Line() string {
	s := p.Stays
	part := func(name string, examples []int) string {
		return fmt.Sprintf("%d examples of %d patients to %s", len(examples), s.Set.patients(examples), name)
	}
	parts := []string{part("train on", s.Train)}
	if len(s.Held) > 0 {
		parts = append(parts, part("validate with", s.Held))
	}
	parts = append(parts, part("test on", p.Test))
	return fmt.Sprintf("%s; %d parameters", strings.Join(parts, ", "), len(s.Params().Values))
}

// WriteStatistics writes what a teacher is fitted to, see [Set.WriteStatistics]: the
// stays to train on and those to test on, by part, on the scales of training. Those that
// the recipe holds back are left out.
func (r *Recipe) WriteStatistics(ctx context.Context, paths Paths, to io.Writer) (training, testing int, err error) {
	p := &Plan{Recipe: r}
	set, train, _, err := p.read(ctx, paths)
	if err != nil {
		return 0, 0, err
	}
	err = set.WriteStatistics(to, set.FitScales(train), Share{"train", train}, Share{"test", p.Test})
	return len(train), len(p.Test), err
}
