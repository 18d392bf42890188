package source_test

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// notebook is a whole source: a patient a line, with a stay of a day and one note.
type notebook struct {
	text  string
	count *source.Counter[string]
	hash  source.Hasher
}

func (n *notebook) Name() string          { return "notebook" }
func (n *notebook) Hash() string          { return n.hash.Sum("") }
func (n *notebook) Rows() source.RowCount { return n.count.Rows(nil) }

func (n *notebook) Patients(ctx context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		for i, line := range strings.Split(n.text, "\n") {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			id, text, ok := strings.Cut(line, ": ")
			if !ok {
				n.count.Reject(schemas.Unreadable)
				n.count.Problem(fmt.Sprintf("notebook line %d: want NUMBER: TEXT", i+1))
				continue
			}
			n.count.Used++
			admit := schemas.Time(4_000_000_000_000)
			written := admit + schemas.Hour
			body := &schemas.Note{Kind: "nursing", Text: text}
			body.EventTime = &written
			p := &source.Patient{
				ID:     "notebook:" + id,
				Stays:  []source.Stay{{ID: id, Admit: admit, End: admit + 24*schemas.Hour}},
				Events: []schemas.Event{{Topic: schemas.TopicNotes, AvailableTime: written, EventTime: written, Note: body}},
			}
			n.hash.Add(p)
			if !yield(p, nil) {
				return
			}
		}
	}
}

// A source of its own: patients, their stays and events, and what became of every row.
func ExampleSource() {
	s := &notebook{text: "1: Sleeps.\nillegible\n2: Walks.", count: source.NewCounter[string]()}
	for p, err := range s.Patients(context.Background()) {
		if err != nil {
			panic(err)
		}
		fmt.Println(p.ID, p.Events[0].AvailableTime, p.Events[0].Note.Text)
	}
	rows := s.Rows()
	fmt.Println(rows.Read, rows.Used, rows.RejectedBy, rows.Problems)
	fmt.Println(source.Edition(s))
	// Output:
	// notebook:1 2096-10-02T08:06:40.000Z Sleeps.
	// notebook:2 2096-10-02T08:06:40.000Z Walks.
	// 3 2 map[unreadable:1] [notebook line 2: want NUMBER: TEXT]
	// notebook@785551511627b2e1
}
