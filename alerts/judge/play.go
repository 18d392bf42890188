package judge

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Outcome is what came of a stay.
type Outcome struct {
	Died bool // in hospital
	// Death is how long after admission, 0 where that is not known.
	Death schemas.Time
}

// Stay is a stay that was played.
type Stay struct {
	Patient, ID string
	Outcome
	// NoOutcome says that what came of it is not known.
	NoOutcome bool
	Admitted  schemas.Time
	Statics   schemas.Statics
	// Hours is how long it was.
	Hours float64
	// Points are what was said at every full hour of the clock.
	Points []Point
	// Alarms are the starts of the policy's alerts.
	Alarms []Alarm
}

// Point is what was said at one moment.
type Point struct {
	// Hour is how long after admission, in hours.
	Hour float64
	// Risk is the model's, NaN where it gave none.
	Risk  float32
	NEWS2 int
	SOFA  int
	// NoSOFA are the components of SOFA of which nothing was known, which count 0, and
	// Without the model's modalities of which nothing was: a bit for each, in the order of
	// alerts.SOFANames and of Played.Modalities.
	NoSOFA  uint8
	Without uint64
}

// Alarm is the start of an alert.
type Alarm struct {
	Task string
	Hour float64
}

// Plan says what is played, and how.
type Plan struct {
	Model  *fusion.Model
	Policy *alerts.Policy
	// Task is the model's that is judged.
	Task string
	// Outcome of a stay; false where it is not known.
	Outcome func(stay source.Stay) (Outcome, bool)
	// Unjudged keeps the stays without an outcome, for whoever only wants the risks.
	Unjudged bool
	// Charted plays everything as if it had been known when it was measured, which no live run
	// can; otherwise it is known when the source says that it was.
	Charted bool
	// Delays multiplies how long values took to become known; 0 stands for 1.
	Delays float64
	// Withheld are channels of which nobody sends anything, and Dropped is the share of the
	// other observations that are lost, by chance from Seed: what a model is worth with less.
	Withheld []schemas.Channel
	Dropped  float64
	// Corrupted is the share of the vital signs in whose place an artefact stands: any value in
	// the range that models read. Gap is how long, before hour 24 of each stay, nothing arrives.
	Corrupted float64
	Gap       schemas.Time
	Seed      uint64
	// Skip says whom to leave out; nil leaves nobody out.
	Skip func(patient string) bool
	// ScoreInterval is that of the monitor; 0 stands for an hour, which costs least.
	ScoreInterval schemas.Time
	// Listen is told what moves the policy, from many goroutines but of each patient in its order; it
	// may be nil.
	Listen func(monitor.Heard)
	// Progress is told how many patients were played, from many goroutines; it may be nil.
	Progress func(patients int)
}

// Played are the stays of a source, and who was left out.
type Played struct {
	Stays []Stay
	// Modalities are the model's that are read from channels.
	Modalities []string
	// Skipped counts patients, Unknown stays without an outcome.
	Skipped, Unknown int
}

// batch is after how many patients a partition is begun anew, so that those who are done
// with take no memory.
const batch = 64

// Play plays a source on all cores. The stays are in the order of patients and admissions.
func Play(ctx context.Context, recorded source.Source, p Plan) (*Played, error) {
	group, ctx := errgroup.WithContext(ctx)
	patients := make(chan *source.Patient, 16)
	modalities := modalitiesOf(p.Model)
	out := &Played{}
	for i := range modalities {
		out.Modalities = append(out.Modalities, modalities[i].name)
	}
	group.Go(func() error {
		defer close(patients)
		for patient, err := range recorded.Patients(ctx) {
			if err != nil {
				return err
			}
			if p.Skip != nil && p.Skip(patient.ID) {
				out.Skipped++
				continue
			}
			select {
			case patients <- patient:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	var done atomic.Int64
	players := make([]player, runtime.GOMAXPROCS(0))
	for i := range players {
		group.Go(func() error {
			w := &players[i]
			w.plan = p
			w.monitor = &monitor.Monitor{Model: p.Model, Policy: p.Policy, Listen: p.Listen, Settings: monitor.Settings{ScoreInterval: cmp.Or(p.ScoreInterval, schemas.Hour), Inputs: monitor.InputsAlerting}}
			w.encoder.Strip, w.encoder.Note, w.encoder.Image = record.AnalyseStrip, record.ReadNote, record.ReadImage
			w.chart.modalities = modalities
			for patient := range patients {
				if err := w.patient(ctx, patient); err != nil {
					return fmt.Errorf("patient %s: %w", patient.ID, err)
				}
				if n := done.Add(1); p.Progress != nil {
					p.Progress(int(n))
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i := range players {
		out.Stays = append(out.Stays, players[i].stays...)
		out.Unknown += players[i].unknown
	}
	slices.SortFunc(out.Stays, func(a, b Stay) int { return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// player plays one patient after the other.
type player struct {
	plan      Plan
	monitor   *monitor.Monitor
	encoder   record.Encoder
	chart     chart
	partition *monitor.Partition
	offset    int64
	outputs   []monitor.Output
	played    int
	stays     []Stay
	unknown   int
}

// scored is what is read of a score, told what is read of an alert.
type scored struct {
	Due   schemas.Due             `json:"due"`
	Stay  string                  `json:"stay"`
	AsOf  schemas.Time            `json:"as_of"`
	Risks map[string]schemas.Risk `json:"risks"`
	NEWS2 struct {
		Value int `json:"value"`
	} `json:"news2"`
}

// patient plays one patient and keeps the stays whose outcome is known.
func (w *player) patient(ctx context.Context, p *source.Patient) error {
	if w.played%batch == 0 {
		w.partition, w.offset = monitor.NewPartition(), 0
	}
	w.played++
	w.chart.begin()
	first := len(w.stays)
	admitted := map[string]schemas.Time{}
	for _, s := range p.Stays {
		o, ok := w.plan.Outcome(s)
		if !ok {
			w.unknown++
			if !w.plan.Unjudged {
				continue
			}
		}
		admitted[s.ID] = s.Admit
		w.stays = append(w.stays, Stay{Patient: p.ID, ID: s.ID, Outcome: o, NoOutcome: !ok, Admitted: s.Admit, Hours: hours(s.End - s.Admit)})
	}
	of := func(id string) *Stay {
		for i := first; i < len(w.stays); i++ {
			if w.stays[i].ID == id {
				return &w.stays[i]
			}
		}
		return nil
	}
	if factor := cmp.Or(w.plan.Delays, 1); w.plan.Charted || factor != 1 {
		if w.plan.Charted {
			factor = 0
		}
		for i := range p.Events {
			e := &p.Events[i]
			e.AvailableTime = e.EventTime + schemas.Time(float64(e.AvailableTime-e.EventTime)*factor)
		}
		slices.SortStableFunc(p.Events, func(a, b schemas.Event) int { return cmp.Compare(a.AvailableTime, b.AvailableTime) })
	}
	plan, err := replay.NewPlan(ctx, &one{p}, replay.Options{})
	if err != nil {
		return err
	}
	for i := range plan.Len() {
		event := plan.Event(i)
		rec, _ := w.encoder.Record(event, &schemas.Message{Topic: event.Topic}, event.AvailableTime)
		if rec == nil { // none of its values can be used: a dead letter
			continue
		}
		if rec.Kind == schemas.KindAdmit {
			if s := of(rec.Move.Stay); s != nil {
				s.Statics = rec.Move.Statics
			}
		}
		if !w.plan.degrade(rec, p, i) {
			continue
		}
		if w.outputs, err = w.monitor.Step(w.partition, rec, w.offset, w.outputs[:0]); err != nil {
			return err
		}
		w.offset++
		// What falls due at a record is said before the record is applied, and so is SOFA.
		if err := w.take(of, admitted); err != nil {
			return err
		}
		w.chart.add(rec)
	}
	return nil
}

// take reads what a step put out.
func (w *player) take(of func(string) *Stay, admitted map[string]schemas.Time) error {
	for i := range w.outputs {
		switch o := &w.outputs[i]; o.Topic {
		case schemas.TopicScores:
			var sc scored
			if err := json.Unmarshal(o.Value, &sc); err != nil {
				return err
			}
			s := of(sc.Stay)
			if s == nil || sc.Due != schemas.DueHour {
				continue
			}
			point := Point{Hour: hours(sc.AsOf - admitted[sc.Stay]), Risk: float32(math.NaN()), NEWS2: sc.NEWS2.Value}
			if r, ok := sc.Risks[w.plan.Task]; ok {
				point.Risk = r.Value
			}
			w.chart.fill(&point, sc.AsOf, admitted[sc.Stay])
			s.Points = append(s.Points, point)
		case schemas.TopicAlerts:
			var a schemas.Alert
			if err := json.Unmarshal(o.Value, &a); err != nil {
				return err
			}
			if s := of(a.Stay); s != nil && a.Phase == schemas.PhaseStart {
				s.Alarms = append(s.Alarms, Alarm{Task: a.Task, Hour: hours(a.AsOf - admitted[a.Stay])})
			}
		}
	}
	return nil
}

// hours is a time span in hours.
func hours(t schemas.Time) float64 { return float64(t) / float64(schemas.Hour) }

// one is a source of one patient: its plan has the order that the patient's events have in the
// plan of all.
type one struct{ patient *source.Patient }

func (o *one) Name() string          { return "one" }
func (o *one) Hash() string          { return "" }
func (o *one) Rows() source.RowCount { return source.RowCount{} }
func (o *one) Patients(context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) { yield(o.patient, nil) }
}
