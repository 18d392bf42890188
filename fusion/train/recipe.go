package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/fleximodal"
	"github.com/vigil-icu/vigil/fusion/recipes"
)

// Recipe is all that training needs beside the data: what a file in fusion/recipes holds.
type Recipe struct {
	Name         string        `yaml:"name"`
	About        string        `yaml:"about"` // one line
	Data         Data          `yaml:"data"`
	Split        Split         `yaml:"split"`
	Model        fusion.Config `yaml:"model"` // with the tasks and the losses' weights
	Training     Settings      `yaml:"training"`
	Augmentation Augmentation  `yaml:"augmentation"`
	Teacher      Teacher       `yaml:"teacher"`
	Published    []Published   `yaml:"published"` // to be printed beside what comes out
}

// Published is a score of a publication.
type Published struct {
	Name  string   `yaml:"name"`
	Tasks []string `yaml:"tasks"` // of the model; the score is the mean over them
	AUROC string   `yaml:"auroc"` // as printed
	F1    string   `yaml:"f1"`
	From  string   `yaml:"from"` // the publication and its table
}

// Data says which stays are taken from where, and what is known of them.
type Data struct {
	Source  string   `yaml:"source"`  // kind of the data set: physionet2012, mimic-iii, mimic-iv, or fleximodal for any directory with a manifest
	Train   []string `yaml:"train"`   // parts to train on, by the names of their folders or archives; none: all there are
	Test    []string `yaml:"test"`    // parts that training never sees; none: a share of the patients, see split
	Charted bool     `yaml:"charted"` // values count from when they were measured, not from when they were known
	Hours   []int    `yaml:"hours"`   // of the stay: the moments at which examples are made
	AtEnd   bool     `yaml:"at_end"`  // one more at the end of the stay
}

// Split parts the patients, never the stays of one.
type Split struct {
	Validation float64 `yaml:"validation"` // share of the training patients that choose the epoch; 0: none
	Test       float64 `yaml:"test"`       // share of all patients, where data names no parts to test on
	Seed       uint64  `yaml:"seed"`       // of the parting; that of training changes nothing here
}

// Augmentation is what is done to a stay each time that it is learned from.
type Augmentation struct {
	Thinning   float64 `yaml:"thinning"`    // a stay's bins are dropped with one probability, drawn from 0 to this
	Shorten    float64 `yaml:"shorten"`     // probability that only the first hours are kept, as if it were that time
	LeastHours int     `yaml:"least_hours"` // the fewest hours that are kept; any number from there on is as likely
}

// Teacher is a model that was fitted elsewhere; of it training takes one probability a
// stay, which must be out of fold.
type Teacher struct {
	Weight float64 `yaml:"weight"` // of its probability in the target of the first task; the label has the rest. 0: no teacher
}

// ReadRecipe reads a recipe: the file at name, or one of those in the binary, by its name
// without ".yaml". set changes keys, as "teacher.weight=0". Errors name the line, or the
// key, and how to mend it.
func ReadRecipe(name string, set []string) (*Recipe, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\.`) {
		if text, err = recipes.Files.ReadFile(name + ".yaml"); err != nil {
			return nil, fmt.Errorf("there is no recipe %q: name a file, or one of %s", name, strings.Join(RecipeNames(), ", "))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("recipe: %w", err)
	}
	r, err := ParseRecipe(text, set)
	if err != nil {
		return nil, fmt.Errorf("recipe %s: %s", name, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return r, nil
}

// RecipeNames are the recipes in the binary.
func RecipeNames() (names []string) {
	files, _ := recipes.Files.ReadDir(".") // it is embedded
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), path.Ext(f.Name())))
	}
	return names
}

// ParseRecipe reads a recipe from YAML, strictly, after setting keys.
func ParseRecipe(text []byte, set []string) (*Recipe, error) {
	r := &Recipe{Training: Default()}
	r.Model.Format = fusion.Format
	if err := decodeStrict(text, set, r); err != nil {
		return nil, err
	}
	return r, r.Check()
}

// Check says what is wrong with a recipe. The scales of channels may be missing: they are
// fitted to the training stays.
func (r *Recipe) Check() error {
	errs := []error{r.Training.Check(), r.Split.check(), r.Augmentation.check()}
	if r.Name == "" {
		errs = append(errs, errors.New("name is missing"))
	}
	for _, p := range r.Published {
		for _, name := range p.Tasks {
			if !slices.Contains(r.Tasks(), name) {
				errs = append(errs, fmt.Errorf("published %s: the model has no task %q", p.Name, name))
			}
		}
	}
	if !(r.Teacher.Weight >= 0 && r.Teacher.Weight <= 1) {
		errs = append(errs, fmt.Errorf("teacher.weight is %v, want 0 to 1", r.Teacher.Weight))
	}
	if r.Data.Source == fleximodal.Name {
		return errors.Join(append(errs, r.checkFleximodal())...)
	}
	return errors.Join(append(errs, r.checkStays()...)...)
}

// checkStays checks what a recipe says of recorded stays and of the model that reads them.
func (r *Recipe) checkStays() (errs []error) {
	if of, ok := sources[r.Data.Source]; !ok {
		names := slices.Sorted(maps.Keys(sources))
		errs = append(errs, fmt.Errorf("data.source is %q, want %s or %s", r.Data.Source, strings.Join(names, ", "), fleximodal.Name))
	} else {
		errs = append(errs, of.labels(r.Tasks()))
	}
	if len(r.Data.Hours) == 0 && !r.Data.AtEnd {
		errs = append(errs, errors.New("data.hours is empty: name the hours of a stay at which examples are made, as [48]"))
	}
	for i, h := range r.Data.Hours {
		if h < 1 || i > 0 && h <= r.Data.Hours[i-1] {
			errs = append(errs, fmt.Errorf("data.hours are %v, want hours above 0, ascending", r.Data.Hours))
			break
		}
	}
	if len(r.Data.Test) == 0 && r.Split.Test == 0 {
		errs = append(errs, errors.New("nothing is held back to test on: name parts in data.test, or a share in split.test"))
	}
	if r.Training.Patience > 0 && r.Split.Validation == 0 {
		errs = append(errs, errors.New("training.patience wants a split.validation: without it no epoch is better than another"))
	}
	if len(r.Model.Tasks) > 0 && r.Model.Tasks[0].Kind != fusion.TaskBinary {
		errs = append(errs, fmt.Errorf("the first task is %s: it is what the teacher, early stopping and the report go by, and must be binary", r.Model.Tasks[0].Name))
	}
	_, _, err := vitalsOf(&r.Model)
	_, itemsErr := itemsOf(&r.Model)
	errs = append(errs, err, itemsErr)
	model := r.scaled()
	if err := model.Check(); err != nil {
		errs = append(errs, fmt.Errorf("model: %w", err))
	}
	return errs
}

// scaled is the model with scales where they are to be fitted.
func (r *Recipe) scaled() fusion.Config {
	c := r.Model
	c.Channels = append([]fusion.Channel(nil), c.Channels...)
	for i := range c.Channels {
		if c.Channels[i].Scale == 0 {
			c.Channels[i].Scale = 1
		}
	}
	return c
}

func (s *Split) check() error {
	for name, v := range map[string]float64{"validation": s.Validation, "test": s.Test} {
		if !(v >= 0 && v < 1) {
			return fmt.Errorf("split.%s is %v, want 0 up to but not 1", name, v)
		}
	}
	return nil
}

func (a *Augmentation) check() error {
	switch {
	case !(a.Thinning >= 0 && a.Thinning < 1):
		return fmt.Errorf("augmentation.thinning is %v, want 0 up to but not 1", a.Thinning)
	case !(a.Shorten >= 0 && a.Shorten <= 1):
		return fmt.Errorf("augmentation.shorten is %v, want 0 to 1", a.Shorten)
	case a.Shorten > 0 && (a.LeastHours < 1 || a.LeastHours > 48):
		return fmt.Errorf("augmentation.least_hours is %d, want 1 to 48", a.LeastHours)
	}
	return nil
}

// Tasks are the names of the outputs.
func (r *Recipe) Tasks() []string {
	names := make([]string, len(r.Model.Tasks))
	for i, t := range r.Model.Tasks {
		names[i] = t.Name
	}
	return names
}

// Hash is that of all settings, whatever the file's comments and order are.
func (r *Recipe) Hash() string {
	var b bytes.Buffer
	if err := yaml.NewEncoder(&b).Encode(r); err != nil {
		panic("train: a recipe is plain data: " + err.Error())
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

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
