package sourcetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// hatch is a small door: its messages are heart rates as text, its state the numbers that
// it gave, by message. It is right in all things but one mistake.
type hatch struct {
	mistake string
	file    string
	given   map[string]uint64
	calls   chan call
	gone    chan struct{} // the test is over
}

type call struct {
	message []byte
	answer  chan Answer
}

func (h *hatch) Name() string {
	if h.mistake == "no name" {
		return ""
	}
	return "hatch"
}

func (h *hatch) save() error {
	b, err := json.Marshal(h.given)
	if err == nil {
		err = os.WriteFile(h.file, b, 0o644)
	}
	return err
}

func (h *hatch) Serve(ctx context.Context, p source.Producer) error {
	if h.mistake == "goroutine" {
		go func() { time.Sleep(time.Minute) }()
	}
	for {
		var c call
		if h.mistake == "deaf to its context" {
			select {
			case c = <-h.calls:
			case <-h.gone:
				return nil
			}
		} else {
			select {
			case c = <-h.calls:
			case <-ctx.Done():
				if h.mistake == "nil when cancelled" {
					return nil
				}
				return ctx.Err()
			}
		}
		if err := h.take(ctx, p, c); err != nil && h.mistake != "goes on without the producer" {
			return err
		}
	}
}

func (h *hatch) take(ctx context.Context, p source.Producer, c call) error {
	text := string(c.message)
	if strings.Trim(text, "0123456789") != "" && h.mistake != "takes anything" {
		problem := schemas.NewProblem(schemas.Unreadable, "message", text, "a heart rate")
		r := source.Refusal{Door: "hatch", Input: c.message, Problem: problem}
		if h.mistake == "dead letter without the input" {
			r.Input = nil
		}
		if h.mistake != "no dead letter" {
			if err := p.Refuse(ctx, r); err != nil && h.mistake != "answers without the dead letter" {
				return err
			}
		}
		a := Answer{Reason: problem.Reason}
		switch h.mistake {
		case "bad input accepted":
			a = Answer{Accepted: true}
		case "no reason":
			a = Answer{}
		case "ends on bad input":
			c.answer <- a
			return errors.New("bad input")
		}
		c.answer <- a
		return nil
	}
	seq, before := h.given[text]
	if !before || h.mistake == "another number each time" {
		seq = uint64(len(h.given)) + 1
		h.given[text] = seq
		if h.mistake == "another number each time" {
			h.given[fmt.Sprint(text, " again ", seq)] = seq
		}
	}
	late := h.mistake == "numbers saved after the append"
	if h.mistake != "numbers in memory" && !late {
		if err := h.save(); err != nil {
			return err
		}
	}
	if h.mistake == "answers first" {
		c.answer <- Answer{Accepted: true}
	}
	var err error
	if h.mistake != "appends nothing" {
		err = p.Append(ctx, []schemas.Message{h.message(text, seq)})
	}
	if late {
		err = errors.Join(err, h.save())
	}
	if h.mistake == "accepted though the append failed" {
		c.answer <- Answer{Accepted: true}
		return err
	}
	if err == nil && h.mistake != "answers first" {
		c.answer <- Answer{Accepted: true}
	}
	return err
}

func (h *hatch) message(text string, seq uint64) schemas.Message {
	at := schemas.Time(4e12)
	e := schemas.Event{Topic: schemas.TopicVitals, Patient: "hatch:1", Source: "hatch", Seq: seq, HasSeq: true,
		Vitals: &schemas.Vitals{Values: map[string]json.Number{"heart_rate": json.Number(text)}}}
	e.Vitals.EventTime = &at
	switch h.mistake {
	case "no numbers":
		e.HasSeq = false
	case "of a run":
		e.Run, e.AvailableTime = "hatch@1", at
	case "unreadable event":
		e.Patient = "nobody"
	}
	m, _ := schemas.EncodeEvent(&e)
	return m
}

func hatches(mistake string) DoorSubject {
	return DoorSubject{
		Begin: func(state string) (source.Door, Send, func(), error) {
			gone := make(chan struct{})
			h := &hatch{gone: gone, mistake: mistake, file: filepath.Join(state, "given"), given: map[string]uint64{}, calls: make(chan call)}
			if b, err := os.ReadFile(h.file); err == nil {
				if err := json.Unmarshal(b, &h.given); err != nil {
					return nil, nil, nil, err
				}
			}
			send := func(ctx context.Context, message []byte) (Answer, error) {
				c := call{message, make(chan Answer, 1)}
				select {
				case h.calls <- c:
				case <-ctx.Done():
					return Answer{}, ctx.Err()
				case <-gone:
					return Answer{}, errors.New("the door is closed")
				}
				select {
				case a := <-c.answer:
					return a, nil
				case <-ctx.Done():
					return Answer{}, ctx.Err()
				case <-gone:
				}
				select {
				case a := <-c.answer: // it came before the door went
					return a, nil
				default:
					return Answer{}, errors.New("the door is closed")
				}
			}
			return h, send, func() { close(gone) }, nil
		},
		Good: func(i int) []byte { return fmt.Append(nil, 60+i) },
		Bad:  map[string][]byte{"words": []byte("fast"), "nothing known": []byte("?")},
	}
}

func TestARightDoorPasses(t *testing.T) { RunDoor(t, hatches("")) }

// Each mistake is found by the case that is for it, in words that name it.
func TestWrongDoorsAreFound(t *testing.T) {
	defer func(d time.Duration) { prompt = d }(prompt)
	prompt = 500 * time.Millisecond
	for _, w := range []struct{ mistake, by, says string }{
		{"no name", "accepted is appended", "no name"},
		{"appends nothing", "accepted is appended", "no event of it is appended"},
		{"no numbers", "accepted is appended", "no sequence number"},
		{"of a run", "accepted is appended", "of the run"},
		{"unreadable event", "accepted is appended", "cannot be read"},
		{"goroutine", "accepted is appended", "goroutines are left running"},
		{"nil when cancelled", "accepted is appended", "want the context's error"},
		{"deaf to its context", "the context ends it", "has not returned"},
		{"goes on without the producer", "a failed append is not accepted", "goes on where the producer fails"},
		{"answers first", "no answer before the append returns", "the answer comes"},
		{"accepted though the append failed", "a failed append is not accepted", "is answered"},
		{"another number each time", "a failed append is not accepted", "counts it twice"},
		{"numbers saved after the append", "cut between append and answer", "the number 3"},
		{"numbers in memory", "numbers last", "the number 1"},
		{"bad input accepted", "bad input is refused", "is accepted"},
		{"takes anything", "bad input is refused", "is accepted"},
		{"no reason", "bad input is refused", "without a reason"},
		{"no dead letter", "bad input is refused", "0 dead letters"},
		{"dead letter without the input", "bad input is refused", "does not say what was refused"},
		{"ends on bad input", "bad input is refused", "no answer"},
		{"answers without the dead letter", "a refusal that cannot be kept is not answered", "no dead letter can be kept"},
	} {
		i := slices.IndexFunc(doorCases, func(c doorCase) bool { return c.name == w.by })
		if i < 0 {
			t.Fatalf("there is no case %q", w.by)
		}
		err := judgeDoor(t.Context(), doorCases[i].run, hatches(w.mistake), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), w.says) {
			t.Errorf("%s: the case %q says %v, want %q", w.mistake, w.by, err, w.says)
		}
	}
}
