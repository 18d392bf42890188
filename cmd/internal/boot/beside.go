package boot

import (
	"fmt"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/fusion"
)

// loadShadow loads the model that is to score beside the served one; nil for none.
func loadShadow(file string, served *fusion.Model, own Encoders) (*fusion.Model, error) {
	if file == "" {
		return nil, nil
	}
	m, err := fusion.Load(file)
	switch {
	case err != nil:
		return nil, Usage(fmt.Errorf("--shadow: %w", err))
	case FitsEncoders(m, own) != nil:
		return nil, Usage(fmt.Errorf("--shadow %s: %w", file, FitsEncoders(m, own)))
	case served == nil:
		return nil, Usage(fmt.Errorf("--shadow %s: there is no model beside which it could score: leave --model none out", file))
	case m.Hash() == served.Hash():
		return nil, Usage(fmt.Errorf("--shadow %s: it is the model that serves: name another", file))
	case m.NewSums() != nil:
		return nil, Usage(fmt.Errorf("--shadow %s: it serves by sums that are kept of each patient, and only one model can keep them: take it as --model in a system of its own", file))
	case monitor.RisksInCommon(served, m) == "":
		return nil, Usage(fmt.Errorf("--shadow %s: it tells no risk that the served model tells too: there is nothing to compare", file))
	}
	return m, nil
}

// leastDrift is of how many predictions a drift is said in the log.
const leastDrift = 1000

// drifted remembers what was said of drift, so that each thing is said once.
type drifted struct {
	mu   sync.Mutex
	said map[string]bool
}

// first says whether something has not been said.
func (d *drifted) first(what string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.said[what] {
		return false
	}
	if d.said == nil {
		d.said = map[string]bool{}
	}
	d.said[what] = true
	return true
}

// Shadow is one line for people on how the model in the shadow agrees with the served one; empty
// where there is none.
func (h *House) Shadow() string {
	if h.shadow == nil {
		return ""
	}
	a := h.monitor.Agreement()
	if a.N == 0 {
		return fmt.Sprintf("shadow %.12s: nothing was scored by both models yet", h.shadow.Hash())
	}
	return fmt.Sprintf("shadow %.12s: %d scores by both, mean absolute difference %.4f, correlation %.4f, %.4f across the threshold",
		h.shadow.Hash(), a.N, a.Difference(), a.Correlation(), a.Share())
}

// Drift is one line for people on what has moved since the serving models were trained, the three
// furthest; empty where nothing can be said. What has moved far is said once in the log too: the
// numbers of a model in another world are not to be trusted.
func (h *House) Drift() string {
	var parts []string
	for _, m := range h.monitor.Serving() {
		d := h.monitor.Drift(m)
		if d == nil {
			continue
		}
		shifts := d.Shifts(m)
		for i, s := range shifts {
			if s.PSI > fusion.PSIMuch && d.Predictions >= leastDrift && h.drifted.first(m.Hash()+s.Of) {
				h.config.Log.Warn().Str("model", m.Hash()).Str("of", s.Of).Float64("psi", s.PSI).Uint64("predictions", d.Predictions).
					Msg("drift: this is far from what the model was trained on: look whether a source has changed (units, codes, delays), and what the model is worth here (vigil evaluate)")
			}
			if i < 3 {
				parts = append(parts, fmt.Sprintf("%s %.3f", s.Of, s.PSI))
			}
		}
		if d.Unlike > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d predictions unlike training", d.Unlike, d.Predictions))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "drift (PSI): " + strings.Join(parts, ", ")
}
