package train

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// invented writes a folder of n records in the form of PhysioNet 2012, with outcomes:
// of those who die lactate rises and the score of consciousness falls.
func invented(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	outcomes := "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death\n"
	for i := range n {
		id, d := fmt.Sprint(200001+i), nn.Draw{Seed: uint64(i)}.Row(0, 0)
		died := d.Uniform(0) < 0.35
		var b strings.Builder
		fmt.Fprintf(&b, "Time,Parameter,Value\n00:00,RecordID,%s\n00:00,Age,%d\n00:00,Gender,%d\n00:00,Height,-1\n00:00,ICUType,%d\n00:00,Weight,80\n",
			id, 30+int(60*d.Uniform(1)), i%2, 1+i%4)
		for h := range 48 {
			ill := 0.0
			if died {
				ill = float64(h) / 48
			}
			at := func(k int) float64 { return d.Normal(uint64(10 + 10*h + k)) }
			fmt.Fprintf(&b, "%02d:05,HR,%d\n", h, 80+int(5*at(0)+20*ill))
			if d.Uniform(uint64(1000+h)) < 0.3 {
				fmt.Fprintf(&b, "%02d:20,RespRate,%d\n%02d:20,Temp,%.1f\n", h, 18+int(2*at(1)), h, 37+0.3*at(2))
			}
			if h%6 == 1 {
				fmt.Fprintf(&b, "%02d:40,GCS,%d\n%02d:40,Lactate,%.1f\n", h, max(3, min(15, 14-int(8*ill+at(3)))), h, max(0.4, 1.5+4*ill+0.3*at(4)))
			}
		}
		if err := os.WriteFile(filepath.Join(dir, id+".txt"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		dies, survival := 0, -1
		if died {
			dies, survival = 1, 5+i%20
		}
		outcomes += fmt.Sprintf("%s,%d,%d,9,%d,%d\n", id, 10+i%9, i%12-1, survival, dies)
	}
	if err := os.WriteFile(filepath.Join(dir, "Outcomes-invented.txt"), []byte(outcomes), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func planOf(t testing.TB, dir string, seed uint64, set ...string) *Plan {
	t.Helper()
	r, err := ReadRecipe("tiny", set)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.NewPlan(t.Context(), Paths{Data: []string{dir}}, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func loopOf(p *Plan) *Loop {
	return &Loop{Problem: p.Stays, Settings: p.Recipe.Training, Seed: p.Seed, Threads: 2}
}

// The scales of items' vectors are those of the examples that are named, number by number; what is nearly always the
// same keeps its size.
func TestScalesOfItems(t *testing.T) {
	s := &Set{Items: []ItemModality{{}, {Content: encoders.Content{Width: 3}}}}
	for i := range 101 {
		far := float32(0)
		if i == 0 {
			far = 9
		}
		s.Examples = append(s.Examples, Example{Items: []encoders.Items{{}, {Vectors: []float32{float32(i), 7, far}}}})
	}
	s.Examples = append(s.Examples, Example{Items: []encoders.Items{{}, {Vectors: []float32{1e9, 1e9, 1e9}}}}) // of the test part
	var train []int
	for i := range 101 {
		train = append(train, i)
	}
	centre, scale := s.FitItemScales(1, train)
	if !slices.Equal(centre, []float32{50, 0, 0}) || !slices.Equal(scale, []float32{80 / 2.563, 1, 1}) {
		t.Errorf("centre %v, scale %v", centre, scale)
	}
	if centre, scale = s.FitItemScales(1, train[:40]); !slices.Equal(centre, []float32{0, 0, 0}) || !slices.Equal(scale, []float32{1, 1, 1}) {
		t.Errorf("of 40 vectors, which tell nothing: centre %v, scale %v", centre, scale)
	}
}
