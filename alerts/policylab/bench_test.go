package policylab

import (
	"context"
	"iter"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// BenchmarkTry plays the stays of 200 patients by one policy. From the processor time that a stay takes follows
// what 1,000 policies take on 1,000 stays, whatever else the machine does.
func BenchmarkTry(b *testing.B) {
	courses, _ := recorded(b, 200)
	p := alerts.DefaultPolicy()
	events := 0
	for _, c := range courses {
		events += len(c.events)
	}
	o := Options{Task: "mortality"}
	began := spent(b)
	for b.Loop() {
		o.tallies(courses, p)
	}
	perStay := float64(spent(b)-began) / float64(b.N) / float64(len(courses))
	b.ReportMetric(float64(events)/float64(len(courses)), "events/stay")
	b.ReportMetric(perStay/1e3, "cpu-µs/stay")
	b.ReportMetric(perStay*1e6/1e9, "cpu-s/1000x1000")
}

// spent is the processor time of this process so far.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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
