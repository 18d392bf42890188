package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// State is where the alerts of one stay stand. The zero value is a stay that
// has not been opened. It is a plain value of the events so far: Append and
// Decode keep it.
type State struct {
	Patient string
	Stay    string
	open    bool

	episodes []episode // in the order in which the policy's tasks were met; no_data is one of them
	lastData schemas.Time

	// The last score: what an alert that starts by time alone goes back to.
	scored  bool
	scoreID string
	points  Points
	partial bool
}

// episode is one task's alert: open, or the last one.
type episode struct {
	task  string
	count uint32 // alerts of the task in this stay

	level    int    // of the open alert, from 1; 0: none is open
	id       string // of the open alert, or of the last one
	revision int
	value    float32      // as last told
	quiet    schemas.Time // no start before this
	told     schemas.Time // of the last revision

	known bool // the number has been seen
	seen  float32
	three bool                    // a component of 3 points was in it
	since [maxLevels]schemas.Time // when each level was reached, never if it is not
	low   schemas.Time            // since when the number asks for a lower level, never if it does not

	acknowledged bool
	snoozed      schemas.Time // until; never if not
	verdict      string
	severity     string // as last told
}

const maxLevels = 3

// never is no time.
const never = schemas.Time(math.MinInt64)

// forever is later than any time.
const forever = schemas.Time(math.MaxInt64)

func newEpisode(task string) episode {
	e := episode{task: task, quiet: never, told: never, low: never, snoozed: never}
	for i := range e.since {
		e.since[i] = never
	}
	return e
}

// episode finds or makes the episode of a task.
func (s *State) episode(task string) *episode {
	for i := range s.episodes {
		if s.episodes[i].task == task {
			return &s.episodes[i]
		}
	}
	s.episodes = append(s.episodes, newEpisode(task))
	return &s.episodes[len(s.episodes)-1]
}

// Open says whether a stay is open.
func (s *State) Open() bool { return s.open }

// Alerts is the number of open alerts.
func (s *State) Alerts() int {
	n := 0
	for i := range s.episodes {
		if s.episodes[i].level > 0 {
			n++
		}
	}
	return n
}

// AlertID names an alert: a hash of what it is about, so that whoever knows
// these six can make it again.
func AlertID(patient, stay, task string, episode uint32, model, policy string) string {
	return hashID("alert", patient, stay, task, strconv.FormatUint(uint64(episode), 10), model, policy)
}

// ScoreID names a score.
func ScoreID(patient, stay string, n uint64, model, policy string) string {
	return hashID("score", patient, stay, strconv.FormatUint(n, 10), model, policy)
}

// hashID is the first half of the SHA-256 over the parts, each behind its
// length.
func hashID(parts ...string) string {
	var room [512]byte
	b := room[:0]
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
