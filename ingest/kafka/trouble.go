package kafka

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// Trouble says once that a server fails, however many calls wait for it, and once
// that it works again: when a call succeeds and none waits any more. The zero value is
// ready.
type Trouble struct {
	said    atomic.Bool
	mu      sync.Mutex
	waiting int
	since   time.Time
}

// Begin is for a call that has failed for a while and tries on; End is for the same
// call, however it ends.
func (t *Trouble) Begin(log *zerolog.Logger, what string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting++
	if !t.said.Swap(true) {
		t.since = now()
		log.Warn().Err(err).Msg(what + " fails, trying on; nothing is lost")
	}
}

// End takes back Begin.
func (t *Trouble) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting--
}

// Works is for every call that succeeds.
func (t *Trouble) Works(log *zerolog.Logger, server string) {
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

// Since is when the trouble began; zero where there is none.
func (t *Trouble) Since() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.since
}
