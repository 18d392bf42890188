package alerts

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/vigil-icu/vigil/alerts/internal/wire"
	"github.com/vigil-icu/vigil/schemas"
)

// TestScripts runs testdata/scripts: times and events in, alerts out. Times are
// durations since the admission. Before every command the state goes through its
// binary form, so that each script is also a history with restarts.
//
//	policy                        the YAML to use from here on
//	open at=0s                    a stay begins
//	score at=1m news2=8 points=3,3,2,0,0,0,0 mortality=0.5 untrained corrected
//	data at=2m
//	ack at=3m alert=news2/1       also snooze until=, verdict; reason=, actor=
//	advance at=1h                 time passes
//	end at=5h cause=discharge
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		s := &script{policy: DefaultPolicy(), ids: map[string]string{}}
		datadriven.RunTest(t, path, s.run)
	})
}

type script struct {
	policy *Policy
	state  State
	ids    map[string]string // of alerts, to "task/episode"
	scores int
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	if d.Cmd == "policy" {
		p, err := ParsePolicy([]byte(d.Input))
		if err != nil {
			return err.Error()
		}
		s.policy = p
		return "ok"
	}
	s.restart(t)
	var out []schemas.Alert
	e := Event{At: scriptTime(t, d, "at"), Model: "M"}
	if d.Cmd == "advance" {
		e.Kind = Advance
		return s.print(s.policy.Step(&s.state, e, nil))
	}
	out = s.policy.Step(&s.state, Event{Kind: Advance, At: e.At, Model: "M"}, out)
	command := schemas.Command{Actor: argOf(d, "actor"), Reason: argOf(d, "reason")}
	for id, name := range s.ids {
		if name == argOf(d, "alert") {
			command.Alert = id
		}
	}
	switch d.Cmd {
	case "open":
		e.Kind, e.Patient, e.Stay = Opened, "ward:1", "S1"
	case "data":
		e.Kind = DataCame
	case "end":
		e.Kind, e.Cause = Ended, argOf(d, "cause")
	case "ack", "snooze", "verdict":
		e.Kind, e.Command = Commanded, &command
		command.Verb = map[string]string{"ack": VerbAcknowledge, "snooze": VerbSnooze, "verdict": VerbVerdict}[d.Cmd]
		if d.Cmd == "snooze" {
			command.Until = scriptTime(t, d, "until")
		}
	case "score":
		e.Kind, e.Score = Scored, s.score(t, d)
	default:
		t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
	}
	return s.print(s.policy.Step(&s.state, e, out))
}

// restart puts the state through its binary form.
func (s *script) restart(t *testing.T) {
	b := s.state.Append(nil)
	r := wire.NewReader(b)
	var again State
	again.Decode(r)
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Append(nil), b) {
		t.Fatal("a state that was decoded encodes to other bytes")
	}
	s.state = again
}

func (s *script) score(t *testing.T, d *datadriven.TestData) *Score {
	s.scores++
	sc := &Score{ID: fmt.Sprintf("score%d", s.scores), Trained: true}
	for _, arg := range d.CmdArgs {
		value := ""
		if len(arg.Vals) > 0 {
			value = arg.Vals[0]
		}
		switch arg.Key {
		case "at":
		case "untrained":
			sc.Trained = false
		case "corrected":
			sc.Corrected = true
		case "news2":
			sc.NEWS2, _ = strconv.Atoi(value)
		case "points":
			for c, text := range strings.Split(value, ",") {
				n, err := strconv.Atoi(text)
				if err != nil {
					sc.Partial, n = true, NotKnown
				}
				sc.Points[c] = int8(n)
			}
		default:
			v, err := strconv.ParseFloat(value, 32)
			if err != nil {
				t.Fatalf("%s: %s=%s", d.Pos, arg.Key, value)
			}
			sc.Risks = append(sc.Risks, TaskRisk{arg.Key, float32(v)})
		}
	}
	return sc
}

const admission = schemas.Time(1893456000000) // 2030-01-01

func (s *script) print(list []schemas.Alert) string {
	var b strings.Builder
	for i := range list {
		a := &list[i]
		if s.ids[a.ID] == "" {
			n := 1
			for _, name := range s.ids {
				if strings.HasPrefix(name, a.Task+"/") {
					n++
				}
			}
			s.ids[a.ID] = fmt.Sprintf("%s/%d", a.Task, n)
		}
		fmt.Fprintf(&b, "%v %s %s r%d %s, %v against %v", time.Duration(a.AsOf-admission)*time.Millisecond,
			a.Phase, s.ids[a.ID], a.Revision, a.Severity, a.Value, a.Threshold)
		if len(a.Flags) > 0 {
			fmt.Fprintf(&b, " %v", a.Flags)
		}
		if a.Score != "" {
			fmt.Fprintf(&b, " (%s)", a.Score)
		}
		fmt.Fprintf(&b, "\n    %s\n", a.Reason)
	}
	if b.Len() == 0 {
		return "nothing"
	}
	return b.String()
}

func argOf(d *datadriven.TestData, key string) string {
	for _, arg := range d.CmdArgs {
		if arg.Key == key && len(arg.Vals) > 0 {
			return arg.Vals[0]
		}
	}
	return ""
}

func scriptTime(t *testing.T, d *datadriven.TestData, key string) schemas.Time {
	v, err := time.ParseDuration(argOf(d, key))
	if err != nil {
		t.Fatalf("%s: %s: %v", d.Pos, key, err)
	}
	return admission + schemas.Time(v.Milliseconds())
}
