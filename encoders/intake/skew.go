package intake

import (
	"sync"
	"time"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// sayEvery is how often the clocks of senders are looked through for what is to be said.
const sayEvery = 5 * schemas.Second

// skews says in the log which senders have devices whose clocks are off, each once until all of
// its clocks agree again. It names no patient.
type skews struct {
	mu   sync.Mutex
	last schemas.Time    // when they were looked through
	said map[string]bool // by source
}

// Skews are how far the clocks of the senders' devices are off, as far as this process has
// seen them.
func (w *Worker) Skews() []record.Skew { return w.Encoder.Clocks.Skews() }

func (w *Worker) saySkews(now schemas.Time) {
	s := &w.skews
	s.mu.Lock()
	defer s.mu.Unlock()
	if since := now - s.last; since >= 0 && since < sayEvery {
		return
	}
	s.last = now
	all := w.Skews()
	if len(all) > maxSaid { // a sender that puts a session into its name must not fill the log
		all = all[:maxSaid]
	}
	said := map[string]bool{}
	for _, k := range all {
		switch was := s.said[k.Source]; {
		case k.Off > 0 && !was:
			w.Log.Warn().Str("source", k.Source).Int("devices", k.Devices).Int("off", k.Off).
				Stringer("fast", time.Duration(k.Fastest)*time.Millisecond).Stringer("slow", time.Duration(k.Slowest)*time.Millisecond).
				Msg("clocks of this sender's devices are off by more than a minute, or its messages come late: what they say to be ahead counts as measured on arrival, scores are flagged clock_off; set the clocks")
		case k.Off == 0 && was:
			w.Log.Info().Str("source", k.Source).Msg("the clocks of this sender's devices agree again")
		}
		if k.Off > 0 {
			said[k.Source] = true
		}
	}
	s.said = said
}

// maxSaid is of how many senders, by name, the log speaks.
const maxSaid = 1000
