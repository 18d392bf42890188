package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/vigil-icu/vigil/fusion/train"
)

// trainingBar shows a run: a bar with loss and time left on a terminal, a line for each
// epoch elsewhere.
type trainingBar struct {
	out   io.Writer
	bars  *mpb.Progress
	bar   *mpb.Bar
	last  atomic.Pointer[train.Progress]
	begun time.Time // of this process's first step
	first int       // that step
}

// newTrainingBar returns the display of a run on out, a bar if that is a terminal.
func newTrainingBar(out io.Writer) *trainingBar {
	b := &trainingBar{out: out}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.bars = mpb.New(mpb.WithOutput(f), mpb.WithRefreshRate(200*time.Millisecond))
	}
	return b
}

// show is for the training loop to call after each step.
func (b *trainingBar) show(p train.Progress) {
	b.last.Store(&p)
	if b.begun.IsZero() {
		b.begun, b.first = time.Now(), p.Step
		if b.bars != nil {
			b.bar = b.bars.AddBar(int64(p.Steps), mpb.PrependDecorators(decor.CountersNoUnit("%d / %d steps")),
				mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return b.line() })))
		}
	}
	if b.bar != nil {
		b.bar.SetCurrent(int64(p.Step))
	}
	if p.Ended != nil {
		line := epochLine(p)
		if b.bars == nil {
			fmt.Fprintln(b.out, line+b.left(p))
		} else {
			_, _ = fmt.Fprintln(b.bars, line) // above the bar
		}
	}
}

// line is the text beside the bar.
func (b *trainingBar) line() string {
	p := b.last.Load()
	return fmt.Sprintf("epoch %d/%d  loss %.4f%s", p.Epoch, p.Epochs, p.Loss, b.left(*p))
}

// left estimates the time left from the pace of this process, which a resumed run's earlier steps
// say nothing of.
func (b *trainingBar) left(p train.Progress) string {
	done := p.Step - b.first
	if done < 1 || p.Step == p.Steps {
		return ""
	}
	left := time.Since(b.begun) / time.Duration(done) * time.Duration(p.Steps-p.Step)
	return fmt.Sprintf("  %s left", left.Round(time.Second))
}

// stop leaves the last picture standing.
func (b *trainingBar) stop() {
	if b.bars != nil {
		if b.bar != nil {
			b.bar.Abort(false)
		}
		b.bars.Wait()
	}
}

// epochLine sums an ended epoch up.
func epochLine(p train.Progress) string {
	line := fmt.Sprintf("epoch %d/%d  loss %.4f", p.Epoch, p.Epochs, p.Ended.Loss)
	if v := p.Ended.Validation; v != nil {
		line += fmt.Sprintf("  validation: loss %.4f  AUROC %.4f  AUPRC %.4f", v.Loss, v.AUROC, v.AUPRC)
	}
	return line
}
