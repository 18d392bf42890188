package progress

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/vigil-icu/vigil/alerts/bedside"
)

// every is how often a line is written where there is no terminal.
const every = 10 * time.Second

// Bar shows one piece of work. It is safe for concurrent use.
type Bar struct {
	out  io.Writer
	noun string
	now  func() time.Time
	made time.Time

	// before and beside are what stands around the bar. The goroutine that draws reads them, and must not wait for mu: who
	// holds that may be waiting for the drawing.
	before, beside atomic.Pointer[string]

	mu          sync.Mutex
	bars        *mpb.Progress // nil where lines are written
	bar         *mpb.Bar      // nil before the first Set
	done, total int64
	more        string
	begun       time.Time // of this process's first Set
	first       int64     // what was done by then
	told        time.Time // when the last line was written
	stopped     bool
}

// New returns the display of work on out. noun is what is counted, such as steps; now is the clock, from which the time
// left is estimated.
func New(out io.Writer, noun string, now func() time.Time) *Bar {
	b := &Bar{out: out, noun: noun, now: now, made: now()}
	if f := bedside.Drawable(out); f != nil {
		b.bars = mpb.New(mpb.WithOutput(f), mpb.WithRefreshRate(200*time.Millisecond))
	}
	return b
}

// Set says how much is done of how much, 0 where nobody knows, and what else there is to say of it. Of several goroutines the furthest counts. It does not block.
func (b *Bar) Set(done, total int64, more string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return
	}
	now := b.now()
	if b.begun.IsZero() {
		b.begun, b.first, b.told = now, done, now
	}
	b.done, b.total, b.more = max(b.done, done), total, more
	if b.bars == nil {
		if now.Sub(b.told) >= every && (done < total || total <= 0) {
			b.told = now
			fmt.Fprintln(b.out, b.line())
		}
		return
	}
	before, beside := b.count(), b.more+b.left()
	b.before.Store(&before)
	b.beside.Store(&beside)
	if b.bar == nil {
		b.bar = b.bars.AddBar(total,
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return *b.before.Load() })),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return *b.beside.Load() })))
	}
	b.bar.SetTotal(total, false)
	b.bar.SetCurrent(b.done)
}

// Done is how much is done, and in which time.
func (b *Bar) Done() (done int64, in time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done, b.now().Sub(b.made)
}

// Say writes a line that stays: above the bar, or with the time left where there is none.
func (b *Bar) Say(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bars != nil {
		_, _ = fmt.Fprintln(b.bars, line)
		return
	}
	b.told = b.now()
	fmt.Fprintln(b.out, line+b.left())
}

// Stop leaves the last picture standing. It may be called more than once.
func (b *Bar) Stop() {
	b.mu.Lock()
	bars, bar := b.bars, b.bar
	b.bars, b.stopped = nil, true
	b.mu.Unlock()
	if bars == nil {
		return
	}
	if bar != nil {
		bar.Abort(false)
	}
	bars.Wait()
}

// line is the bar as a line of text.
func (b *Bar) line() string {
	line := b.count()
	if b.more != "" {
		line += "  " + b.more
	}
	return line + b.left()
}

// count is how much is done of how much.
func (b *Bar) count() string {
	if b.total <= 0 {
		return fmt.Sprintf("%d %s so far", b.done, b.noun)
	}
	return fmt.Sprintf("%d / %d %s", b.done, b.total, b.noun)
}

// left estimates the time left from the pace of this process, of which what was done before it says nothing.
func (b *Bar) left() string {
	done := b.done - b.first
	if done < 1 || b.done >= b.total {
		return ""
	}
	left := time.Duration(float64(b.now().Sub(b.begun)) / float64(done) * float64(b.total-b.done))
	return "  " + left.Round(time.Second).String() + " left"
}
