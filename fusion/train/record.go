package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/score"
)

// Record is how a model came about; it is stored in the model's file. Nothing in it
// depends on the machine or the hour, so that the same run gives the same file.
type Record struct {
	Recipe string `json:"recipe"`
	// RecipeHash is that of the recipe's settings.
	RecipeHash string `json:"recipe_hash"`
	Seed       uint64 `json:"seed"`
	// Data are "dataset@hash", of what was trained on and of what was tested on. The hash is the
	// SHA-256 of events and outcomes; in files from before it was whole it is the first 16 digits
	// of that of the events.
	Data     []string     `json:"data"`
	Teacher  string       `json:"teacher,omitempty"`
	Splits   []Part       `json:"splits"`
	Settings Settings     `json:"settings"`
	Curve    []CurvePoint `json:"curve"`
	// Epoch is the one whose weights these are.
	Epoch      int           `json:"epoch"`
	Parameters int           `json:"parameters"`
	Test       []TaskQuality `json:"test"`
	// Hours are the first task at the rolling hours of the recipe.
	Hours []HourQuality `json:"hours,omitempty"`
	// Folds are the hashes of the parts that the models of the folds were held against.
	Folds []string `json:"folds,omitempty"`
	// Taught is what the teachers of the second stage were worth.
	Taught []Taught `json:"taught,omitempty"`
	// Seen are the patients that the weights, the epoch, the teacher or the calibration were
	// found by: see [Seen].
	Seen Seen `json:"seen,omitempty"`
}

// Part is what a record says of one part of the examples.
type Part struct {
	// Name is train, validation or test.
	Name     string `json:"name"`
	Examples int    `json:"examples"`
	Patients int    `json:"patients"`
	// Hash is the SHA-256 of the patients, stays and moments in it, and of their labels.
	Hash string `json:"hash"`
}

// TaskQuality is how good a model is at a binary task on the stays that training never
// saw.
type TaskQuality struct {
	Task      string  `json:"task"`
	Examples  int     `json:"examples"`
	Positives int     `json:"positives"`
	AUROC     Quality `json:"auroc"`
	// AUPRC is average precision.
	AUPRC Quality `json:"auprc"`
	// F1 is that where a probability of 0.5 or more is called positive.
	F1    Quality `json:"f1"`
	Brier Quality `json:"brier"`
	Slope Quality `json:"calibration_slope"`
}

// Quality is a score with its 95 % interval over patients.
type Quality struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// String is the score and its interval, or "-" where there is none.
func (q Quality) String() string {
	if !q.known() {
		return "-"
	}
	return fmt.Sprintf("%.4f (%.4f to %.4f)", q.Value, q.Low, q.High)
}

// known says whether there is a score, and an interval.
func (q Quality) known() bool { return sound(q.Value) && sound(q.Low) && sound(q.High) }

// MarshalJSON has null where there is no score, as an AUROC of one outcome.
func (q Quality) MarshalJSON() ([]byte, error) {
	type plain Quality
	if !q.known() {
		return []byte("null"), nil
	}
	return json.Marshal(plain(q))
}

// Mean is the mean of AUROC and F1 over the tasks, of those that have an AUROC, and how
// many they are. It is NaN where none has.
func (r *Record) Mean(tasks []string) (auroc, f1 float64, used int) {
	for _, q := range r.Test {
		if slices.Contains(tasks, q.Task) && sound(q.AUROC.Value) {
			auroc, f1, used = auroc+q.AUROC.Value, f1+q.F1.Value, used+1
		}
	}
	return auroc / float64(used), f1 / float64(used), used
}

// resamples is over how many the intervals are, as in all of Vigil's tables.
const resamples = 1000

// Judge scores the result on the test examples, task by task. ctx ends it early with its
// error.
func (p *Plan) Judge(ctx context.Context, result *Result) ([]TaskQuality, error) {
	examples := p.judged()
	logits, err := p.Stays.Logits(ctx, p.paramsOf(result), examples)
	if err != nil {
		return nil, err
	}
	return p.Stays.Set.judge(p.Recipe.Model.Tasks, p.Stays.served(logits, examples), examples, p.Seed), nil
}

// judge scores probabilities [examples][tasks] of the binary tasks.
func (s *Set) judge(tasks []fusion.Task, probabilities []float64, examples []int, seed uint64) (list []TaskQuality) {
	for task, t := range tasks {
		if t.Kind != fusion.TaskBinary {
			continue
		}
		predicted, outcome, patient := s.known(probabilities, examples, task)
		q := TaskQuality{Task: t.Name, Examples: len(predicted)}
		for _, y := range outcome {
			if y {
				q.Positives++
			}
		}
		b := score.Bootstrap{Draws: resamples, Seed: seed}
		for _, m := range []struct {
			of   score.Metric
			into *Quality
		}{{score.AUROC, &q.AUROC}, {score.AveragePrecision, &q.AUPRC}, {score.F1, &q.F1}, {score.Brier, &q.Brier}, {score.CalibrationSlope, &q.Slope}} {
			i := b.Interval(m.of, predicted, outcome, patient)
			*m.into = Quality{i.Value, i.Low, i.High}
		}
		list = append(list, q)
	}
	return list
}

// Record is the training record of a result that was judged.
func (p *Plan) Record(result *Result, test []TaskQuality) *Record {
	s, recipe := p.Stays, p.Recipe
	if fold := recipe.Split.Fold; fold > 0 {
		recipe = recipe.ofFold(fold)
	}
	return &Record{
		Recipe: recipe.Name, RecipeHash: recipe.Hash(), Seed: p.Seed, Data: p.sources, Teacher: p.teacher, Taught: p.taught,
		Splits:   []Part{p.part("train", s.Train), p.part("validation", s.Held), p.part("test", p.Test)},
		Settings: p.Recipe.Training, Curve: result.Curve, Epoch: result.Epoch, Parameters: len(result.Weights), Test: test,
		Folds: p.folds, Seen: seenOf(s.Set, s.Train, s.Held),
	}
}

// part is what a record says of examples.
func (p *Plan) part(name string, examples []int) Part { return p.partOf(p.Stays.Set, name, examples) }

// partOf is part of the examples of a set.
func (p *Plan) partOf(set *Set, name string, examples []int) Part {
	h := sha256.New()
	for _, i := range examples {
		e := &set.Examples[i]
		fmt.Fprintln(h, e.Patient, e.Stay, int64(e.AsOf), e.Labels)
	}
	return Part{name, len(examples), set.patients(examples), hex.EncodeToString(h.Sum(nil))}
}

// Write writes the model file with its record, whole or not at all.
func (p *Plan) Write(path string, result *Result, record *Record) error {
	text, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("training record: %w", err)
	}
	network := *p.Stays.Network
	copy(network.Params().Values, result.Weights)
	return network.Write(path, text)
}

// Predictions of a binary task for the test examples whose label is known: probability,
// outcome and patient of each.
func (p *Plan) Predictions(ctx context.Context, result *Result, task int) (predicted []float64, outcome []bool, patient []string, err error) {
	logits, err := p.Stays.Logits(ctx, p.paramsOf(result), p.Test)
	if err != nil {
		return nil, nil, nil, err
	}
	predicted, outcome, patient = p.Stays.Set.known(p.Stays.served(logits, p.Test), p.Test, task)
	return predicted, outcome, patient, nil
}

// Ensemble scores model files on the stays that a recipe tests on, by the mean of their
// probabilities, which is how seeds are put together. It returns the part that was tested
// on too. A file that was trained on other data than the recipe's, or by its record on a
// part of which these stays are, is refused.
func (r *Recipe) Ensemble(ctx context.Context, paths Paths, files []string, threads int, seed uint64) (list []TaskQuality, test Part, err error) {
	p := &Plan{Recipe: r}
	set, _, _, err := p.read(ctx, paths)
	if err != nil {
		return nil, Part{}, err
	}
	p.Stays = &Stays{Set: set}
	test = p.part("test", p.Test)
	mean := make([]float64, len(p.Test)*len(set.Tasks))
	for _, file := range files {
		network, err := p.network(file, test)
		if err != nil {
			return nil, Part{}, fmt.Errorf("model file %s: %w", file, err)
		}
		channels, _, err := vitalsOf(&network.Config)
		if err != nil {
			return nil, Part{}, err
		}
		stays := &Stays{Network: network, Set: set, Channels: channels, Threads: threads}
		logits, err := stays.Logits(ctx, network.Params(), p.Test)
		if err != nil {
			return nil, Part{}, err
		}
		for i, v := range stays.served(logits, p.Test) {
			mean[i] += v / float64(len(files))
		}
	}
	return set.judge(r.Model.Tasks, mean, p.Test, seed), test, nil
}

// network reads a model file that can be scored on the test part: it must have the
// recipe's tasks, channels, statics and cells, and a record with the same parts.
func (p *Plan) network(file string, test Part) (*fusion.Network[float32], error) {
	n, record, err := readTrained(file)
	if err != nil {
		return nil, err
	}
	names := func(c *fusion.Config) (list []string) {
		for _, t := range c.Tasks {
			list = append(list, "task "+t.Name)
		}
		for _, ch := range c.Channels {
			list = append(list, "channel "+ch.Name)
		}
		for _, m := range c.Modalities {
			list = append(list, "modality "+m.Name)
		}
		return append(append(list, c.Statics...), fmt.Sprint(c.Cells))
	}
	if !slices.Equal(names(&n.Config), names(&p.Recipe.Model)) {
		return nil, fmt.Errorf("its tasks, channels, statics or cells are not those of the recipe %s", p.Recipe.Name)
	}
	if len(record.Splits) == 0 || !p.reads(record.Data) || record.Splits[len(record.Splits)-1].Hash != test.Hash {
		return nil, fmt.Errorf("it was made with another test part: by its record with %v, here are %v; it may have seen these stays", record.Data, p.sources)
	}
	return n, nil
}
