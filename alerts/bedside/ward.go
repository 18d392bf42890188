package bedside

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// Ward shows a unit while it runs. On a terminal it redraws the unit in place; elsewhere it
// prints a line for each revision of an alert; where a program reads the output it shows at
// most a progress bar. It reads the topics as any subscriber does.
type Ward struct {
	cluster *kafka.Cluster
	title   string
	out     io.Writer
	screen  *os.File // the terminal to draw on; nil where there is none
	quiet   bool     // a program reads out, so no lines are printed
	unit    *Unit
	last    atomic.Pointer[replay.Progress] // what the player said last
	bar     *mpb.Bar
	bars    *mpb.Progress
	start   time.Time    // of the process that shows the unit
	first   atomic.Int64 // append time of the first alert since then, Unix ms; 0 before it

	cancel context.CancelFunc
	done   sync.WaitGroup
	lines  sync.Mutex // keeps lines of two topics apart
}

// NewWard returns a ward that shows the run of a plan on out once it is started. quiet says
// that a program reads out: no lines are printed then. start is when the process began, from
// which FirstAlert counts.
func NewWard(c *kafka.Cluster, plan *replay.Plan, out io.Writer, quiet bool, start time.Time) *Ward {
	w := &Ward{cluster: c, out: out, quiet: quiet, start: start, unit: NewUnit()}
	w.title = fmt.Sprintf("Vigil  %s   %s", plan.Source, schemas.Notice)
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if quiet {
			w.bars = mpb.New(mpb.WithOutput(f), mpb.WithRefreshRate(200*time.Millisecond))
			w.bar = w.bars.AddBar(int64(plan.Len()),
				mpb.PrependDecorators(decor.CountersNoUnit("%d / %d events")),
				mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return w.progressLine() })))
		} else {
			w.screen = f
		}
	}
	return w
}

// Start follows the topics until Stop is called or ctx ends. It is called once.
func (w *Ward) Start(ctx context.Context) {
	ctx, w.cancel = context.WithCancel(ctx)
	topics := []string{schemas.TopicAlerts}
	if w.screen != nil {
		topics = append(topics, schemas.TopicScores, schemas.TopicADT)
	}
	for _, topic := range topics {
		w.done.Go(func() { _ = w.cluster.Follow(ctx, topic, true, w.take) })
	}
	if w.screen != nil {
		w.done.Go(func() { w.draw(ctx) })
	}
}

// Stop ends the following of topics, waits until nothing is drawn any more, and leaves the
// last picture standing.
func (w *Ward) Stop() {
	if w.cancel != nil {
		w.cancel()
		w.done.Wait()
	}
	if w.bars != nil {
		w.bar.Abort(false)
		w.bars.Wait()
	}
}

// take takes in one record that came.
func (w *Ward) take(m *schemas.Message) error {
	w.unit.See(m)
	if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeAlert {
		if m.Appended >= w.start.UnixMilli() { // older ones are of an earlier process
			w.first.CompareAndSwap(0, m.Appended)
		}
		if w.screen == nil && !w.quiet {
			if a, err := schemas.DecodeAlert(m.Value); err == nil {
				w.lines.Lock()
				fmt.Fprintln(w.out, AlertLine(a))
				w.lines.Unlock()
			}
		}
	}
	return nil
}

// FirstAlert is the time from start to the append of the first alert since then, in
// milliseconds; nil if none came, as where an earlier process made them all.
func (w *Ward) FirstAlert() *int64 {
	at := w.first.Load()
	if at == 0 {
		return nil
	}
	ms := at - w.start.UnixMilli()
	return &ms
}

// Progress is for the player to call while it plays.
func (w *Ward) Progress(p replay.Progress) {
	w.last.Store(&p)
	if w.bar != nil {
		w.bar.SetCurrent(int64(p.Events))
	}
}

// progressLine says how far the player is; nothing before it has begun.
func (w *Ward) progressLine() string {
	p := w.last.Load()
	if p == nil {
		return ""
	}
	simulated := time.Duration(p.Play) * time.Millisecond
	return fmt.Sprintf("%d/%d events  %d/%d patients  simulated %s  %.0f/s  lag %s",
		p.Events, p.TotalEvents, p.Patients, p.TotalPatients, simulated.Round(time.Second), p.PerSecond, p.Lag.Round(time.Millisecond))
}

// draw redraws the unit twice a second until ctx ends. Each picture is one write, so that
// nothing flickers.
func (w *Ward) draw(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	fmt.Fprint(w.screen, "\x1b[2J")
	for {
		width, height, err := term.GetSize(int(w.screen.Fd()))
		if err != nil {
			width, height = 120, 30
		}
		var picture bytes.Buffer
		picture.WriteString("\x1b[H")
		w.unit.Draw(&picture, w.title, w.progressLine(), width, height)
		_, _ = w.screen.Write(picture.Bytes())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
