package train

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// From records to a model file: it learns what was put in, and the file says how it came
// about.
func TestPlanLearnsInventedStays(t *testing.T) {
	p := planOf(t, invented(t, 160), 1, "training.epochs=8", "data.hours=[48]", "training.patience=0")
	r := mustRun(t, loopOf(p))
	test, err := p.Judge(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if q := test[0]; q.Task != "mortality" || q.AUROC.Value < 0.9 || !(q.AUROC.Low <= q.AUROC.Value && q.AUROC.Value <= q.AUROC.High) {
		t.Errorf("%+v", q)
	}
	if len(test) != 2 || test[1].Task != "dead_30_days" {
		t.Errorf("binary tasks are judged, no others: %+v", test)
	}
	record := p.Record(r, test)
	if s := record.Splits; s[0].Examples+s[1].Examples+s[2].Examples != 160 || s[2].Examples != 40 || s[1].Examples != 24 {
		t.Errorf("splits %+v", s)
	}
}

// No patient is in two parts, whatever the hours; the parts are the split's and not those
// of training's seed.
func TestPartsShareNoPatient(t *testing.T) {
	dir := invented(t, 60)
	p, q := planOf(t, dir, 1), planOf(t, dir, 2)
	if !slices.Equal(p.Test, q.Test) || !slices.Equal(p.Stays.Held, q.Stays.Held) {
		t.Error("the parts depend on the seed of training")
	}
	if slices.Equal(p.Test, planOf(t, dir, 1, "split.seed=5").Test) {
		t.Error("the parts do not depend on the seed of the split")
	}
	of := map[string]string{}
	n := 0
	for name, part := range map[string][]int{"train": p.Stays.Train, "validation": p.Stays.Held, "test": p.Test} {
		for _, i := range part {
			patient := p.Stays.Set.Examples[i].Patient
			if before, ok := of[patient]; ok && before != name {
				t.Errorf("patient %s is in %s and in %s", patient, before, name)
			}
			of[patient] = name
			n++
		}
	}
	if n != 3*60 || len(of) != 60 {
		t.Errorf("%d examples of %d patients", n, len(of))
	}
}

// The whole way gives the same file on one core and on two, and after a cut.
func TestSameSeedSameFile(t *testing.T) {
	dir := invented(t, 60)
	file := func(seed uint64, change func(*Loop)) string {
		p := planOf(t, dir, seed)
		l := loopOf(p)
		change(l)
		r := mustRun(t, l)
		test, err := p.Judge(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "m")
		if err := p.Write(path, r, p.Record(r, test)); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := file(1, func(*Loop) {})
	before := runtime.GOMAXPROCS(1)
	one := file(1, func(l *Loop) { l.Threads = 1 })
	runtime.GOMAXPROCS(before)
	if one != want {
		t.Error("one core gives another file")
	}
	if file(2, func(*Loop) {}) == want {
		t.Error("another seed gives the same file")
	}
}

// What a stay's augmentation is does not depend on its place in the batch, and it is
// another one in another step.
func TestAugmentationIsTheStays(t *testing.T) {
	p := planOf(t, invented(t, 20), 1)
	in := p.Stays.Network.Shape().New()
	seen := map[string]bool{}
	shortened, thinned := 0, 0
	for step := range uint64(200) {
		d := nn.Draw{Seed: 1, Step: step}
		bits := func() string {
			p.Stays.Set.Fill(in, 2, p.Stays.Channels, p.Stays.Augmentation.transform(d, 2))
			return fmt.Sprint(in.Series.Count, in.Hours)
		}
		first := bits()
		if bits() != first {
			t.Fatal("the same draw changed the stay in two ways")
		}
		seen[first] = true
		if in.Hours < 48 {
			shortened++
			if in.Hours < 6 {
				t.Errorf("only %v hours were kept", in.Hours)
			}
		}
		n := 0
		for _, c := range in.Series.Count {
			n += int(c)
		}
		if n < 60 {
			thinned++
		}
	}
	if len(seen) < 180 || shortened < 70 || shortened > 130 || thinned == 0 {
		t.Errorf("of 200 steps %d are different, %d shortened, %d thinned", len(seen), shortened, thinned)
	}
}

// The target of the first task is the mean of label and teacher by the weight; a loss
// against it is that of the two losses.
func TestTeacher(t *testing.T) {
	dir := invented(t, 20)
	p := planOf(t, dir, 1, "data.hours=[48]")
	table := "patient,stay,probability\n"
	for i := range p.Stays.Set.Examples {
		e := &p.Stays.Set.Examples[i]
		table += fmt.Sprintf("%s,%s,0.25\n", e.Patient, e.Stay)
	}
	path := filepath.Join(t.TempDir(), "teacher.csv")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(table)
	r := readRecipe(t, "tiny", "data.hours=[48]", "teacher.weight=0.4")
	taught, err := r.NewPlan(t.Context(), Paths{Data: []string{dir}, Teacher: path}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 3)
	for _, i := range taught.Stays.Train {
		taught.Stays.targets(got, i)
		if want := 0.6*float64(taught.Stays.Set.Examples[i].Labels[0]) + 0.4*0.25; math.Abs(float64(got[0])-want) > 1e-6 {
			t.Errorf("target %v, want %v", got[0], want)
		}
	}
	if taught.Signature() == p.Signature() || taught.Record(&Result{}, nil).Teacher == "" {
		t.Error("the teacher leaves no trace in signature and record")
	}
	first := strings.SplitN(table, "\n", 3)[1]
	for want, text := range map[string]string{
		"no column probability":       strings.Replace(table, "probability", "p", 1),
		"want a number from 0 to 1":   strings.Replace(table, "0.25", "25", 1),
		"is there twice":              table + first + "\n",
		"which is to be learned from": "patient,stay,probability\n" + first + "\n",
		"no header":                   "",
		"wrong number of fields":      table + "a,b\n",
	} {
		write(text)
		if _, err := r.NewPlan(t.Context(), Paths{Data: []string{dir}, Teacher: path}, 1); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "teacher.py makes one") {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	if _, err := r.NewPlan(t.Context(), Paths{Data: []string{dir}}, 1); err == nil || !strings.Contains(err.Error(), "--set teacher.weight=0") {
		t.Errorf("without a table: %v", err)
	}
}

func TestPlanRefuses(t *testing.T) {
	dir := invented(t, 12)
	base := filepath.Base(dir)
	refused := func(want string, set ...string) {
		t.Helper()
		r := readRecipe(t, "tiny", set...)
		if _, err := r.NewPlan(t.Context(), Paths{Data: []string{dir}}, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want one that says %q", set, err, want)
		}
	}
	refused("there is no set-z or set-z.tar.gz", "data.train=[set-z]", "data.test=[set-y]")
	refused("training would see test patients", "data.train=["+base+"]", "data.test=["+base+"]")
	refused("no stay is left to train on", "data.hours=[49]")
	outcomes := filepath.Join(dir, "Outcomes-invented.txt")
	b, err := os.ReadFile(outcomes)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(outcomes, []byte(strings.Join(strings.SplitAfter(string(b), "\n")[:5], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("has no line in the outcomes")
}

// A file is scored as it was at the end of training; of two the probabilities are averaged;
// one that may have seen the stays is refused.
func TestEnsemble(t *testing.T) {
	dir := invented(t, 60)
	paths := Paths{Data: []string{dir}}
	r := readRecipe(t, "tiny", "training.epochs=1", "training.patience=0")
	var files []string
	var quality [][]TaskQuality
	for seed := range uint64(2) {
		p, err := r.NewPlan(t.Context(), paths, seed)
		if err != nil {
			t.Fatal(err)
		}
		result := mustRun(t, loopOf(p))
		q, err := p.Judge(t.Context(), result)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "m")
		if err := p.Write(file, result, p.Record(result, q)); err != nil {
			t.Fatal(err)
		}
		files, quality = append(files, file), append(quality, q)
		got, part, err := r.Ensemble(t.Context(), paths, files[seed:], 2, seed)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(q) || part.Examples != len(p.Test) {
			t.Errorf("seed %d: %v, %+v, want %+v", seed, err, got, q)
		}
	}
	both, _, err := r.Ensemble(t.Context(), paths, files, 2, 0)
	if err != nil || both[0].Brier.Value >= (quality[0][0].Brier.Value+quality[1][0].Brier.Value)/2 {
		t.Errorf("%v: the mean of two has Brier %v, want less than the mean of %v and %v", err, both[0].Brier, quality[0][0].Brier, quality[1][0].Brier)
	}
	for want, set := range map[string]string{
		"may have seen these stays":   "split.seed=9",
		"are not those of the recipe": "model.statics=[age]",
	} {
		if _, _, err := readRecipe(t, "tiny", set).Ensemble(t.Context(), paths, files, 1, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", set, err, want)
		}
	}
	if _, _, err := r.Ensemble(t.Context(), paths, []string{"nowhere"}, 1, 0); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a file that is not: %v", err)
	}
}
