package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"golang.org/x/term"
)

// outlet is stdout or stderr of a process. When its reader has gone away, as that of `vigil demo | head` does, it
// ends the context, so that the command ends in order and its state folder goes with it.
type outlet struct {
	to   io.Writer
	end  context.CancelFunc
	gone *atomic.Bool // shared by both
}

func (o *outlet) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		o.gone.Store(true)
		o.end()
	}
	return n, err
}

// outlets are stdout and stderr; a terminal is left as it is, since commands look whether they have one. They take
// SIGPIPE, which would end the process at once.
func outlets(end context.CancelFunc) (stdout, stderr io.Writer, gone *atomic.Bool) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	gone = new(atomic.Bool)
	wrapped := func(f *os.File) io.Writer {
		if term.IsTerminal(int(f.Fd())) {
			return f
		}
		return &outlet{f, end, gone}
	}
	return wrapped(os.Stdout), wrapped(os.Stderr), gone
}
