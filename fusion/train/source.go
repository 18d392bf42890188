package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
)

// Paths say where the data of a recipe is.
type Paths struct {
	// Data are folders or archives of the recorded stays.
	Data []string
	// Linked are notes, strips and images of MIMIC-IV's patients, which stand in folders
	// of their own.
	Linked mimic.Linked
	// Teacher is the table of the teacher's probabilities; "" for none.
	Teacher string
	// Folds are the model files of the recipe's folds, for its second stage; Threads is how
	// many predictions of them are made at the same time.
	Folds   []string
	Threads int
	// Progress is told how many patients of a folder or archive were read, and how many
	// there are at most; it may be nil.
	Progress func(path string, patients, most int)
}

// reading is Progress for one folder or archive.
func (p *Paths) reading(path string, most int) func(patients int) {
	if p.Progress == nil {
		return nil
	}
	return func(patients int) { p.Progress(path, patients, most) }
}

// sources are the data sets of recorded stays that recipes name: which tasks they have
// labels for, and how they are loaded.
var sources = map[string]struct {
	labels func(tasks []string) error
	load   func(r *Recipe, ctx context.Context, path string, paths *Paths) (*Set, error)
}{
	physionet.Name: {func(tasks []string) error { _, err := PhysioNetLabels(tasks); return err }, (*Recipe).loadPhysioNet},
	mimic.Name:     {func(tasks []string) error { _, err := mimicLabels(tasks); return err }, (*Recipe).loadMIMIC},
	mimic.NameIV:   {func(tasks []string) error { _, err := mimicLabels(tasks); return err }, (*Recipe).loadMIMIC},

	synth.CohortName: {inventedLabels, (*Recipe).loadInvented},
}

// load makes the examples of the named parts under any of the paths; no names: of all
// that is there.
func (r *Recipe) load(ctx context.Context, paths Paths, parts []string) (*Set, error) {
	files := paths.Data
	if r.Invented() {
		if len(files) > 0 || paths.Linked != (mimic.Linked{}) {
			return nil, fmt.Errorf("the stays of the recipe %s are invented: leave --data, --notes, --ecg and --cxr out", r.Name)
		}
		files = []string{synth.CohortName}
	}
	if len(parts) > 0 {
		files = nil
		for _, part := range parts {
			file, err := find(paths.Data, part)
			if err != nil {
				return nil, err
			}
			files = append(files, file)
		}
	}
	var whole *Set
	for _, file := range files {
		s, err := sources[r.Data.Source].load(r, ctx, file, &paths)
		if err != nil {
			return nil, err
		}
		if whole == nil {
			whole = s
			continue
		}
		whole.Examples = append(whole.Examples, s.Examples...)
		whole.Source += " " + s.Source
		whole.Edition += " " + s.Edition
	}
	return whole, nil
}

// find is the path of a part: one of the paths itself, or a folder or archive in one.
func find(paths []string, part string) (string, error) {
	for _, p := range paths {
		base := filepath.Base(p)
		if base == part || strings.TrimSuffix(base, ".tar.gz") == part {
			return p, nil
		}
		for _, name := range []string{part, part + ".tar.gz"} {
			if _, err := os.Stat(filepath.Join(p, name)); err == nil {
				return filepath.Join(p, name), nil
			}
		}
	}
	return "", fmt.Errorf("there is no %s or %s.tar.gz in %s: name the folder that holds it with --data, or other parts in the recipe's data",
		part, part, strings.Join(paths, ", "))
}

// loadPhysioNet makes the examples of records of PhysioNet 2012.
func (r *Recipe) loadPhysioNet(ctx context.Context, path string, paths *Paths) (*Set, error) {
	if paths.Linked != (mimic.Linked{}) {
		return nil, errors.New("notes, strips and images are linked to patients of MIMIC-IV: PhysioNet 2012 has other patients")
	}
	recorded, err := physionet.Open(path)
	if err != nil {
		return nil, err
	}
	outcomes, err := physionet.ReadOutcomes(path)
	if err != nil {
		return nil, err
	}
	labels, err := PhysioNetLabels(r.Tasks())
	if err != nil {
		return nil, err
	}
	cohort, err := r.cohort()
	if err != nil {
		return nil, err
	}
	cohort.Progress = paths.reading(path, len(outcomes))
	missing := ""
	cohort.Labels = func(_ string, stay source.Stay, _ schemas.Time) []float32 {
		o, ok := outcomes[stay.ID]
		if !ok {
			return slices.Repeat([]float32{float32(math.NaN())}, len(cohort.Tasks))
		}
		return labels(&o)
	}
	s, err := Load(ctx, recorded, cohort)
	if err != nil {
		return nil, err
	}
	for i := range s.Examples {
		if _, ok := outcomes[s.Examples[i].Stay]; !ok {
			missing = s.Examples[i].Stay
		}
	}
	if missing != "" {
		return nil, fmt.Errorf("%s: record %s has no line in the outcomes: labels are not guessed", path, missing)
	}
	s.Source = sourceOf(recorded, hashed(outcomes))
	return s, nil
}

// sourceOf names a data set by its SHA-256 over the events and over what stands beside them.
func sourceOf(recorded source.Source, beside ...string) string {
	h := sha256.New()
	fmt.Fprintln(h, recorded.Hash(), beside)
	return recorded.Name() + "@" + hex.EncodeToString(h.Sum(nil))
}

// hashed is the SHA-256 of what a table says, such as the outcomes of all stays. V holds no
// pointers.
func hashed[V any](table map[string]V) string {
	h := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(table)) {
		fmt.Fprintf(h, "%q %+v\n", key, table[key])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// loadMIMIC makes the examples of the stays of MIMIC. Those of which nothing is known at
// a moment are left out, as the paper does, and those of moments after death that have no label.
func (r *Recipe) loadMIMIC(ctx context.Context, path string, paths *Paths) (*Set, error) {
	open := mimic.OpenIV
	if r.Data.Source == mimic.Name {
		open = mimic.Open
	}
	recorded, err := open(path)
	if err != nil {
		return nil, err
	}
	outcomes, err := recorded.Outcomes()
	if err != nil {
		return nil, err
	}
	labels, err := mimicLabels(r.Tasks())
	if err != nil {
		return nil, err
	}
	items, err := paths.Linked.Items()
	if err != nil {
		return nil, err
	}
	cohort, err := r.cohort()
	if err != nil {
		return nil, err
	}
	cohort.Progress = paths.reading(path, len(outcomes))
	cohort.Labels = func(_ string, stay source.Stay, asOf schemas.Time) []float32 {
		o := outcomes[stay.ID] // a stay without an outcome has no label that is known: it was never admitted
		return labels(&o, stay, asOf)
	}
	cohort.Linked = func(patient string) (list []LinkedItem) {
		for _, i := range items[patient] {
			list = append(list, LinkedItem{encoders.ModalityOf(i.Kind), schemas.Item{EventTime: i.At, State: schemas.Present}, i.Available})
		}
		return list
	}
	s, err := Load(ctx, recorded, cohort)
	if err != nil {
		return nil, err
	}
	s.Source = sourceOf(recorded, hashed(outcomes), hashed(items))
	s.Examples = slices.DeleteFunc(s.Examples, func(e Example) bool {
		o := outcomes[e.Stay]
		told := slices.ContainsFunc(e.Labels, func(label float32) bool { return !math.IsNaN(float64(label)) })
		return e.Series.Bytes() == 0 || !told && o.DeadBefore(schemas.Time(e.AsOf))
	})
	return s, nil
}

// cohort is what the recipe says of it, without labels.
func (r *Recipe) cohort() (Cohort, error) {
	channels, statics, err := vitalsOf(&r.Model)
	if err != nil {
		return Cohort{}, err
	}
	items, err := itemsOf(&r.Model)
	if err != nil {
		return Cohort{}, err
	}
	return Cohort{
		Channels: channels, Statics: statics, Items: items, Cells: r.Model.Cells, Tasks: r.Tasks(), Charted: r.Data.Charted,
		Moments: func(s source.Stay) (list []schemas.Time) {
			for _, h := range r.Data.Hours {
				if t := s.Admit + schemas.Time(h)*schemas.Hour; s.End == 0 || t <= s.End {
					list = append(list, t)
				}
			}
			if r.Data.AtEnd && s.End > s.Admit && !slices.Contains(list, s.End) {
				list = append(list, s.End)
			}
			return list
		},
	}, nil
}

// vitalsOf are the channels and statics of a config as the reader of windows wants them.
func vitalsOf(c *fusion.Config) (channels []vitals.Channel, statics []vitals.Static, err error) {
	var errs []error
	for _, ch := range c.Channels {
		id, ok := schemas.ChannelByName(ch.Name)
		if !ok {
			errs = append(errs, fmt.Errorf("the channel table has no %q", ch.Name))
		}
		channels = append(channels, vitals.Channel{ID: id, Low: ch.Low, High: ch.High, Centre: ch.Centre, Scale: ch.Scale})
	}
	for _, name := range c.Statics {
		s, err := vitals.ParseStatic(name)
		errs = append(errs, err)
		statics = append(statics, s)
	}
	return channels, statics, errors.Join(errs...)
}

// itemsOf are the item modalities of a config.
func itemsOf(c *fusion.Config) (items []ItemModality, err error) {
	for _, m := range c.Modalities {
		if m.Kind != fusion.KindItems {
			continue
		}
		which := slices.Index(encoders.Names[:], m.Name)
		if which < 0 || encoders.Modality(which) == encoders.Numeric {
			return nil, fmt.Errorf("there are no items named %q: want one of %s", m.Name, strings.Join(encoders.Names[1:], ", "))
		}
		if active := record.Builtin(encoders.Modality(which)); m.Width > 0 && m.Encoder != active {
			return nil, fmt.Errorf("%s: the content of items wants the encoder %q, found %q: `vigil encoders list` names what is at work; without a width only whether and when an item came is read", m.Name, active, m.Encoder)
		}
		if made := record.BuiltinWidth(encoders.Modality(which)); m.Width > 0 && made > 0 && m.Width != made {
			return nil, fmt.Errorf("%s: width is %d, and the vectors of the encoder %s have %d numbers: none would be read", m.Name, m.Width, m.Encoder, made)
		}
		items = append(items, ItemModality{encoders.Modality(which), m.Content()})
	}
	return items, nil
}
