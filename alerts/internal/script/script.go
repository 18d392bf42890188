package script

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/vigil-icu/vigil/schemas"
)

// Midnight is the beginning of 2030-01-01, from which a story counts its times.
const Midnight = schemas.Time(1893456000000)

// Run tells each story below dir to a listener of its own, which answers every line
// with what came out of it. An empty answer is written as "nothing".
func Run(t *testing.T, dir string, listener func() func(*Line) string) {
	datadriven.Walk(t, dir, func(t *testing.T, path string) {
		answer, names := listener(), map[string]string{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return cmp.Or(answer(&Line{d, t, names}), "nothing")
		})
	})
}

// Line is one command of a story, with its arguments.
type Line struct {
	*datadriven.TestData
	T     *testing.T
	names map[string]string // of the story's alerts, by id
}

// Fatalf ends the test with the line's place in the story.
func (l *Line) Fatalf(format string, args ...any) {
	l.T.Helper()
	l.TestData.Fatalf(l.T, format, args...)
}

// Text is the value of an argument, "" where the line does not have it.
func (l *Line) Text(key string) string {
	if arg, ok := l.Arg(key); ok && len(arg.Vals) > 0 {
		return arg.Vals[0]
	}
	return ""
}

// Time is the moment that an argument gives as a duration since Midnight.
func (l *Line) Time(key string) schemas.Time {
	l.T.Helper()
	return Midnight + l.Duration(key)
}

// Duration is the value of an argument that the line must have, in milliseconds.
func (l *Line) Duration(key string) schemas.Time {
	l.T.Helper()
	v, err := time.ParseDuration(l.Text(key))
	if err != nil {
		l.Fatalf("%s: %v", key, err)
	}
	return schemas.Time(v.Milliseconds())
}

// Answer is what somebody says to an alert: the lines ack, snooze (until=), close and
// verdict, with alert=, actor= and reason=. It is nil for every other line. An alert
// that the story has not seen has the id "".
func (l *Line) Answer() *schemas.Command {
	l.T.Helper()
	verb := map[string]string{"ack": "acknowledge", "snooze": "snooze", "verdict": "verdict", "close": "end"}[l.Cmd]
	if verb == "" {
		return nil
	}
	c := &schemas.Command{Verb: verb, Actor: l.Text("actor"), Reason: l.Text("reason")}
	for id, name := range l.names {
		if name == l.Text("alert") {
			c.Alert = id
		}
	}
	if l.Cmd == "snooze" {
		c.Until = l.Time("until")
	}
	return c
}

// Name is what the story calls an alert: its task and a number, news2/1 for the first
// that it saw of NEWS2.
func (l *Line) Name(a *schemas.Alert) string {
	if l.names[a.ID] == "" {
		n := 1
		for _, name := range l.names {
			if strings.HasPrefix(name, a.Task+"/") {
				n++
			}
		}
		l.names[a.ID] = fmt.Sprintf("%s/%d", a.Task, n)
	}
	return l.names[a.ID]
}

// Clock writes a moment as the duration since Midnight.
func Clock(at schemas.Time) string {
	return (time.Duration(at-Midnight) * time.Millisecond).String()
}
