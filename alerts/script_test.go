package alerts

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts/internal/script"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
)

// TestScripts runs testdata/scripts: times and events in, alerts out. Times are
// durations since midnight. Before every command the state goes through its binary
// form, so that each story is also a history with restarts.
//
//	policy                        the YAML to use from here on
//	open at=0s                    a stay begins
//	score at=1m news2=8 points=3,3,2,0,0,0,0 mortality=0.5 untrained corrected
//	                              points: x is never measured, 3s are the last known of a stale
//	                              component; the others were measured at the time of the score
//	data at=2m
//	ack at=3m alert=news2/1       also snooze until=, verdict, close; reason=, actor=
//	advance at=1h                 time passes
//	end at=5h cause=discharge
func TestScripts(t *testing.T) {
	script.Run(t, "testdata/scripts", func() func(*script.Line) string {
		return (&story{policy: DefaultPolicy()}).tell
	})
}

type story struct {
	policy   *Policy
	state    State
	scores   int
	measured Measured
}

func (s *story) tell(l *script.Line) string {
	if l.Cmd == "policy" {
		p, err := ParsePolicy([]byte(l.Input))
		if err != nil {
			return err.Error()
		}
		s.policy = p
		return "ok"
	}
	s.restart(l.T)
	e := Event{At: l.Time("at"), Model: "M"}
	out := s.policy.Step(&s.state, Event{Kind: Advance, At: e.At, Model: e.Model}, nil)
	switch l.Cmd {
	case "advance":
		return printed(l, out)
	case "open":
		e.Kind, e.Patient, e.Stay = Opened, "ward:1", "S1"
		s.measured = NeverMeasured()
	case "data":
		e.Kind = DataCame
	case "end":
		e.Kind, e.Cause = Ended, l.Text("cause")
	case "ack", "snooze", "verdict", "close":
		e.Kind, e.Command = Commanded, l.Answer()
	case "score":
		e.Kind, e.Score = Scored, s.score(l)
	default:
		l.Fatalf("unknown command %s", l.Cmd)
	}
	return printed(l, s.policy.Step(&s.state, e, out))
}

// restart puts the state through its binary form.
func (s *story) restart(t *testing.T) {
	b := s.state.Append(nil)
	r := packed.NewReader(b)
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

func (s *story) score(l *script.Line) *Score {
	s.scores++
	sc := &Score{ID: fmt.Sprintf("score%d", s.scores), Trained: true}
	for _, arg := range l.CmdArgs {
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
				text, stale := strings.CutSuffix(text, "s")
				n, err := strconv.Atoi(text)
				switch {
				case err != nil:
					sc.Partial, n = true, NotKnown
				case stale:
					sc.Partial, sc.Standing.Stale[c] = true, true
				default:
					s.measured[c] = l.Time("at")
				}
				sc.Standing.Points[c] = int8(n)
			}
		default:
			v, err := strconv.ParseFloat(value, 32)
			if err != nil {
				l.Fatalf("%s=%s", arg.Key, value)
			}
			sc.Risks = append(sc.Risks, TaskRisk{arg.Key, float32(v)})
		}
	}
	sc.Standing.Measured = s.measured
	return sc
}

func printed(l *script.Line, list []schemas.Alert) string {
	var b strings.Builder
	for i := range list {
		a := &list[i]
		fmt.Fprintf(&b, "%s %s %s r%d %s, %v against %v", script.Clock(a.AsOf), a.Phase, l.Name(a), a.Revision, a.Severity, a.Value, a.Threshold)
		if len(a.Flags) > 0 {
			fmt.Fprintf(&b, " %v", a.Flags)
		}
		if a.Score != "" {
			fmt.Fprintf(&b, " (%s)", a.Score)
		}
		fmt.Fprintf(&b, "\n    %s\n", a.Reason)
	}
	return b.String()
}
