package retry

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// The pause doubles up to the longest, and begins again after a reset.
func TestBackoffDoubles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Backoff{First: 20 * time.Millisecond, Longest: 100 * time.Millisecond}
		for i, want := range []time.Duration{20, 40, 80, 100, 100, 20, 40} {
			if i == 5 {
				b.Reset()
			}
			before := time.Now()
			if err := b.Pause(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(before); got != want*time.Millisecond {
				t.Errorf("pause %d lasts %v, want %v", i, got, want*time.Millisecond)
			}
		}
	})
}

// A pause ends with its context, and so does one that is over at once.
func TestPauseEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before := time.Now()
		if err := Pause(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(before) != time.Second {
			t.Errorf("after %v: %v", time.Since(before), err)
		}
		if err := Pause(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a pause of nothing: %v", err)
		}
	})
}

// A call is tried again while its error passes; the log hears of it after a second, and
// what does not pass ends it at once.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			said    strings.Builder
			trouble Trouble
			away    = errors.New("away")
			refused = errors.New("refused")
			log     = zerolog.New(&said)
			policy  = Policy{Server: "the store", Log: &log, Temporary: func(err error) bool { return errors.Is(err, away) }}
			begun   = time.Now()
			tries   int
		)
		err := trouble.Retry(t.Context(), policy, "reaching it", func() error {
			if tries++; time.Since(begun) < 700*time.Millisecond && said.Len() > 0 {
				t.Errorf("after %v the log says %s", time.Since(begun), said.String())
			}
			if time.Since(begun) < 3*time.Second {
				return away
			}
			return nil
		})
		if got := said.String(); err != nil || strings.Count(got, "\n") != 2 || !strings.Contains(got, "reaching it fails") || !strings.Contains(got, "the store works again") {
			t.Errorf("%v; the log says %s", err, got)
		}
		if tries < 12 || tries > 20 {
			t.Errorf("%d tries in 3 s with pauses of up to 250 ms", tries)
		}
		tries = 0
		if err := trouble.Retry(t.Context(), policy, "", func() error { tries++; return refused }); !errors.Is(err, refused) || tries != 1 {
			t.Errorf("%d tries of what is refused, %v", tries, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err = trouble.Retry(ctx, policy, "", func() error { return away })
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, away) || trouble.Since().IsZero() {
			t.Errorf("given up with %v, away since %v", err, trouble.Since())
		}
	})
}
