package sourcetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// ward is a small source of written-out patients, right in all things but one mistake.
type ward struct {
	mistake string
	pulse   int // value of the first patient's first event
	bad     int // unreadable rows
	turned  bool

	hash  source.Hasher
	rows  source.RowCount
	kept  []*source.Patient
	begun bool
}

var errSecond = errors.New("the source was read before: open it again")

func (w *ward) Name() string          { return "ward" }
func (w *ward) Rows() source.RowCount { return w.rows }
func (w *ward) Hash() string {
	if w.mistake == "constant hash" {
		return "0123456789abcdef"
	}
	return w.hash.Sum("")
}

const wardPatients = 5

func (w *ward) Patients(ctx context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		if w.begun {
			yield(nil, errSecond)
			return
		}
		w.begun = true
		if w.mistake == "open file" {
			leaked, _ = os.Open("doc.go")
		}
		if w.mistake == "goroutine" {
			go func() { <-context.WithoutCancel(ctx).Done() }()
		}
		w.countRows()
		if w.mistake == "bad row ends it" && w.bad > 0 {
			yield(nil, errors.New("ward.csv line 3: torn"))
			return
		}
		for i := range wardPatients {
			if w.mistake == "deaf to its context" {
				// looks at nothing
			} else if err := ctx.Err(); err != nil {
				if w.mistake == "another error when cancelled" {
					err = errors.New("stopped")
				}
				if w.mistake != "silent when cancelled" {
					yield(nil, err)
				}
				return
			}
			n := i
			if w.turned {
				n = wardPatients - 1 - i
			}
			p := w.patient(n)
			w.hash.Add(p)
			if w.mistake == "keeps patients" {
				w.kept = append(w.kept, p)
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (w *ward) countRows() {
	w.rows = source.RowCount{Read: 100 + w.bad, Used: 97, Unmapped: 2, Duplicate: 1, Rejected: w.bad, RejectedBy: map[schemas.Reason]int{},
		UnmappedCodes: []source.CodeCount{{Code: "7", Count: 2}}}
	if w.bad > 0 {
		w.rows.RejectedBy[schemas.Unreadable] = w.bad
		w.rows.Problems = []string{"ward.csv line 3: 1 fields, the header has 2"}
	}
	switch w.mistake {
	case "lost row":
		w.rows.Read++
	case "reasons do not sum up":
		w.rows.RejectedBy[schemas.NoValue]++
	case "problem without a place":
		if w.bad > 0 {
			w.rows.Problems = []string{"something is wrong"}
		}
	case "bad rows uncounted":
		w.rows.Read, w.rows.Rejected, w.rows.RejectedBy, w.rows.Problems = 100, 0, nil, nil
	}
}

func (w *ward) patient(i int) *source.Patient {
	admit := schemas.Time(4e12)
	p := &source.Patient{ID: fmt.Sprintf("ward:%d", i), Stays: []source.Stay{
		{ID: "a", Admit: admit, End: admit + schemas.Hour}, {ID: "b", Admit: admit + 2*schemas.Hour, End: admit + 3*schemas.Hour}}}
	pulse := 70
	if i == 0 && w.pulse != 0 {
		pulse = w.pulse
	}
	for k := range 10 {
		at := admit + schemas.Time(k)*schemas.Minute
		e := schemas.Event{Topic: schemas.TopicVitals, AvailableTime: at + schemas.Minute, EventTime: at,
			Vitals: &schemas.Vitals{Values: map[string]json.Number{"heart_rate": json.Number(fmt.Sprint(pulse + k))}}}
		e.Vitals.EventTime = &at
		if k == 0 && w.mistake == "keeps patients" {
			e.Topic, e.Vitals, e.Note = schemas.TopicNotes, nil, &schemas.Note{Kind: "nursing", Text: strings.Repeat("x", 1<<20)}
			e.Note.EventTime = &at
		}
		p.Events = append(p.Events, e)
	}
	switch w.mistake {
	case "stays overlap":
		p.Stays[1].Admit = p.Stays[0].End - 1
	case "open stay in the middle":
		p.Stays[0].End = 0
	case "events out of order":
		slices.Reverse(p.Events)
	case "event without a body":
		p.Events[3].Vitals = nil
	case "event on no raw topic":
		p.Events[3].Topic = schemas.TopicLog
	case "event cannot be decoded":
		p.Events[3].Vitals.Values = nil
	case "wrong event time":
		p.Events[3].EventTime++
	case "depends on the order":
		if w.turned {
			p.Events[0].AvailableTime--
		}
	case "another each time":
		openings++
		p.Events[0].Vitals.Values["heart_rate"] = json.Number(fmt.Sprint(60 + openings%50))
	}
	return p
}

// leaked keeps a file that a wrong source leaves open from being closed by the collector.
var leaked *os.File

// openings makes a source that is another each time it is read.
var openings int

// wards is the subject with a mistake in it, none where mistake is empty.
func wards(mistake string) Subject {
	return Subject{
		Open:      func() (source.Source, error) { return &ward{mistake: mistake}, nil },
		Changed:   func(string) (source.Source, error) { return &ward{mistake: mistake, pulse: 90}, nil },
		Reordered: func(string) (source.Source, error) { return &ward{mistake: mistake, turned: true}, nil },
		Damaged: func(string) (source.Source, map[schemas.Reason]int, error) {
			return &ward{mistake: mistake, bad: 3}, map[schemas.Reason]int{schemas.Unreadable: 3}, nil
		},
		Held: 1 << 20,
	}
}

func TestARightSourcePasses(t *testing.T) { Run(t, wards("")) }

// Each mistake is found by the case that is for it, in words that name it.
func TestWrongSourcesAreFound(t *testing.T) {
	defer func() { leaked.Close() }()
	for _, w := range []struct{ mistake, by, says string }{
		{"lost row", "rows add up", "101 rows are read"},
		{"reasons do not sum up", "rows add up", "sum up to 1"},
		{"stays overlap", "patients are in order and whole", "before stay a ends"},
		{"open stay in the middle", "patients are in order and whole", "is open"},
		{"events out of order", "patients are in order and whole", "before the one ahead of it"},
		{"event without a body", "patients are in order and whole", "no body"},
		{"event on no raw topic", "patients are in order and whole", "no raw topic"},
		{"event cannot be decoded", "patients are in order and whole", "dead letter"},
		{"wrong event time", "patients are in order and whole", "earliest time"},
		{"another each time", "twice the same", "other stays or events"},
		{"depends on the order", "twice the same", "in another order"},
		{"constant hash", "another value is another hash", "the same hash"},
		{"deaf to its context", "cancelled before it begins", "after the context has ended"},
		{"deaf to its context", "cancelled while it reads", "looks at its context 0 times"},
		{"deaf to its context", "cancelled between two patients", "after the context has ended"},
		{"silent when cancelled", "cancelled between two patients", "as if it were whole"},
		{"another error when cancelled", "cancelled between two patients", "want the context's error"},
		{"open file", "stopped early", "doc.go"},
		{"goroutine", "stopped early", "goroutines are left running"},
		{"keeps patients", "memory is bounded", "heap"},
		{"bad row ends it", "bad rows have a reason", "torn"},
		{"bad rows uncounted", "bad rows have a reason", "0 more are counted"},
		{"problem without a place", "bad rows have a reason", "file and line"},
	} {
		i := slices.IndexFunc(sourceCases, func(c sourceCase) bool { return c.name == w.by })
		if i < 0 {
			t.Fatalf("there is no case %q", w.by)
		}
		s := wards(w.mistake)
		err := judge(t.Context(), sourceCases[i].run, s, s.reader(t.Context()), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), w.says) {
			t.Errorf("%s: the case %q says %v, want %q", w.mistake, w.by, err, w.says)
		}
	}
}
