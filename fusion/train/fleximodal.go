package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/fleximodal"
	"github.com/vigil-icu/vigil/ingest/mimic"
)

// checkFleximodal says what a recipe leaves to the manifest of the data and may not say
// itself.
func (r *Recipe) checkFleximodal() error {
	var named []string
	for name, there := range map[string]bool{
		"data.train": len(r.Data.Train) > 0, "data.test": len(r.Data.Test) > 0, "data.hours": len(r.Data.Hours) > 0, "data.charted": r.Data.Charted, "data.at_end": r.Data.AtEnd,
		"split.validation": r.Split.Validation > 0, "split.test": r.Split.Test > 0,
		"model.statics": len(r.Model.Statics) > 0,
	} {
		if there {
			named = append(named, name)
		}
	}
	if len(r.Model.Modalities)+len(r.Model.Channels)+len(r.Model.Tasks) > 0 {
		named = append(named, "model.modalities, model.channels or model.tasks")
	}
	if named != nil {
		slices.Sort(named)
		return fmt.Errorf("the manifest and the labels of the data say what is in %s: leave it out of the recipe", strings.Join(named, ", "))
	}
	if r.Augmentation != (Augmentation{}) && r.Model.Cells%encoders.Bins != 0 {
		return fmt.Errorf("augmentation goes by parts of the window: it wants cells that are a multiple of %d", encoders.Bins)
	}
	c := r.Model // whatever the manifest says, the rest must be right
	c.Modalities = []fusion.Modality{{Name: "any", Kind: fusion.KindSeries}}
	c.Channels = []fusion.Channel{{Name: "any", Modality: "any", Scale: 1}}
	c.Tasks = []fusion.Task{{Name: "any", Kind: fusion.TaskBinary}}
	if err := c.Check(); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	return nil
}

// readFleximodal is [Plan.read] of a directory with a manifest. The plan's recipe becomes
// a copy that names the manifest's modalities, channels and tasks.
func (p *Plan) readFleximodal(ctx context.Context, paths Paths) (set *Set, train, held []int, err error) {
	if len(paths.Data) != 1 || paths.Linked != (mimic.Linked{}) {
		return nil, nil, nil, errors.New("want one directory with a " + fleximodal.ManifestFile + ", which names all modalities")
	}
	data, err := fleximodal.Read(ctx, paths.Data[0], p.Recipe.Model.Cells)
	if err != nil {
		return nil, nil, nil, err
	}
	m := data.Manifest
	set = &Set{Source: m.Name + "@" + data.Hash, Edition: fmt.Sprintf("%s@%.16s", m.Name, data.Hash), Cells: p.Recipe.Model.Cells}
	set.Rows.Read = data.Rows
	for i := range data.Examples {
		e := &data.Examples[i]
		set.Examples = append(set.Examples, Example{
			Stay: strconv.FormatFloat(e.End, 'g', -1, 64), Patient: e.Subject, Hours: encoders.Bins, Series: e.Series, Items: e.Items,
			Labels: e.Labels, Teacher: float32(math.NaN()),
		})
		switch e.Part {
		case fleximodal.Train:
			train = append(train, i)
		case fleximodal.Validation:
			held = append(held, i)
		default:
			p.Test = append(p.Test, i)
		}
	}
	p.sources, p.editions = []string{set.Source}, []string{set.Edition}
	recipe := *p.Recipe
	set.describe(&recipe.Model, m, train)
	p.Recipe = &recipe
	return set, train, held, nil
}

// describe takes modalities, channels and tasks from a manifest into a set and a config.
func (s *Set) describe(c *fusion.Config, m *fleximodal.Manifest, train []int) {
	c.Window = m.Window.String()
	for _, x := range m.Modalities {
		if x.Kind == fleximodal.Items {
			c.Modalities = append(c.Modalities, fusion.Modality{Name: x.Name, Kind: fusion.KindItems, Width: len(x.Columns)})
			s.Items = append(s.Items, ItemModality{Content: encoders.Content{Width: len(x.Columns)}})
			continue
		}
		c.Modalities = append(c.Modalities, fusion.Modality{Name: x.Name, Kind: fusion.KindSeries})
		for _, column := range x.Columns {
			c.Channels = append(c.Channels, fusion.Channel{Name: column, Modality: x.Name})
			s.Channels = append(s.Channels, vitals.Channel{Scale: 1})
			s.Names = append(s.Names, column)
		}
	}
	for k, t := range m.Labels.Tasks {
		one := fusion.Task{Name: t.Name, Kind: fusion.TaskRegression, Weight: 1}
		if t.Kind == fleximodal.Binary {
			one.Kind, one.Bias = fusion.TaskBinary, s.baseLogit(train, k)
		}
		if t.Weight != nil {
			one.Weight = *t.Weight
		}
		c.Tasks = append(c.Tasks, one)
		s.Tasks = append(s.Tasks, t.Name)
	}
}

// baseLogit is the logit of a binary task's base rate over examples, with one of each
// outcome added so that it is finite.
func (s *Set) baseLogit(examples []int, task int) float64 {
	n := [2]float64{1, 1}
	for _, i := range examples {
		if y := s.Examples[i].Labels[task]; y == y {
			n[int(y)]++
		}
	}
	return math.Log(n[1] / n[0])
}
