package bedside

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// Ward shows a unit while it runs. On a terminal it redraws the unit in place and takes keys; elsewhere it
// prints a line for each revision of an alert, or nothing where a program reads the output. It reads the topics
// as any subscriber does. The exported fields are set before Start.
type Ward struct {
	Next  []string // commands to go on with, for the footer
	Model string   // its name, for the footer
	Aside *Aside   // where warnings are written; may be nil
	Page  string   // address of the page for browsers; empty: there is none
	// Acknowledge says that a person has seen an alert. Nil: the view takes no answers.
	Acknowledge func(ctx context.Context, a *schemas.Alert) error
	// Quit is called when a person wants to end. Nil: as Ctrl-C.
	Quit func()

	cluster *kafka.Cluster
	plan    *replay.Plan
	out     io.Writer
	screen  *screen // nil where lines are printed, or nothing
	quiet   bool    // a program reads out, so no lines are printed
	unit    *Unit
	last    atomic.Pointer[replay.Progress] // what the player said last
	start   time.Time                       // of the process that shows the unit
	first   atomic.Int64                    // append time of the first alert since then, Unix ms; 0 before it

	cancel context.CancelFunc
	done   sync.WaitGroup
	lines  sync.Mutex // keeps lines of two topics apart

	mu       sync.Mutex
	selected string    // patient of the chosen bed
	chosen   time.Time // when it was chosen
	message  string
	said     time.Time // when
	busy     bool      // an answer is on its way
}

const (
	// lapse is how long a chosen bed stays chosen without another key: nobody is to find a view that
	// somebody else has moved away from the sickest.
	lapse = 30 * time.Second
	// spoken is how long a message stands.
	spoken = 10 * time.Second
)

// NewWard returns a ward that shows the run of a plan on out once it is started. quiet says
// that a program reads out: no lines are printed then. start is when the process began, from
// which FirstAlert counts.
func NewWard(c *kafka.Cluster, plan *replay.Plan, out io.Writer, quiet bool, start time.Time) *Ward {
	w := &Ward{cluster: c, plan: plan, out: out, quiet: quiet, start: start, unit: NewUnit()}
	if !quiet {
		w.screen = newScreen(out)
	}
	return w
}

// watched are the topics of a view. The movements come first, so that who has left is known before their last scores.
var watched = []string{schemas.TopicADT, schemas.TopicScores, schemas.TopicAlerts, schemas.TopicDeadLetters}

// Start follows the topics until Stop is called or ctx ends. It is called once.
func (w *Ward) Start(ctx context.Context) {
	ctx, w.cancel = context.WithCancel(ctx)
	topics := []string{schemas.TopicAlerts}
	if w.screen != nil {
		topics = watched
	}
	for _, topic := range topics {
		w.done.Go(func() { _ = w.cluster.Follow(ctx, topic, true, w.take) })
	}
	if w.screen != nil {
		if w.Aside != nil {
			w.Aside.begin()
		}
		w.screen.begin()
		w.done.Go(func() { w.draw(ctx) })
	}
}

// Stop ends the following of topics and waits until nothing is drawn any more.
func (w *Ward) Stop() {
	if w.cancel != nil {
		w.cancel()
		w.done.Wait()
	}
	w.Leave()
}

// Leave gives the terminal back, as at a Ctrl-C: a second one must find it in order.
func (w *Ward) Leave() {
	if w.screen == nil {
		return
	}
	w.screen.end()
	if w.Aside != nil {
		w.Aside.end()
	}
}

// Last prints the last picture, where there was one, after Stop. It is of all that the topics hold now, read
// in their order, and so says the same as a summary of them.
func (w *Ward) Last(ctx context.Context) error {
	if w.screen == nil {
		return nil
	}
	unit := NewUnit()
	for _, topic := range watched {
		err := w.cluster.Each(ctx, topic, func(m *schemas.Message) error {
			w.see(unit, m)
			return nil
		})
		if err != nil {
			return err
		}
	}
	width, _ := w.screen.size()
	v := w.view(time.Now())
	v.Keys, v.Message, v.Selected, v.Next = "", "", "", nil // nobody answers any more
	unit.Frame(v, width, 1000).Print(w.out, w.screen.colour)
	return nil
}

// see shows a unit what belongs to the run.
func (w *Ward) see(unit *Unit, m *schemas.Message) {
	if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeDeadLetter || w.Shows(string(m.Key)) {
		unit.See(m)
	}
}

// take takes in one record that came.
func (w *Ward) take(m *schemas.Message) error {
	w.see(w.unit, m)
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

// Shows says whether a patient belongs to the run.
func (w *Ward) Shows(patient string) bool { return schemas.OfRun(w.plan.Name, patient) }

// Now is a patient's own time, as far as the player has said.
func (w *Ward) Now(patient string) (schemas.Time, bool) {
	p := w.last.Load()
	if p == nil {
		return 0, false
	}
	return w.plan.TimeOf(patient, p.Play)
}

// Progress is for the player to call while it plays.
func (w *Ward) Progress(p replay.Progress) { w.last.Store(&p) }

// view is what is shown beside the unit.
func (w *Ward) view(now time.Time) View {
	dataset, _, _ := strings.Cut(w.plan.Source, "@")
	if w.Page != "" {
		dataset += "  " + w.Page
	}
	v := View{Title: dataset, Next: w.Next, Model: w.Model}
	if p := w.last.Load(); p != nil {
		v.Progress = p.String()
		v.Now = w.Now
	}
	if w.screen.in != nil {
		v.Keys = keyHelp
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.chosen) > lapse {
		w.selected = ""
	}
	if w.Aside != nil {
		if news := w.Aside.news(); news != "" {
			w.message, w.said = news, now
		}
	}
	if now.Sub(w.said) > spoken && !w.busy {
		w.message = ""
	}
	v.Selected, v.Message = w.selected, w.message
	return v
}

// draw redraws the unit twice a second, and at each key, until ctx ends.
func (w *Ward) draw(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	keys := make(chan key, 64)
	if w.screen.in != nil {
		go w.screen.read(keys)
	}
	for {
		width, height := w.screen.size()
		w.screen.draw(w.unit.Frame(w.view(time.Now()), width, height))
		select {
		case <-ctx.Done():
			return
		case k := <-keys:
			w.press(ctx, k)
		case <-tick.C:
		}
	}
}

// press does what a key asks for.
func (w *Ward) press(ctx context.Context, k key) {
	switch k {
	case keyInterrupt, keyAbort:
		w.Leave()
		interrupt(map[key]syscall.Signal{keyInterrupt: syscall.SIGINT, keyAbort: syscall.SIGQUIT}[k])
	case keyQuit:
		w.Leave()
		if w.Quit == nil {
			interrupt(syscall.SIGINT)
			return
		}
		w.Quit()
	case keyAcknowledge:
		w.acknowledge(ctx)
	default:
		w.choose(k, time.Now())
	}
}

// choose moves from bed to bed. The choice is of a patient, and goes with them where they move in the order.
func (w *Ward) choose(k key, now time.Time) {
	beds := w.unit.Lines()
	w.mu.Lock()
	defer w.mu.Unlock()
	at := slices.IndexFunc(beds, func(b Bed) bool { return b.Patient == w.selected })
	switch k {
	case keyUp:
		at = max(at-1, 0)
	case keyDown:
		at = min(at+1, len(beds)-1)
	case keyTop:
		at = -1
	}
	w.selected, w.chosen = "", now
	if at >= 0 && at < len(beds) {
		w.selected = beds[at].Patient
	}
}

// acknowledge answers the gravest alert of the chosen bed that nobody has seen. The view goes on meanwhile.
func (w *Ward) acknowledge(ctx context.Context) {
	beds := w.unit.Lines()
	w.mu.Lock()
	defer w.mu.Unlock()
	say := func(format string, args ...any) { w.message, w.said = fmt.Sprintf(format, args...), time.Now() }
	at := slices.IndexFunc(beds, func(b Bed) bool { return b.Patient == w.selected && w.selected != "" })
	switch {
	case w.Acknowledge == nil || w.busy:
		return
	case at < 0:
		say("choose a bed first: ↑ ↓")
		return
	}
	w.chosen = time.Now()
	bed := cmp.Or(beds[at].Bed, beds[at].Patient)
	unseen := slices.IndexFunc(beds[at].Open, func(o OpenAlert) bool { return !o.acknowledged() })
	if unseen < 0 {
		say("%s has no open alert that nobody has seen", bed)
		return
	}
	o := beds[at].Open[unseen]
	w.busy = true
	say("acknowledging: %s of %s", o.Task, bed)
	w.done.Go(func() {
		err := w.Acknowledge(ctx, &o.Alert)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.busy = false
		if err != nil {
			say("not acknowledged: %v", err)
			return
		}
		say("acknowledged: %s of %s", o.Task, bed)
	})
}
