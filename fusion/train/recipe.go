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
	"github.com/vigil-icu/vigil/ingest/synth"
)

// Recipe is all that training needs beside the data: what a file in fusion/recipes holds.
type Recipe struct {
	Name string `yaml:"name"`
	// About says in one line what the recipe is for.
	About string `yaml:"about"`
	Data  Data   `yaml:"data"`
	Split Split  `yaml:"split"`
	// Model is the network, with the tasks and the weights of the losses.
	Model        fusion.Config `yaml:"model"`
	Training     Settings      `yaml:"training"`
	Augmentation Augmentation  `yaml:"augmentation"`
	Teacher      Teacher       `yaml:"teacher"`
	// Rolling is for a model that is asked again and again during a stay.
	Rolling Rolling `yaml:"rolling,omitempty"`
	// Published are scores of publications, to be printed beside what comes out.
	Published []Published `yaml:"published"`
}

// Published is a score of a publication.
type Published struct {
	Name string `yaml:"name"`
	// Tasks are those of the model that the score belongs to; it is the mean over them.
	Tasks []string `yaml:"tasks"`
	// AUROC and F1 are as they were printed.
	AUROC string `yaml:"auroc"`
	F1    string `yaml:"f1"`
	// From names the publication and its table.
	From string `yaml:"from"`
}

// Data says which stays are taken from where, and what is known of them.
type Data struct {
	// Source is the kind of the data set: physionet2012, mimic-iii, mimic-iv,
	// fleximodal for any directory with a manifest, or invented for stays that nobody lived,
	// which need no folder.
	Source string `yaml:"source"`
	// Train are the parts to train on, by the names of their folders or archives; none
	// stands for all that is there.
	Train []string `yaml:"train"`
	// Test are the parts that training never sees; with none a share of the patients is
	// held back, see [Split].
	Test []string `yaml:"test"`
	// Charted lets values count from when they were measured, not from when they were
	// known.
	Charted bool `yaml:"charted"`
	// Hours are the hours of the stay at which examples are made, ascending.
	Hours []int `yaml:"hours"`
	// AtEnd makes one more example at the end of the stay.
	AtEnd bool `yaml:"at_end"`
	// Stays is how many stays are invented, where Source is invented.
	Stays int `yaml:"stays,omitempty"`
}

// Split parts the patients, so that the stays of one patient are all in one part.
type Split struct {
	// Validation is the share of the training patients by whom the epoch is chosen, from
	// 0 for none to below 1.
	Validation float64 `yaml:"validation"`
	// Test is the share of all patients to test on, where Data names no parts for that.
	Test float64 `yaml:"test"`
	// Seed is that of the parting. The seed of training changes nothing here, so that
	// several seeds of training share their parts.
	Seed uint64 `yaml:"seed"`
	// Folds is into how many the training patients are dealt, 0 for none. A recipe with folds
	// is trained in two stages: a model for each fold, which learns from the others, and then
	// the model itself, from all of them; see [Paths].
	Folds int `yaml:"folds,omitempty"`
	// Fold makes this a run of the first stage: the fold, from 1, is what is tested on, and
	// the test part is not touched. 0 is for the model itself.
	Fold int `yaml:"fold,omitempty"`
}

// Augmentation is what is done to a stay each time that it is learned from.
type Augmentation struct {
	// Thinning is the most with which bins are dropped: a stay's bins are dropped with
	// one probability, which is drawn from 0 to this.
	Thinning float64 `yaml:"thinning"`
	// Shorten is the probability that only the first hours are kept, as if it were that
	// time.
	Shorten float64 `yaml:"shorten"`
	// LeastHours is the fewest hours that are kept; any number from there on is as
	// likely.
	LeastHours int `yaml:"least_hours"`
	// OneMoment learns from one of the moments of a stay in each epoch, which is drawn. So
	// the hours in Data say at which times of a stay a model is to be good, each as it was
	// known then.
	OneMoment bool `yaml:"one_moment,omitempty"`
}

// Rolling says at which hours a model is judged that is asked during a whole stay, and what is
// fitted by the folds for its use: a calibration and thresholds.
type Rolling struct {
	// Hours are those of Data at which test stays are judged one by one, and the first task
	// is calibrated; ascending.
	Hours []int `yaml:"hours,omitempty"`
	// Alarms are the levels for which thresholds of the first task are chosen, the least
	// severe first.
	Alarms []Alarm `yaml:"alarms,omitempty"`
	// Abstain is the share of the training examples with the fewest observed channels; of a
	// stay with fewer yet the model gives no probability. 0: it always answers.
	Abstain float64 `yaml:"abstain,omitempty"`
}

// Alarm is a level of a policy whose threshold is chosen by how often it alarms.
type Alarm struct {
	Severity string `yaml:"severity"`
	// PerPatientDay is how many alarms there are to be in a patient-day at most.
	PerPatientDay float64 `yaml:"per_patient_day"`
	// Clear is where the alarm ends, as a part of the threshold.
	Clear float64 `yaml:"clear"`
}

// Teacher is a model that was fitted elsewhere, such as boosted trees, or where the split has
// folds the models of the folds. Training takes one probability a stay of it, which must be out
// of fold: made by a teacher that has not seen the stay's label.
type Teacher struct {
	// Weight is that of the teacher's probability in the target of the first task; the
	// label has the rest. 0 is for no teacher.
	Weight float64 `yaml:"weight"`
	// Boosted are trees that teach beside the models of the folds.
	Boosted *Boosted `yaml:"boosted,omitempty"`
}

// ReadRecipe reads a recipe: the file at name, or one of those in the binary by its name
// without ".yaml". set changes keys, as "teacher.weight=0". The error names the line or
// the key that is wrong, and how to mend it.
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

// RecipeNames are the names of the recipes in the binary.
func RecipeNames() (names []string) {
	files, _ := recipes.Files.ReadDir(".") // it is embedded
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), path.Ext(f.Name())))
	}
	return names
}

// ParseRecipe reads a recipe from YAML, strictly, after setting keys. What is not there
// has the value of [Default].
func ParseRecipe(text []byte, set []string) (*Recipe, error) {
	r := &Recipe{Training: Default()}
	r.Model.Format = fusion.Format
	if err := decodeStrict(text, set, r); err != nil {
		return nil, err
	}
	return r, r.Check()
}

// Check says all that is wrong with a recipe. The scales of channels may be missing: they
// are fitted to the training stays.
func (r *Recipe) Check() error {
	errs := []error{r.Training.Check(), r.Split.check(), r.Augmentation.check(), r.Rolling.check(), r.Teacher.Boosted.check()}
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
	if r.Teacher.Boosted != nil && r.Split.Folds == 0 {
		errs = append(errs, errors.New("teacher.boosted wants split.folds: what trees say of a stay is only worth learning from trees that have not seen it"))
	}
	if r.Data.Source == fleximodal.Name {
		return errors.Join(append(errs, r.checkFleximodal())...)
	}
	return errors.Join(append(errs, r.checkStays()...)...)
}

// checkStays checks what a recipe says of recorded stays and of the model that reads
// them.
func (r *Recipe) checkStays() (errs []error) {
	if of, ok := sources[r.Data.Source]; !ok {
		names := slices.Sorted(maps.Keys(sources))
		errs = append(errs, fmt.Errorf("data.source is %q, want %s or %s", r.Data.Source, strings.Join(names, ", "), fleximodal.Name))
	} else {
		errs = append(errs, of.labels(r.Tasks()))
	}
	if r.Data.Stays != 0 && !r.Invented() {
		errs = append(errs, fmt.Errorf("data.stays is how many stays are invented: leave it out of a recipe of %s", r.Data.Source))
	}
	if r.Invented() && len(r.Data.Train)+len(r.Data.Test) > 0 {
		errs = append(errs, errors.New("invented stays have no parts: leave data.train and data.test out, and set split.test"))
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
	for _, h := range r.Rolling.Hours {
		if !slices.Contains(r.Data.Hours, h) {
			errs = append(errs, fmt.Errorf("rolling.hours have %d, and data.hours make no example of it", h))
		}
	}
	if r.Split.Folds > 0 && r.Data.AtEnd {
		errs = append(errs, errors.New("split.folds want moments at hours of the stay: leave data.at_end out"))
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
	c.Modalities = append([]fusion.Modality(nil), c.Modalities...)
	for i := range c.Channels {
		if c.Channels[i].Scale == 0 {
			c.Channels[i].Scale = 1
		}
	}
	return c
}

// check refuses shares that cannot be meant.
func (s *Split) check() error {
	for name, v := range map[string]float64{"validation": s.Validation, "test": s.Test} {
		if !(v >= 0 && v < 1) {
			return fmt.Errorf("split.%s is %v, want 0 up to but not 1", name, v)
		}
	}
	if s.Folds == 1 || s.Folds < 0 || s.Folds > 20 || s.Fold < 0 || s.Fold > s.Folds {
		return fmt.Errorf("split.folds is %d and split.fold %d, want 0 or 2 to 20 folds, and a fold up to that", s.Folds, s.Fold)
	}
	return nil
}

// check refuses hours and rates that cannot be meant.
func (r *Rolling) check() error {
	for i, h := range r.Hours {
		if h < 1 || i > 0 && h <= r.Hours[i-1] {
			return fmt.Errorf("rolling.hours are %v, want hours above 0, ascending", r.Hours)
		}
	}
	if !(r.Abstain >= 0 && r.Abstain < 1) {
		return fmt.Errorf("rolling.abstain is %v, want 0 up to but not 1", r.Abstain)
	}
	for i, a := range r.Alarms {
		if !slices.Contains([]string{"low", "medium", "high"}, a.Severity) || !(a.PerPatientDay > 0) || !(a.Clear > 0 && a.Clear <= 1) ||
			i > 0 && a.PerPatientDay >= r.Alarms[i-1].PerPatientDay {
			return fmt.Errorf("rolling.alarms[%d] is %+v, want severity low, medium or high, a rate above 0 that falls from level to level, clear above 0 up to 1", i, a)
		}
	}
	if len(r.Alarms) > 0 && len(r.Hours) == 0 {
		return errors.New("rolling.alarms want rolling.hours, at which the risks are calibrated first")
	}
	return nil
}

// check refuses probabilities and hours that cannot be meant.
func (a *Augmentation) check() error {
	switch {
	case !(a.Thinning >= 0 && a.Thinning < 1):
		return fmt.Errorf("augmentation.thinning is %v, want 0 up to but not 1", a.Thinning)
	case !(a.Shorten >= 0 && a.Shorten <= 1):
		return fmt.Errorf("augmentation.shorten is %v, want 0 to 1", a.Shorten)
	case a.Shorten > 0 && (a.LeastHours < 1 || a.LeastHours > 48):
		return fmt.Errorf("augmentation.least_hours is %d, want 1 to 48", a.LeastHours)
	case a.OneMoment && a.Shorten > 0:
		return errors.New("augmentation.one_moment draws among the hours of a stay: leave shorten out")
	}
	return nil
}

// Invented says whether the recipe's stays are invented, so that no folder of data is wanted.
func (r *Recipe) Invented() bool { return r.Data.Source == synth.CohortName }

// Tasks are the names of the outputs.
func (r *Recipe) Tasks() []string {
	names := make([]string, len(r.Model.Tasks))
	for i, t := range r.Model.Tasks {
		names[i] = t.Name
	}
	return names
}

// Hash is that of all settings, hex SHA-256, whatever the comments of the file and the
// order of its keys are. A checkpoint and a record hold it.
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
	// Epochs is how often all examples are learned from.
	Epochs int `yaml:"epochs" json:"epochs"`
	// Batch is how many examples a step has; the last of an epoch may have fewer.
	Batch int `yaml:"batch" json:"batch"`
	// Shards is how many parts a batch has, one tape each. The bits depend on it; on the
	// number of cores that compute them they do not.
	Shards int `yaml:"shards" json:"shards"`
	// Rate is the highest learning rate.
	Rate float64 `yaml:"rate" json:"rate"`
	// Warmup is over how many steps the rate rises to that.
	Warmup int `yaml:"warmup" json:"warmup"`
	// Floor is where the cosine ends, as a part of Rate; at 1 there is no cosine.
	Floor float64 `yaml:"floor" json:"floor"`
	// Decay is the decoupled weight decay, see nn.AdamW.
	Decay float64 `yaml:"decay" json:"decay"`
	// Beta1 is how much AdamW keeps of the first moment from step to step.
	Beta1 float64 `yaml:"beta1" json:"beta1"`
	// Beta2 is how much it keeps of the second.
	Beta2 float64 `yaml:"beta2" json:"beta2"`
	// Clip is the longest gradient that is not scaled down; 0 clips none.
	Clip float64 `yaml:"clip" json:"clip"`
	// Average is the factor of the running average of the weights, which then is the
	// model; with 0 the last weights are.
	Average float64 `yaml:"average" json:"average"`
	// Patience is after how many epochs without a better validation AUPRC training stops
	// and keeps the best; with 0 the last epoch is the model.
	Patience int `yaml:"patience" json:"patience"`
}

// Default settings are those of the recipe for PhysioNet 2012.
func Default() Settings {
	return Settings{
		Epochs: 10, Batch: 64, Shards: 2, Rate: 2e-3, Warmup: 100, Floor: 0.02, Decay: 0.02, Beta1: 0.9, Beta2: 0.999, Clip: 1, Average: 0.99,
	}
}

// Check refuses settings that cannot be meant, and names all of them.
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

// steps is how many an epoch has: the last batch may be short.
func (s *Settings) steps(examples int) int { return (examples + s.Batch - 1) / s.Batch }

// schedule is the learning rate over all steps of a run with so many examples.
func (s *Settings) schedule(examples int) nn.Schedule {
	return nn.Schedule{Rate: s.Rate, Warmup: s.Warmup, Steps: s.Epochs * s.steps(examples), Floor: s.Floor}
}
