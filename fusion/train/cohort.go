package train

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"golang.org/x/sync/errgroup"
)

// Cohort says which examples are made of a source, and how.
type Cohort struct {
	// Channels are those that are read; their centre and scale are not.
	Channels []vitals.Channel
	Statics  []vitals.Static
	// Items are the item modalities that are read.
	Items []ItemModality
	Cells int
	// Tasks name the labels.
	Tasks []string

	// Moments of a stay, ascending; none: the stay is left out.
	Moments func(source.Stay) []schemas.Time
	// Labels of a stay as of a moment, one a task, NaN where one is not known.
	Labels func(patient string, stay source.Stay, asOf schemas.Time) []float32
	// Linked are items of a patient that the source does not send, in the order in which
	// they became known; nil: there are none.
	Linked func(patient string) []LinkedItem
	// Charted takes every value as known when it was measured. Otherwise a moment
	// sees what was available by then, as a score does.
	Charted bool
	// Progress is told how many patients were read, by one goroutine; it may be nil.
	Progress func(patients int)
}

// Load makes the examples of a source, on all cores. A patient's events take the way
// of a replay: plan, log records, window, view; an example at a moment is what a
// score as of it sees. Errors: the source's, or a cohort that lacks something.
func Load(ctx context.Context, recorded source.Source, c Cohort) (*Set, error) {
	if c.Moments == nil || c.Labels == nil || len(c.Channels) == 0 || c.Cells <= 0 || c.Cells%encoders.Bins != 0 {
		return nil, fmt.Errorf("a cohort wants channels, moments, labels, and cells that are a multiple of %d", encoders.Bins)
	}
	group, ctx := errgroup.WithContext(ctx)
	patients := make(chan *source.Patient, 64)
	group.Go(func() error {
		defer close(patients)
		read := 0
		for p, err := range recorded.Patients(ctx) {
			if err != nil {
				return err
			}
			if read++; c.Progress != nil {
				c.Progress(read)
			}
			select {
			case patients <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	parts := make([][]Example, runtime.GOMAXPROCS(0))
	for i := range parts {
		group.Go(func() error {
			m := maker{cohort: &c, reader: vitals.NewReader(c.Channels, c.Statics), series: encoders.NewSeries(len(c.Channels), c.Cells)}
			m.encoder.Strip = record.AnalyseStrip
			for _, i := range c.Items { // encoding takes time that whether an item came is not worth
				switch {
				case i.Width == 0:
				case i.Which == encoders.Notes:
					m.encoder.Note = record.ReadNote
				case i.Which == encoders.Imaging:
					m.encoder.Image = record.ReadImage
				}
			}
			for p := range patients {
				if err := m.patient(ctx, p); err != nil {
					return fmt.Errorf("patient %s: %w", p.ID, err)
				}
			}
			parts[i] = m.examples
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s := &Set{Channels: c.Channels, Statics: c.Statics, Items: c.Items, Cells: c.Cells, Tasks: c.Tasks, Examples: slices.Concat(parts...)}
	s.Source, s.Edition, s.Rows = recorded.Name()+"@"+recorded.Hash(), source.Edition(recorded), recorded.Rows()
	slices.SortFunc(s.Examples, func(a, b Example) int {
		return cmp.Or(strings.Compare(a.Patient, b.Patient), cmp.Compare(a.AsOf, b.AsOf), strings.Compare(a.Stay, b.Stay))
	})
	return s, nil
}

// LinkedItem is a note, a strip or an image that came from elsewhere.
type LinkedItem struct {
	Which     encoders.Modality
	Item      schemas.Item
	Available schemas.Time
}

// maker makes examples, one patient after the other.
type maker struct {
	cohort   *Cohort
	reader   *vitals.Reader
	series   encoders.Series
	encoder  record.Encoder
	examples []Example

	// of the patient in hand
	window *window.Window
	derive record.Deriver
	added  []schemas.Observation // of the record in hand, those that changed the window
	stay   schemas.Statics       // of the open stay
	ended  schemas.Time          // when the stay before ended
	// statics are those of the patient in hand, by stay.
	statics map[string]schemas.Statics
	items   [encoders.NumModalities]encoders.History
	// linked are the items that are yet to come.
	linked []LinkedItem
}

// wanted is an example that is to be made.
type wanted struct {
	stay   source.Stay
	moment vitals.Moment
}

// patient makes the examples of one patient: the events are replayed in the order of a
// plan, and before the first that became known later than a moment its example is made.
func (m *maker) patient(ctx context.Context, p *source.Patient) error {
	list := m.wanted(p)
	plan, err := replay.NewPlan(ctx, &one{patient: p}, replay.Options{})
	if err != nil {
		return err
	}
	m.window, m.statics = window.New(), map[string]schemas.Statics{}
	m.stay, m.ended = schemas.Statics{}, math.MinInt64
	m.items = [encoders.NumModalities]encoders.History{}
	if m.cohort.Linked != nil {
		m.linked = m.cohort.Linked(p.ID)
	}
	for i := range plan.Len() {
		event := plan.Event(i)
		for !m.cohort.Charted && len(list) > 0 && list[0].moment.AsOf < event.AvailableTime {
			m.add(p.ID, list[0])
			list = list[1:]
		}
		record, _ := m.encoder.Record(event, &schemas.Message{Topic: event.Topic}, event.AvailableTime)
		if record == nil { // none of its values can be used: a dead letter
			continue
		}
		if record.Kind == schemas.KindAdmit {
			m.statics[record.Move.Stay] = record.Move.Statics
		}
		switch record.Kind {
		case schemas.KindAdmit:
			m.stay = record.Move.Statics
		case schemas.KindEnd:
			m.stay, m.ended = schemas.Statics{}, record.At
		}
		m.added = m.added[:0]
		for _, o := range record.Observations {
			if m.window.Add(o, uint32(i+1)) {
				m.added = append(m.added, o)
			}
		}
		m.derive.Derive(m.window, m.added, uint32(i+1), &m.stay, m.ended, record.At)
		if record.Item != nil {
			m.items[encoders.ModalityOf(record.Kind)].Add(record.Item)
		}
	}
	for _, x := range list {
		m.add(p.ID, x)
	}
	return nil
}

// wanted lists the moments of a patient's stays in their order.
func (m *maker) wanted(p *source.Patient) (list []wanted) {
	from := schemas.Time(math.MinInt64)
	for _, stay := range p.Stays {
		for _, asOf := range m.cohort.Moments(stay) {
			list = append(list, wanted{stay, vitals.Moment{AsOf: asOf, From: max(from, stay.Admit-schemas.Reach), Admission: stay.Admit}})
		}
		from = stay.End
	}
	return list
}

// add makes the example of a moment from what the window and the items hold now.
func (m *maker) add(patient string, x wanted) {
	for len(m.linked) > 0 && m.linked[0].Available <= x.moment.AsOf {
		m.items[m.linked[0].Which].Add(&m.linked[0].Item)
		m.linked = m.linked[1:]
	}
	m.reader.Read(&m.series, m.window, x.moment)
	e := Example{
		Stay: x.stay.ID, Patient: patient, AsOf: x.moment.AsOf, At: int((x.moment.AsOf - x.moment.Admission) / schemas.Hour), Hours: x.moment.Hours(), Series: vitals.Pack(&m.series),
		Statics: make([]float32, len(m.cohort.Statics)), StaticsKnown: make([]bool, len(m.cohort.Statics)),
		Labels: m.cohort.Labels(patient, x.stay, x.moment.AsOf), Teacher: float32(math.NaN()),
	}
	who := m.statics[x.stay.ID]
	vitals.Statics(e.Statics, e.StaticsKnown, m.cohort.Statics, &who)
	for _, kind := range m.cohort.Items {
		it := encoders.Items{Width: kind.Width, Buckets: kind.Buckets, Encoder: kind.Encoder}
		m.items[kind.Which].Fill(&it, x.moment.From, x.moment.AsOf, x.moment.Begin())
		e.Items = append(e.Items, it)
	}
	m.examples = append(m.examples, e)
}

// one is a source of one patient: its plan has the order that the patient's events
// have in the plan of all.
type one struct{ patient *source.Patient }

func (o *one) Name() string          { return "one" }
func (o *one) Hash() string          { return "" }
func (o *one) Rows() source.RowCount { return source.RowCount{} }
func (o *one) Patients(context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) { yield(o.patient, nil) }
}
