package fusion

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

var rewrite = flag.Bool("rewrite", false, "write the shipped model file anew")

//go:generate go test -run TestShippedFileIsReproduced -rewrite

// shippedSeed of the untrained file.
const shippedSeed = 2012

func TestShippedFileIsReproduced(t *testing.T) {
	b, err := UntrainedFile(shippedSeed)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile("models/untrained.safetensors", b, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if there, err := shippedFiles.ReadFile("models/untrained.safetensors"); err != nil || !bytes.Equal(b, there) {
		t.Fatal("models/untrained.safetensors is not what UntrainedFile makes: run go generate ./fusion")
	}
	m := Untrained()
	if flop := m.Config().FLOP(); m.Trained() || flop > 1_000_000 {
		t.Errorf("trained %v, %d FLOP behind the time attention, want untrained and at most 1,000,000", m.Trained(), flop)
	}
}

// invented is an input with random observations and items; every third channel is never
// observed.
func invented(shape encoders.Shape, seed uint64) *encoders.Input {
	r := rand.New(rand.NewPCG(seed, 1))
	in := shape.New()
	s := &in.Series
	for i := range s.Count {
		if c := i / s.Cells; c%3 > 0 && r.Float32() < max(0.01, 0.3*min(1, 48/float32(s.Cells))) {
			z := float32(r.NormFloat64())
			s.Count[i], s.Mean[i], s.Var[i] = float32(1+r.IntN(60)), z, r.Float32()
			s.Min[i], s.Max[i], s.First[i], s.Last[i] = z-1, z+1, z+r.Float32()-0.5, z+r.Float32()-0.5
		}
	}
	in.Hours = float32(1 + r.IntN(48))
	if s.Cells%encoders.Bins == 0 {
		vitals.Statistics(in)
	}
	for i := range in.Statics {
		in.Statics[i], in.StaticsKnown[i] = 60*r.Float32(), r.Float32() < 0.7
	}
	for i := range in.Items {
		items := &in.Items[i]
		n := r.IntN(4)
		if items.State = schemas.Present; n == 0 {
			items.State = []schemas.ItemState{schemas.Absent, schemas.Unusable}[r.IntN(2)]
		}
		for range n {
			items.Tau = append(items.Tau, r.Float32())
			if items.Buckets > 0 {
				for range r.IntN(6) {
					items.Words = append(items.Words, schemas.NoteFeature{Bucket: uint16(r.IntN(encoders.MostBuckets)), Count: uint8(1 + r.IntN(255))})
				}
				items.Ends = append(items.Ends, len(items.Words))
				continue
			}
			for range items.Width {
				items.Vectors = append(items.Vectors, float32(r.NormFloat64()))
			}
		}
		slices.Sort(items.Tau)
	}
	return in
}

func predict(m *Model, in ...*encoders.Input) []float32 {
	out := make([]float32, len(in)*len(m.Config().Tasks))
	m.Predict(NewScratch(m), in, out)
	return out
}

func TestPredictDependsOnTheInputAlone(t *testing.T) {
	m := Untrained()
	s, again := NewScratch(m), make([]float32, len(m.Config().Tasks))
	for seed := range uint64(20) {
		in := invented(m.Shape(), seed)
		want := predict(m, in)
		other := predict(m, invented(m.Shape(), seed+100))
		m.Predict(s, []*encoders.Input{invented(m.Shape(), seed+100)}, again)
		m.Predict(s, []*encoders.Input{in}, again)
		if !slices.Equal(again, want) {
			t.Fatalf("seed %d: %v after another patient, %v alone", seed, again, want)
		}
		if slices.Equal(other, want) {
			t.Fatalf("seed %d: another patient gives the same prediction", seed)
		}
		for k, task := range m.Config().Tasks {
			if v := want[k]; !(v >= 0 && v <= 1) && task.Kind == TaskBinary || v-v != 0 {
				t.Fatalf("seed %d: %s is %v", seed, task.Name, v)
			}
		}
	}
}

// A stay's prediction has the same bits alone and in any company, at any place, in every
// form of the network.
func TestPredictionsAreIndependentOfBatchMates(t *testing.T) {
	for _, c := range variants() {
		t.Run(c.Name, func(t *testing.T) {
			m := drawn(t, c, 5)
			tasks := len(c.Tasks)
			var stays []*encoders.Input
			var alone []float32
			for seed := range uint64(9) {
				stays = append(stays, invented(m.Shape(), seed))
				alone = append(alone, predict(m, stays[seed])...)
			}
			r := rand.New(rand.NewPCG(3, 4))
			for range 12 {
				order := r.Perm(len(stays))[:1+r.IntN(len(stays))]
				var batch []*encoders.Input
				for _, i := range order {
					batch = append(batch, stays[i])
				}
				got := predict(m, batch...)
				for at, i := range order {
					if want := alone[i*tasks : (i+1)*tasks]; !slices.Equal(got[at*tasks:(at+1)*tasks], want) {
						t.Fatalf("stay %d in company %v: %v, alone %v", i, order, got[at*tasks:(at+1)*tasks], want)
					}
				}
			}
		})
	}
}

// Every modality counts, present, unusable or missing, and any subset of them may be
// there.
func TestEverySubsetOfModalities(t *testing.T) {
	m := Untrained()
	seen := map[string]int{}
	for subset := range 1 << 4 {
		in := invented(m.Shape(), 5)
		if subset&1 == 0 {
			in.Series.Clear()
		}
		for k := range in.Items {
			in.Items[k] = encoders.Items{State: schemas.Absent}
			if subset&(2<<k) != 0 {
				in.Items[k] = encoders.Items{State: schemas.Present, Tau: []float32{0.5}}
			}
		}
		p := fmt.Sprint(predict(m, in))
		if before, ok := seen[p]; ok {
			t.Errorf("subsets %04b and %04b give the same prediction", before, subset)
		}
		seen[p] = subset
	}
	in := invented(m.Shape(), 5)
	in.Items[0].State = schemas.Unusable
	unusable := predict(m, in)
	in.Items[0].State = schemas.Present
	if slices.Equal(predict(m, in), unusable) {
		t.Error("an unusable ECG counts as a usable one")
	}
}

// What an absent modality's slots hold does not count.
func TestGarbageBehindAbsence(t *testing.T) {
	for _, c := range variants() {
		m := drawn(t, c, 6)
		in := invented(m.Shape(), 8)
		for i := range in.Items {
			in.Items[i] = encoders.Items{State: schemas.Absent, Width: in.Items[i].Width}
		}
		want := predict(m, in)
		for i := range in.Series.Mean {
			if in.Series.Count[i] == 0 {
				in.Series.Mean[i], in.Series.Last[i] = 1e30, -1e30
			}
		}
		if got := predict(m, in); !slices.Equal(got, want) {
			t.Errorf("%s: %v, with garbage in empty cells %v", c.Name, want, got)
		}
	}
}

func TestExtremeInputsStayFinite(t *testing.T) {
	m := Untrained()
	for _, v := range []float32{0, -6, 6} {
		in := invented(m.Shape(), 1)
		for i := range in.Series.Mean {
			in.Series.Count[i], in.Series.Mean[i], in.Series.Last[i] = 1e6, v, v
		}
		in.Series.Count[0] = math.MaxFloat32 / 1e5
		in.Items[0] = encoders.Items{State: schemas.Present, Tau: []float32{v}}
		vitals.Statistics(in)
		for k, p := range predict(m, in) {
			if p-p != 0 {
				t.Errorf("all values %v: task %d is %v", v, k, p)
			}
		}
	}
}

func TestPredictAllocatesNothing(t *testing.T) {
	for _, c := range variants() {
		m := drawn(t, c, 3)
		s := NewScratch(m)
		batch := []*encoders.Input{invented(m.Shape(), 3), invented(m.Shape(), 4), invented(m.Shape(), 5)}
		out := make([]float32, len(batch)*len(c.Tasks))
		m.Predict(s, batch, out)
		if n := testing.AllocsPerRun(20, func() { m.Predict(s, batch, out) }); n != 0 {
			t.Errorf("%s: %v allocations a prediction", c.Name, n)
		}
	}
}

func BenchmarkPredict(b *testing.B) {
	for _, name := range ShippedNames() {
		b.Run(name, func(b *testing.B) {
			m := Named(name)
			s, in := NewScratch(m), []*encoders.Input{invented(m.Shape(), 3)}
			out := make([]float32, len(m.Config().Tasks))
			m.Predict(s, in, out)
			b.ReportAllocs()
			for b.Loop() {
				m.Predict(s, in, out)
			}
			b.ReportMetric(float64(m.Config().FLOP()), "FLOP-behind-attention/op")
		})
	}
}

// The models in the binary can be read and asked, and the one that serves says what it is.
func TestShippedModels(t *testing.T) {
	for _, name := range ShippedNames() {
		m := Named(name)
		for _, v := range predict(m, invented(m.Shape(), 5)) {
			if v-v != 0 {
				t.Errorf("%s predicts %v", name, v)
			}
		}
		if again, err := Load(name); err != nil || again != m {
			t.Errorf("%s is not found by its name: %v", name, err)
		}
	}
	m := Shipped()
	b, err := shippedFiles.ReadFile("models/" + OpenICU + ".safetensors")
	if err != nil || len(b) > 10<<20 {
		t.Errorf("the file has %d bytes (%v), want at most 10 MiB", len(b), err)
	}
	task := m.Config().Tasks[0]
	if !m.Trained() || m.Record() == nil || task.Name != "mortality" || task.Report != ReportRisk || len(task.Calibration) < 5 || len(task.Thresholds) != 2 || m.Config().ChannelTable == 0 {
		t.Errorf("trained %v, task %+v", m.Trained(), task)
	}
	if Named("another") != nil {
		t.Error("a model of another name")
	}
}

// Scale and shift go in straight lines between the hours of a calibration, and stay at its ends.
func TestCalibrationGoesByTheHours(t *testing.T) {
	task := Task{Kind: TaskBinary, Calibration: []CalibrationPoint{{Hours: 2, Scale: 1, Shift: 0}, {Hours: 4, Scale: 2, Shift: -1}, {Hours: 48, Scale: 3, Shift: 0}}}
	for _, c := range []struct{ hours, logit, want float32 }{
		{1, 0.5, 0.5}, {2, 0.5, 0.5}, {3, 1, 1.5 - 0.5}, {4, 1, 1}, {26, 1, 2.5 - 0.5}, {48, 1, 3}, {60, 1, 3},
	} {
		if got, want := task.Probability(c.logit, c.hours), 1/(1+math.Exp(-float64(c.want))); math.Abs(float64(got)-want) > 1e-6 {
			t.Errorf("hour %v: %v, want the probability of logit %v, %v", c.hours, got, c.want, want)
		}
	}
	if got, want := (&Task{Kind: TaskBinary}).Probability(1, 9), 1/(1+math.Exp(-1)); math.Abs(float64(got)-want) > 1e-6 {
		t.Errorf("without a calibration: %v, want %v", got, want)
	}
}

// A stay of which too little is known gets no probability, whatever stands beside it.
func TestAbstains(t *testing.T) {
	m := drawn(t, variants()[0], 3)
	full, few := invented(m.Shape(), 3), m.Shape().New()
	few.Hours = 5
	few.Series.Count[1*few.Series.Cells] = 2
	want := predict(m, full)
	m.network.Config.LeastChannels = 2
	out := make([]float32, 2*len(want))
	m.Predict(NewScratch(m), []*encoders.Input{few, full}, out)
	for k, task := range m.Config().Tasks {
		if v := out[k]; (task.Kind == TaskBinary) != (v != v) {
			t.Errorf("of one channel %s is %v", task.Name, v)
		}
	}
	if !slices.Equal(out[len(want):], want) {
		t.Errorf("beside it %v, alone %v", out[len(want):], want)
	}
	if Observed(&few.Series) != 1 || Observed(&m.Shape().New().Series) != 0 {
		t.Error("channels are miscounted")
	}
}
