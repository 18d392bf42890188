package policylab

import (
	"context"
	"iter"
	"path/filepath"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// BenchmarkTry plays the stays of 200 patients by one policy. From its time for a stay follows
// how long 1,000 policies take on 1,000 stays.
func BenchmarkTry(b *testing.B) {
	courses, _ := recorded(b, 200)
	p := alerts.DefaultPolicy()
	events := 0
	for _, c := range courses {
		events += len(c.events)
	}
	o := Options{Task: "mortality"}
	for b.Loop() {
		o.tallies(courses, p)
	}
	perStay := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(len(courses))
	b.ReportMetric(float64(events)/float64(len(courses)), "events/stay")
	b.ReportMetric(perStay, "ns/stay")
	b.ReportMetric(60e9/(perStay*1e6), "of-a-minute-for-1000x1000-on-one-core")
}

// few are the first patients of a source.
type few struct {
	source.Source
	patients int
}

func (f few) Patients(ctx context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		n := 0
		for p, err := range f.Source.Patients(ctx) {
			if n++; n > f.patients || !yield(p, err) {
				return
			}
		}
	}
}

// recorded are the courses of the first patients of an open set, and the stays as judge has them.
func recorded(t testing.TB, patients int) ([]*Course, []judge.Stay) {
	t.Helper()
	src, err := physionet.Open(filepath.Join(opendata.Dir(t), "physionet2012", "set-a.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	r := &Recorder{}
	played, err := judge.Play(t.Context(), few{src, patients}, judge.Plan{
		Model: fusion.Shipped(), Policy: alerts.DefaultPolicy(), Task: "mortality", Unjudged: true, Listen: r.Listen,
		Outcome: func(source.Stay) (judge.Outcome, bool) { return judge.Outcome{}, false },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.Judged(played.Stays), played.Stays
}
