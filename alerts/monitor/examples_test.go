package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/ecg/classifier"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// What the network is given to learn from is what it is given to serve: patients are
// replayed through Step, and what the model read at the last score of each moment is
// held, bit by bit, against the example of that moment.
func TestExamplesAreWhatIsServed(t *testing.T) {
	t.Run("records", func(t *testing.T) {
		dir := t.TempDir()
		for i := range 6 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i+1)+".txt"), recordFile(i+1), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		agree(t, func() (source.Source, error) { return physionet.Open(dir) }, 200)
	})
	t.Run("invented", func(t *testing.T) {
		agree(t, func() (source.Source, error) {
			return synth.New(synth.Config{Seed: 3, Beds: 2, Duration: 90 * time.Minute})
		}, 1000)
	})
	t.Run("content", func(t *testing.T) {
		agreeOn(t, contentModel(t), func() (source.Source, error) {
			return synth.New(synth.Config{Seed: 3, Beds: 1, Duration: 40 * time.Minute})
		}, 300)
	})
	t.Run("mimic-iii", func(t *testing.T) {
		dir := filepath.Join(opendata.Dir(t), "mimic-iii-demo")
		agree(t, func() (source.Source, error) {
			recorded, err := mimic.Open(dir)
			return few{recorded, 5}, err
		}, 500)
	})
}

// contentModel is a model with drawn weights that reads strips by their vectors and notes by their
// hashed words.
func contentModel(t *testing.T) *fusion.Model {
	c := *fusion.Untrained().Config()
	c.Modalities = slices.Clone(c.Modalities)
	for i := range c.Modalities {
		switch m := &c.Modalities[i]; m.Name {
		case "ecg":
			m.Width, m.Encoder = classifier.VectorWidth, record.Builtin(encoders.ECG)
		case "notes":
			m.Width, m.Buckets, m.Encoder = 4, 256, record.Builtin(encoders.Notes)
		}
	}
	n, err := fusion.NewNetwork[float32](&c)
	if err != nil {
		t.Fatal(err)
	}
	n.Init(4)
	b, err := n.Marshal(nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := fusion.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// recordFile is a PhysioNet record of a stay with values at one time, late ones, implausible ones, and gaps.
func recordFile(id int) []byte {
	text := fmt.Appendf(nil, "Time,Parameter,Value\n00:00,RecordID,%d\n00:00,Age,%d\n00:00,Gender,%d\n00:00,Height,-1\n00:00,ICUType,%d\n00:00,Weight,8%d\n", id, 50+id, id%2, 1+id%4, id)
	for h := id; h < 48; h += 1 + id%3 {
		text = fmt.Appendf(text, "%02d:%02d,HR,%d\n%02d:59,HR,%d\n%02d:30,K,%d.%d\n%02d:30,K,4.4\n%02d:00,Urine,%d\n", h, id, 60+h*id%60, h, (h%5)*70, h, 3+h%2, id, h, h, h*10)
	}
	return text
}

// few are the first patients of a source.
type few struct {
	source.Source
	n int
}

func (f few) Patients(ctx context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		left := f.n
		for p, err := range f.Source.Patients(ctx) {
			if left--; left < 0 || !yield(p, err) {
				return
			}
		}
	}
}

// agree is agreeOn for a model that reads when items came.
func agree(t *testing.T, open func() (source.Source, error), least int) {
	agreeOn(t, fusion.Untrained(), open, least)
}

// agreeOn plays the source through Step and holds at least some moments against examples.
func agreeOn(t *testing.T, model *fusion.Model, open func() (source.Source, error), least int) {
	served := map[string]*encoders.Input{} // by stay and moment
	moments := map[string][]schemas.Time{} // by stay
	serve(t, open, model, func(s *schemas.Score, in *encoders.Input) {
		if list := moments[s.Stay]; len(list) == 0 || list[len(list)-1] != s.AsOf {
			moments[s.Stay] = append(list, s.AsOf)
		}
		for i := range in.Items {
			if len(in.Items[i].Projected) > 0 {
				whole := copyOf(in)
				for k := range whole.Items {
					whole.Items[k].Projected = slices.Clone(in.Items[k].Projected)
				}
				served[keptOf+s.Stay+s.AsOf.String()] = whole
			}
		}
		served[s.Stay+s.AsOf.String()] = copyOf(in)
	})
	recorded, err := open()
	if err != nil {
		t.Fatal(err)
	}
	cohort := train.Cohort{
		Channels: model.Channels(), Statics: model.Statics(), Cells: model.Config().Cells,
		Moments: func(s source.Stay) []schemas.Time { return moments[s.ID] },
		Labels:  func(string, source.Stay, schemas.Time) []float32 { return nil },
	}
	for _, m := range model.Config().Modalities {
		if m.Kind == fusion.KindItems {
			cohort.Items = append(cohort.Items, train.ItemModality{Which: encoders.Modality(slices.Index(encoders.Names[:], m.Name)), Content: m.Content()})
		}
	}
	set, err := train.Load(t.Context(), recorded, cohort)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for key := range served {
		if !strings.HasPrefix(key, keptOf) {
			at++
		}
	}
	if len(set.Examples) != at || len(served) < least {
		t.Errorf("%d examples, %d moments were served, want at least %d", len(set.Examples), len(served), least)
	}
	in := set.Shape().New()
	scratch, tasks := fusion.NewScratch(model), len(model.Config().Tasks)
	seen, content := 0, 0
	for i := range set.Examples {
		e := &set.Examples[i]
		set.Fill(in, i, model.Channels(), nil)
		if was := served[e.Stay+e.AsOf.String()]; !reflect.DeepEqual(was, copyOf(in)) {
			t.Fatalf("stay %s at %v (-served +example):\n%s", e.Stay, e.AsOf, cmp.Diff(was, copyOf(in)))
		}
		seen += e.Series.Bytes()
		answers := make([]float32, 2*tasks)
		if kept := served[keptOf+e.Stay+e.AsOf.String()]; kept != nil { // with the first layers that serving keeps
			content++
			model.Predict(scratch, []*encoders.Input{kept}, answers[:tasks])
			model.Predict(scratch, []*encoders.Input{in}, answers[tasks:])
			if !slices.Equal(answers[:tasks], answers[tasks:]) {
				t.Fatalf("stay %s at %v: %v served, %v of the example", e.Stay, e.AsOf, answers[:tasks], answers[tasks:])
			}
		}
	}
	if readsContent := slices.ContainsFunc(cohort.Items, func(i train.ItemModality) bool { return i.Width > 0 }); readsContent && content == 0 {
		t.Error("no moment had content")
	}
	if seen == 0 {
		t.Error("nothing was observed at any moment")
	}
}

// serve plays each patient alone, with a tick at each full hour so that no step gives two
// scores of unlike moments, and tells what the model read at each score.
func serve(t *testing.T, open func() (source.Source, error), model *fusion.Model, tell func(*schemas.Score, *encoders.Input)) {
	recorded, err := open()
	if err != nil {
		t.Fatal(err)
	}
	plan, err := replay.NewPlan(t.Context(), recorded, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := modelMonitor()
	m.Model, m.Settings.ScoreInterval = model, EveryRecord
	encoder := record.Encoder{Strip: record.AnalyseStrip, Note: record.ReadNote}
	partitions, offset := map[string]*Partition{}, int64(0)
	step := func(s *Partition, rec *schemas.Record) {
		out, err := m.Step(s, rec, offset, nil)
		if err != nil {
			t.Fatal(err)
		}
		offset++
		scores := 0
		for i := range out {
			if out[i].Topic != schemas.TopicScores {
				continue
			}
			var score schemas.Score
			if err := json.Unmarshal(out[i].Value, &score); err != nil {
				t.Fatal(err)
			}
			if scores++; scores > 1 {
				t.Fatalf("a step gave %d scores", scores)
			}
			tell(&score, s.scratch.model.inputs[0])
		}
	}
	for i := range plan.Len() {
		event := plan.Event(i)
		s := partitions[event.Patient]
		if s == nil {
			s = NewPartition()
			partitions[event.Patient] = s
		}
		rec, _ := encoder.Record(event, &schemas.Message{Topic: event.Topic}, 0)
		if rec == nil {
			continue
		}
		for p := s.patients[event.Patient]; p != nil && p.stay.open && p.nextHour <= rec.At; {
			step(s, &schemas.Record{Kind: schemas.KindTick, Provenance: schemas.Recorded, Play: int64(p.nextHour) - p.playOffset})
		}
		rec, err = schemas.DecodeRecord(rec.AppendBinary(nil)) // as it comes from the log
		if err != nil {
			t.Fatal(err)
		}
		step(s, rec)
	}
}

// keptOf begins the keys of inputs with first layers that serving has kept.
const keptOf = "kept of "

func copyOf(in *encoders.Input) *encoders.Input {
	out := *in
	out.Series = encoders.NewSeries(in.Series.Channels, in.Series.Cells)
	out.Series.Copy(&in.Series)
	out.Stats, out.StatsKnown = slices.Clone(in.Stats), slices.Clone(in.StatsKnown)
	out.Statics, out.StaticsKnown = slices.Clone(in.Statics), slices.Clone(in.StaticsKnown)
	out.Items = slices.Clone(in.Items)
	for i, it := range in.Items { // none is none, whether nil or empty
		out.Items[i].Tau, out.Items[i].Vectors = append([]float32{}, it.Tau...), append([]float32{}, it.Vectors...)
		out.Items[i].Words, out.Items[i].Ends = append([]schemas.NoteFeature{}, it.Words...), append([]int{}, it.Ends...)
		out.Items[i].Projected = nil // derived
	}
	return &out
}
