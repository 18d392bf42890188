package remote

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vigil-icu/vigil/encoders/network"
)

// A server that has failed so often in a row is left alone: first for leastPause, each time twice as
// long, up to mostPause. Then one question finds out whether it is back.
const (
	mostFailures = 5
	leastPause   = time.Second
	mostPause    = time.Minute
)

// breaker keeps questions from a server that does not answer, so that a stream does not wait for each.
type breaker struct {
	now func() time.Time

	mu       sync.Mutex
	failures int
	until    time.Time // when the server may be asked again
	probing  bool      // one question is finding out
}

// guard asks, unless the server is left alone. Only a failure to answer counts: a refusal is an answer.
func (b *breaker) guard(ask func() error) error {
	if err := b.enter(); err != nil {
		return err
	}
	var err error
	answered := false
	defer func() { b.leave(answered) }() // also when ask panics
	err = ask()
	answered = !errors.Is(err, network.ErrAway)
	return err
}

func (b *breaker) enter() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < mostFailures {
		return nil
	}
	if left := b.until.Sub(b.now()); left > 0 || b.probing {
		return fmt.Errorf("%w: it has failed %d times in a row and is left alone for a while", network.ErrAway, b.failures)
	}
	b.probing = true
	return nil
}

func (b *breaker) leave(answered bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	if answered {
		b.failures = 0
		return
	}
	if b.failures++; b.failures < mostFailures {
		return
	}
	pause := leastPause << min(b.failures-mostFailures, 10)
	b.until = b.now().Add(min(pause, mostPause))
}
