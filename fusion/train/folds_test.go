package train

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

// folded are the settings of a recipe of two stages.
var folded = []string{
	"data.hours=[6, 12, 24, 48]", "split.validation=0", "training.patience=0", "training.epochs=4", "split.folds=2", "teacher.weight=0.5",
	"augmentation.shorten=0", "augmentation.one_moment=true", "rolling.hours=[12, 24, 48]",
	"rolling.alarms=[{severity: medium, per_patient_day: 0.4, clear: 0.8}, {severity: high, per_patient_day: 0.1, clear: 0.8}]", "rolling.abstain=0.2",
}

// foldFiles trains the models of the folds.
func foldFiles(t *testing.T, dir string) (files []string) {
	t.Helper()
	for _, fold := range []string{"split.fold=1", "split.fold=2"} {
		p := planOf(t, dir, 1, append(slices.Clone(folded), fold)...)
		result := mustRun(t, loopOf(p))
		file := filepath.Join(t.TempDir(), "fold.safetensors")
		if err := p.Write(file, result, p.Record(result, nil)); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// The model of two stages: taught and calibrated by models that have not seen the stay,
// which with its thresholds stands in its file; the test part is seen by none of them.
func TestTwoStages(t *testing.T) {
	dir := invented(t, 80)
	flip(t, dir, func(i int) bool { return i%5 == 0 }) // else the outcomes could be parted, and no slope is finite
	files := foldFiles(t, dir)
	r := readRecipe(t, "tiny", append(slices.Clone(folded), boostedKeys)...)
	paths := Paths{Data: []string{dir}, Folds: files, Threads: 2}
	p, err := r.NewPlan(t.Context(), paths, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range p.Stays.Train {
		if e := &p.Stays.Set.Examples[i]; !(e.Teacher > 0 && e.Teacher < 1) {
			t.Fatalf("stay %s has the teacher %v", e.Stay, e.Teacher)
		}
	}
	tested := map[string]bool{}
	for _, i := range p.Test {
		tested[p.Stays.Set.Examples[i].Patient] = true
	}
	for _, file := range files {
		_, record, err := readTrained(file)
		if err != nil {
			t.Fatal(err)
		}
		for patient := range tested {
			if record.Seen.Has(patient) {
				t.Fatalf("%s has seen patient %s of the test part", file, patient)
			}
		}
	}
	result := mustRun(t, loopOf(p))
	hours, err := p.JudgeHours(t.Context(), result)
	if err != nil {
		t.Fatal(err)
	}
	if len(hours) != 3 || hours[1].Hour != 24 || 4*hours[2].Examples != len(p.Test) || !(hours[2].Mean > 0 && hours[2].Mean < 1) {
		t.Errorf("hours %+v", hours)
	}
	file := filepath.Join(t.TempDir(), "m.safetensors")
	if err := p.Write(file, result, p.Record(result, nil)); err != nil {
		t.Fatal(err)
	}
	m, err := fusion.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	task := m.Config().Tasks[0]
	if len(task.Calibration) != 3 || task.Calibration[1].Hours != 24 || len(task.Thresholds) != 2 || !(task.Thresholds[1].At > task.Thresholds[0].At) || task.Thresholds[0].Found > 0.4 {
		t.Errorf("calibration %v, thresholds %v", task.Calibration, task.Thresholds)
	}
	if n := m.Config().LeastChannels; n < 2 || n > 6 {
		t.Errorf("it answers from %d channels on, want what four fifths of the examples have", n)
	}
	if c := m.Config(); c.ChannelTable == 0 || c.Channels[4].Transform != "log" || !c.Channels[3].Derived || c.Channels[0].Derived {
		t.Errorf("the file does not say how its channels are read: table %d, %+v", c.ChannelTable, c.Channels)
	}
	record, err := RecordOf(m)
	if len(record.Taught) != 3 || !(record.Taught[2].AUROC > 0.4) {
		t.Errorf("the record says of the teachers %+v", record.Taught)
	}
	if err != nil || 4*len(record.Seen) != len(p.Stays.Train) || len(record.Folds) != 2 {
		t.Errorf("record %+v (%v), want it to name %d patients and two folds", record, err, len(p.Stays.Train))
	}

	describes(t, r, paths, file, len(p.Stays.Train))

	// A record of before the hashes of data were whole is renewed when the model is described.
	before := p.Record(result, nil)
	before.Data = p.editions
	old := filepath.Join(t.TempDir(), "before.safetensors")
	if err := p.Write(old, result, before); err != nil {
		t.Fatal(err)
	}
	if d, err := r.Describe(t.Context(), paths, old); err != nil || !strings.Contains(string(d.Record), p.sources[0]) {
		t.Errorf("described, a record of before is %s (%v), want it to name %v", d.Record, err, p.sources)
	}

	// The order in which the folds are named changes nothing; what is not all of them does.
	slices.Reverse(files)
	again, err := r.NewPlan(t.Context(), paths, 1)
	if err != nil {
		t.Fatal(err)
	}
	if again.Signature() != p.Signature() || !slices.Equal(again.Stays.Network.Config.Tasks[0].Calibration, task.Calibration) {
		t.Error("the folds in another order make another model")
	}
	for _, c := range []struct {
		files []string
		set   []string
		want  string
	}{
		{files[:1], nil, "1 models of folds were named"},
		{[]string{files[0], files[0]}, nil, "both of fold"},
		{[]string{files[0], file}, nil, "made by another recipe"},
		{files, []string{"model.gate=softmax"}, "made by another recipe"},
		{nil, nil, "learns from the models of its 2 folds"},
		{files, []string{"split.fold=1"}, "learns from labels alone"},
		{files, []string{"split.folds=0", "teacher.weight=0"}, "has no split.folds"},
	} {
		r := readRecipe(t, "tiny", append(slices.Clone(folded), c.set...)...)
		paths.Folds = c.files
		if _, err := r.NewPlan(t.Context(), paths, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: error %v, want one that says %q", c.files, c.set, err, c.want)
		}
	}
}

// flip turns the outcomes of some of the invented stays over.
func flip(t *testing.T, dir string, which func(i int) bool) {
	t.Helper()
	name := filepath.Join(dir, "Outcomes-invented.txt")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := range lines[1:] {
		if which(i) {
			head, outcome := lines[i+1][:len(lines[i+1])-1], lines[i+1][len(lines[i+1])-1]
			lines[i+1] = head + string('0'+'1'-outcome)
		}
	}
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// An outcome that is flipped changes the hash of its part: a record vouches for labels too.
func TestRecordKnowsTheLabels(t *testing.T) {
	dir := invented(t, 24)
	before := planOf(t, dir, 1)
	id := before.Stays.Set.Examples[before.Test[0]].Stay
	at, err := strconv.Atoi(id)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, dir, func(i int) bool { return i == at-200001 })
	hashes := func(p *Plan) (list []string) {
		for _, part := range [][]int{p.Stays.Train, p.Stays.Held, p.Test} {
			h := p.part("", part).Hash
			if len(h) != 64 {
				t.Fatalf("hash %q, want a whole SHA-256", h)
			}
			list = append(list, h)
		}
		return list
	}
	after := planOf(t, dir, 1)
	if a, b := hashes(before), hashes(after); slices.Equal(a, b) {
		t.Errorf("the outcome of %s is flipped and every part has its hash still", id)
	}
	was, is := before.Record(new(Result), nil).Data, after.Record(new(Result), nil).Data
	if len(was) != 1 || len(is) != 1 || len(was[0]) != len("physionet2012@")+64 || was[0] == is[0] {
		t.Errorf("the data were %v and are %v with the outcome of %s flipped: want one whole SHA-256, and another", was, is, id)
	}
	if !slices.Equal(before.editions, after.editions) {
		t.Errorf("the events are named %v, then %v: they have no outcomes", before.editions, after.editions)
	}
}

// A file whose record is of before the hashes of data were whole is read still: the hashes of its
// parts say that the labels are the same.
func TestRecordOfBeforeIsRead(t *testing.T) {
	dir := invented(t, 24)
	p := planOf(t, dir, 1)
	record := p.Record(&Result{Weights: p.Stays.Params().Values}, nil)
	record.Data = p.editions
	if len(record.Data[0]) != len("physionet2012@")+16 {
		t.Fatalf("the data are named %v, want 16 digits of a hash", record.Data)
	}
	file := filepath.Join(t.TempDir(), "before.safetensors")
	if err := p.Write(file, &Result{Weights: p.Stays.Params().Values}, record); err != nil {
		t.Fatal(err)
	}
	ensemble := func() error {
		_, _, err := readRecipe(t, "tiny").Ensemble(t.Context(), Paths{Data: []string{dir}}, []string{file}, 1, 1)
		return err
	}
	if err := ensemble(); err != nil {
		t.Error(err)
	}
	flip(t, dir, func(int) bool { return true })
	if err := ensemble(); err == nil || !strings.Contains(err.Error(), "another test part") {
		t.Errorf("all outcomes are flipped: error %v, want one of another test part", err)
	}
}

// Each epoch learns from one moment of each stay, and in time from all of them.
func TestOneMomentOfAStayIsDrawn(t *testing.T) {
	p := planOf(t, invented(t, 24), 1, folded[0], "split.validation=0", "training.patience=0", "data.hours=[6, 12, 48]", "augmentation.shorten=0", "augmentation.one_moment=true")
	if n := p.Stays.Examples(); 3*n != len(p.Stays.Train) {
		t.Fatalf("%d examples an epoch of %d in all, want a third", n, len(p.Stays.Train))
	}
	seen := map[int]int{}
	for step := range 300 {
		i := p.Stays.drawn(nn.Draw{Seed: 1, Step: uint64(step)}, 0)
		if e := &p.Stays.Set.Examples[i]; e.Stay != p.Stays.Set.Examples[p.Stays.Moments[0][0]].Stay {
			t.Fatalf("a moment of stay %s stands for another", e.Stay)
		}
		seen[p.Stays.Set.Examples[i].At]++
	}
	if len(seen) != 3 || seen[6] < 70 || seen[12] < 70 || seen[48] < 70 {
		t.Errorf("moments %v, want each hour about 100 times", seen)
	}
	if m := loopOf(p); len(mustRun(t, m).Weights) == 0 {
		t.Error("it does not train")
	}
}
