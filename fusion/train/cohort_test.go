package train_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

var allStatics = []vitals.Static{vitals.StaticAge, vitals.StaticSex, vitals.StaticHeight, vitals.StaticUnit, vitals.StaticWeight}

// cohort of stays at the given hours, labelled with the hour and a NaN.
func cohort(hours ...int) train.Cohort {
	return train.Cohort{
		Channels: train.PhysioNetChannels(), Statics: allStatics, Cells: encoders.Bins, Tasks: []string{"hour", "unknown"},
		Moments: func(s source.Stay) (list []schemas.Time) {
			for _, h := range hours {
				list = append(list, s.Admit+schemas.Time(h)*schemas.Hour)
			}
			return list
		},
		Labels: func(_ string, s source.Stay, asOf schemas.Time) []float32 {
			return []float32{float32((asOf - s.Admit) / schemas.Hour), float32(math.NaN())}
		},
	}
}

// records is a folder of PhysioNet records by id.
func records(t *testing.T, lines map[string][]string) *physionet.Source {
	t.Helper()
	dir := t.TempDir()
	for id, list := range lines {
		text := "Time,Parameter,Value\n00:00,RecordID," + id + "\n" + strings.Join(list, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(dir, id+".txt"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := physionet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func load(t *testing.T, s source.Source, c train.Cohort) *train.Set {
	t.Helper()
	set, err := train.Load(t.Context(), s, c)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// A moment sees what was available by then, or with Charted what was measured by then.
func TestLoadKnowsWhatWasAvailable(t *testing.T) {
	lines := map[string][]string{
		"2": {"00:00,Age,54", "00:00,Gender,1", "00:00,Height,-1", "00:00,ICUType,4", "00:00,Weight,80", "00:30,HR,80", "05:55,HR,100", "05:00,pH,735", "07:00,HR,0"},
		"1": {"00:00,Age,70"},
	}
	count := func(charted bool, name string) (counts []float32) {
		c := cohort(6, 8)
		c.Charted = charted
		set := load(t, records(t, lines), c)
		if len(set.Examples) != 4 || set.Examples[0].Patient != "physionet2012:1" || set.Examples[3].Stay != "2" {
			t.Fatalf("examples %+v", set.Examples)
		}
		in := set.Shape().New()
		for i := 2; i < 4; i++ {
			set.Fill(in, i, set.Channels, nil)
			if want := []bool{true, true, false, true, true}; !slices.Equal(in.StaticsKnown, want) || !slices.Equal(in.Statics, []float32{54, 1, 0, 4, 80}) {
				t.Errorf("statics %v %v", in.Statics, in.StaticsKnown)
			}
			if in.Hours != set.Examples[i].Labels[0] {
				t.Errorf("%v hours, want %v", in.Hours, set.Examples[i].Labels[0])
			}
			for k, ch := range set.Channels {
				if ch.ID.Info().PhysioNet == name {
					counts = append(counts, in.Stats[k*encoders.Statistics+vitals.Count])
				}
			}
		}
		return counts
	}
	for _, c := range []struct {
		charted bool
		name    string
		want    []float32
	}{
		{false, "HR", []float32{1, 2}}, // that of 05:55 was charted at 06:09; a rate of 0 is not read
		{true, "HR", []float32{2, 2}},
		{false, "pH", []float32{0, 1}}, // known at 06:05
		{true, "pH", []float32{1, 1}},
		{true, "Weight", []float32{1, 1}},
	} {
		if got := count(c.charted, c.name); !slices.Equal(got, c.want) {
			t.Errorf("%s, charted %v: %v values at hours 6 and 8, want %v", c.name, c.charted, got, c.want)
		}
	}
}

// The order in which patients come, and the number of cores, leave no trace; what is
// done to an example changes the next one as little.
func TestLoadAndFillRepeat(t *testing.T) {
	lines := map[string][]string{}
	for i := range 40 {
		for h := range 48 {
			lines[fmt.Sprint(100+i)] = append(lines[fmt.Sprint(100+i)], fmt.Sprintf("%02d:%02d,HR,%d", h, i, 60+(i*h)%50), fmt.Sprintf("%02d:59,K,%d.5", h, 3+(i+h)%3))
		}
	}
	sets := [2]*train.Set{}
	for i := range sets {
		sets[i] = load(t, records(t, lines), cohort(12, 48))
	}
	plain := func(s *train.Set) *train.Set { // NaN is not equal to itself
		for i := range s.Examples {
			s.Examples[i].Labels, s.Examples[i].Teacher = s.Examples[i].Labels[:1], 0
		}
		return s
	}
	if !reflect.DeepEqual(plain(sets[0]), plain(sets[1])) {
		t.Error("the same records gave other examples")
	}
	s := sets[0]
	a, b := s.Shape().New(), s.Shape().New()
	s.Fill(a, 1, s.Channels, nil)
	s.Fill(b, 1, s.Channels, func(in *encoders.Input) { vitals.Shorten(in, 12) })
	if reflect.DeepEqual(a, b) || b.Hours != 12 {
		t.Error("shortening changed nothing")
	}
	s.Fill(b, 1, s.Channels, nil)
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("filled again (-first +again):\n%s", d)
	}
}

type failing struct{ source.Source }

func (failing) Patients(context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		yield(nil, fmt.Errorf("the disk is gone"))
	}
}

func TestLoadErrors(t *testing.T) {
	if _, err := train.Load(t.Context(), records(t, map[string][]string{"1": {"00:07,HR,70"}}), train.Cohort{}); err == nil {
		t.Error("a cohort of nothing gave a set")
	}
	_, err := train.Load(t.Context(), failing{}, cohort(48))
	if err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("error %v, want the source's", err)
	}
}

func TestFolds(t *testing.T) {
	s := &train.Set{}
	for p := range 97 {
		for e := range 1 + p%3 {
			label := float32(0)
			if p%7 == 0 && e == p%3 {
				label = 1
			}
			if p%11 == 3 {
				label = float32(math.NaN())
			}
			s.Examples = append(s.Examples, train.Example{Patient: fmt.Sprint(p), Labels: []float32{9, label}})
		}
	}
	s.Examples = append(s.Examples, train.Example{Patient: "0", Labels: []float32{9, 0}}) // of another source
	folds := s.Folds(5, 1, 0)
	of, size, ill := map[string]int{}, make([]int, 5), make([]int, 5)
	for i, e := range s.Examples {
		if before, ok := of[e.Patient]; ok && before != folds[i] {
			t.Errorf("patient %s is in two folds", e.Patient)
		} else if !ok {
			size[folds[i]]++
		}
		of[e.Patient] = folds[i]
		if e.Labels[1] == 1 {
			ill[folds[i]]++
		}
	}
	if slices.Max(size)-slices.Min(size) > 1 || slices.Max(ill)-slices.Min(ill) > 1 {
		t.Errorf("folds of %v patients with %v of label 1", size, ill)
	}
	if slices.Equal(folds, s.Folds(5, 1, 1)) || !slices.Equal(folds, s.Folds(5, 1, 0)) {
		t.Error("folds are no function of the seed")
	}
}

func TestWriteStatistics(t *testing.T) {
	set := load(t, records(t, map[string][]string{"7": {"00:00,Age,54", "01:00,HR,80", "03:00,HR,90"}}), cohort(48))
	var text bytes.Buffer
	if err := set.WriteStatistics(&text, set.Channels, train.Share{Name: "train", Examples: []int{0}}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || len(rows[0]) != 4+2+5+37*12 {
		t.Fatalf("%d rows of %d columns", len(rows), len(rows[0]))
	}
	got := map[string]string{}
	for i, name := range rows[0] {
		got[name] = rows[1][i]
	}
	for name, want := range map[string]string{
		"stay": "7", "patient": "physionet2012:7", "as_of": "2012-01-03T00:00:00.000Z", "part": "train", "label.hour": "48", "label.unknown": "", "age": "54", "sex": "",
		"heart_rate.last": "6", "heart_rate.age": "44", "heart_rate.count": "2", "heart_rate.mean12": "", "heart_rate.count12": "0", "ph.last": "", "ph.count": "0",
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
}

// Centres and scales of set a are those that the recipe names, which another program
// computed. That program read no mean pressure where only systole and diastole were charted;
// ours is derived there (78/13.8 and 75.3/14.4 without).
func TestScalesOfSetA(t *testing.T) {
	dir := opendata.Dir(t)
	if testing.Short() {
		t.Skip("reads 4,000 stays")
	}
	recorded, err := physionet.Open(filepath.Join(dir, "physionet2012", "set-a.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	c := cohort(48)
	c.Charted = true
	set := load(t, recorded, c)
	all := make([]int, len(set.Examples))
	for i := range all {
		all[i] = i
	}
	channels := set.FitScales(all)
	wanted := strings.Fields(`HR 86/17.6 MAP 78/13.9 SysABP 117/21.7 DiasABP 58/11.7 NISysABP 117/21.1 NIDiasABP 57/14.4 NIMAP 75.7/14.4
		Temp 37.2/0.78 RespRate 19/5.07 SaO2 97/1.95 Urine 4.26/0.983 GCS 13/3.51 FiO2 0.5/0.215 MechVent 0/1 Weight 81/22 pH 7.38/0.0702
		PaCO2 3.66/0.194 PaO2 4.79/0.516 HCT 30.3/4.88 K 1.41/0.143 Platelets 5.15/0.546 Creatinine 0/0.628 BUN 3/0.72 HCO3 23/4.68
		Mg 0.693/0.174 Na 139/4.68 Glucose 4.84/0.326 WBC 2.43/0.484 Lactate 0.693/0.679 Bilirubin -0.105/1.22 AST 4.16/1.54 ALT 3.76/1.59
		ALP 4.41/0.594 Albumin 2.9/0.663 TroponinT -1.61/1.81 TroponinI 0.956/1.42 Cholesterol 152/43.7`)
	if len(wanted) != 2*len(channels) {
		t.Fatalf("%d channels, want %d", len(channels), len(wanted)/2)
	}
	for i, c := range channels {
		got := fmt.Sprintf("%.3g/%.3g", c.Centre, c.Scale)
		if c.ID.Info().PhysioNet != wanted[2*i] || got != wanted[2*i+1] {
			t.Errorf("%s %s, want %s %s", c.ID.Info().PhysioNet, got, wanted[2*i], wanted[2*i+1])
		}
	}
	if len(set.Examples) != 4000 {
		t.Errorf("%d stays, want 4000", len(set.Examples))
	}
}
