package retry

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// An owner's calls wait for each other, so that several of the longest pauses add up when
// a server comes back: that is why the longest is short.
const (
	firstPause   = 20 * time.Millisecond
	longestPause = 250 * time.Millisecond
)

// quiet is how long a call may fail before that is worth a line in the log.
const quiet = time.Second

// Policy says how the calls of one server are tried again.
type Policy struct {
	Server    string           // the server's name, for the line that says it works again: "Kafka"
	Temporary func(error) bool // whether the same call may succeed later
	Log       *zerolog.Logger
}

// Trouble is what many calls of one server share, so that the log says once that the
// server fails, however many calls wait for it, and once that it works again: when a
// call succeeds and none waits any more. The zero value is ready; it is safe for
// concurrent use.
type Trouble struct {
	said    atomic.Bool
	mu      sync.Mutex
	waiting int
	since   time.Time
}

// Retry calls f until it succeeds, fails with an error that is not temporary, or ctx ends;
// the error is then f's own, or ctx's with f's last one beside it. doing says for the log
// what f does: "reading topic metadata". f may be called any number of times.
func (t *Trouble) Retry(ctx context.Context, p Policy, doing string, f func() error) (err error) {
	said := false
	defer func() {
		if said {
			t.end()
		}
		if err == nil {
			t.works(p.Log, p.Server)
		}
	}()
	backoff := Backoff{First: firstPause, Longest: longestPause}
	for waited := time.Duration(0); ; {
		err := f()
		if err == nil || !p.Temporary(err) {
			return err
		}
		if waited += backoff.coming(); waited > quiet && !said && ctx.Err() == nil {
			said = true
			t.begin(p.Log, doing, err)
		}
		if ctxErr := backoff.Pause(ctx); ctxErr != nil {
			return fmt.Errorf("%w (last: %w)", ctxErr, err)
		}
	}
}

// Since is when the trouble began; it is zero where there is none.
func (t *Trouble) Since() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.since
}

// begin is for a call that has failed for a while and is tried again; end is for the same
// call, however it ends.
func (t *Trouble) begin(log *zerolog.Logger, doing string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting++
	if !t.said.Swap(true) {
		t.since = now()
		log.Warn().Err(err).Msg(doing + " fails, trying on; nothing is lost")
	}
}

func (t *Trouble) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting--
}

// works is for every call that succeeds.
func (t *Trouble) works(log *zerolog.Logger, server string) {
	if !t.said.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == 0 && t.said.Swap(false) {
		log.Warn().Str("after", now().Sub(t.since).Round(100*time.Millisecond).String()).Msg(server + " works again")
		t.since = time.Time{}
	}
}

// now is for lines that people read; nothing is decided by it.
func now() time.Time { return time.Now() }
