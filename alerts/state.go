package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// State is where the alerts of one stay stand. The zero value is a stay that has not been
// opened. It is a value of the events so far and nothing else: Append and Decode keep it
// between two runs. It belongs to one goroutine.
type State struct {
	Patient string
	Stay    string
	open    bool

	episodes []episode    // one a task, no_data among them, in the order in which the policy's tasks were met
	lastData schemas.Time // when the latest data of any kind were measured; the admission before there are any

	// What follows is of the last score, since an alert that starts by time alone names it.
	hasScore bool
	scoreID  string
	standing Standing
	partial  bool

	// absent is what the open no_data alert has told to be missing.
	absent absence
}

// absence is what is missed of a stay's data as of one moment.
type absence struct {
	components [Components]bool // that were measured in the stay, and not for longer than is expected
	silence    bool             // nothing of any kind has come for the policy's time
}

// any says whether anything is missed.
func (a *absence) any() bool { return a.silence || a.components != [Components]bool{} }

// beyond says whether something is missed that was not.
func (a *absence) beyond(was *absence) bool {
	for c, missed := range a.components {
		if missed && !was.components[c] {
			return true
		}
	}
	return a.silence && !was.silence
}

// episode is the alert of one task: the open one, or the last one after its end.
type episode struct {
	task  string
	count uint32 // how many alerts the task has had in this stay, the open one included

	level     int     // the open alert's place among the rule's levels, from 1; 0 if none is open
	id        string  // of the open alert, or of the last one
	revision  int     // number of the alert's next revision, from 0
	toldValue float32 // the number in the alert's last revision
	// noStartBefore holds for each level of the rule before when no alert of that level
	// starts: the end of the refractory time of an alarm, or of the reset time of an end, of
	// that level or a higher one. A higher level than those starts at once.
	noStartBefore [maxLevels]schemas.Time
	toldAt        schemas.Time // when the last revision was made

	measured    bool    // the stay has had a number of this task
	latest      float32 // the last such number: NEWS2, a probability, or hours without data
	singleThree bool    // a single component of NEWS2 had 3 points in it
	// held says that the number is not fresh: components of NEWS2 that had points are not
	// known any more, or the model gives no risk. An open alert is neither ended nor lowered
	// by such a number.
	held bool
	// reachedSince holds for each level of the rule since when the number has been high
	// enough for it without a break; never where it is not.
	reachedSince [maxLevels]schemas.Time
	// clearingSince is since when the number has been too low for the open level without a
	// break; never where it is not.
	clearingSince schemas.Time

	acknowledged bool
	snoozedUntil schemas.Time // never if nobody has snoozed the alert
	verdict      string       // what a person has said of the alert
	toldSeverity string       // the severity in the alert's last revision
	origin       string       // of an open alert: the patient from whom it was taken over; empty if it started here
}

// maxLevels is how many levels a rule may have: one for each severity.
const maxLevels = 3

// never marks a time that has not come about.
const never = schemas.Time(math.MinInt64)

// forever is later than any time of a log.
const forever = schemas.Time(math.MaxInt64)

// newEpisode returns the episode of a task that has had no number and no alert.
func newEpisode(task string) episode {
	e := episode{task: task, toldAt: never, clearingSince: never, snoozedUntil: never}
	for i := range e.reachedSince {
		e.reachedSince[i], e.noStartBefore[i] = never, never
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

// Clone returns a copy that shares nothing with the state.
func (s *State) Clone() State {
	c := *s
	c.episodes = slices.Clone(s.episodes)
	return c
}

// Open says whether a stay is open.
func (s *State) Open() bool { return s.open }

// Alerts is how many alerts are open.
func (s *State) Alerts() int {
	n := 0
	for i := range s.episodes {
		if s.episodes[i].level > 0 {
			n++
		}
	}
	return n
}

// AlertID returns the id of an alert: 32 hexadecimal digits of a SHA-256 over what the alert
// is about, so that a replay gives the same id and whoever knows these six can compute it.
// episode counts the task's alerts in the stay from 1; model and policy are the hashes of
// the files in force when the alert started.
func AlertID(patient, stay, task string, episode uint32, model, policy string) string {
	return hashID("alert", patient, stay, task, strconv.FormatUint(uint64(episode), 10), model, policy)
}

// ScoreID returns the id of a score in the same way. n is the score's number among the
// outputs of its stay.
func ScoreID(patient, stay string, n uint64, model, policy string) string {
	return hashID("score", patient, stay, strconv.FormatUint(n, 10), model, policy)
}

// HandedID returns the id of what one patient hands to another, in the same way.
func HandedID(from, to string, body []byte) string {
	return hashID("handed", from, to, string(body))
}

// hashID is the first half of the SHA-256 over the parts, in hexadecimal. Each part stands
// behind its length, so that no two lists of parts give the same bytes.
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
