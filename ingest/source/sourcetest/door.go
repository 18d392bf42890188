package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Answer is what a sender is told of a message.
type Answer struct {
	Accepted bool
	Reason   schemas.Reason // of one that is refused
}

// Send hands a door one message as a sender of its protocol does, and returns the answer.
// It returns an error where the door goes away without one, and where ctx ends.
type Send func(ctx context.Context, message []byte) (Answer, error)

// DoorSubject is a door under test, with what the suite cannot know of its protocol.
type DoorSubject struct {
	// Begin opens a door that keeps what must last in the folder state, and a sender for it.
	// The suite runs the door's Serve; end is called after that has returned and gives
	// back what Begin has taken.
	Begin func(state string) (door source.Door, send Send, end func(), err error)

	// Good is message i of a sender that numbers nothing. Each i is another message, all
	// are of one patient or a few, and each becomes at least one event.
	Good func(i int) []byte

	// Bad are messages that must be refused, by what is wrong with them.
	Bad map[string][]byte
}

// RunDoor holds a door against the contract of source.Door.
func RunDoor(t *testing.T, s DoorSubject) {
	for _, c := range doorCases {
		t.Run(c.name, func(t *testing.T) {
			if err := judgeDoor(t.Context(), c.run, s, t.TempDir()); err != nil {
				t.Error(err)
			}
		})
	}
}

func judgeDoor(ctx context.Context, run func(*doorCheck) error, s DoorSubject, dir string) error {
	before := resourcesNow()
	if err := run(&doorCheck{DoorSubject: s, ctx: ctx, dir: dir}); err != nil {
		return err
	}
	return before.same()
}

type doorCase struct {
	name string
	run  func(*doorCheck) error
}

var doorCases = []doorCase{
	{"accepted is appended", acceptedIsAppended},
	{"no answer before the append returns", noAnswerBeforeAppend},
	{"a failed append is not accepted", failedAppend},
	{"cut between append and answer", cutBeforeAnswer},
	{"numbers last", numbersLast},
	{"bad input is refused", badInputIsRefused},
	{"a refusal that cannot be kept is not answered", failedRefusal},
	{"the context ends it", contextEndsIt},
}

// doorCheck is a case at work on its subject. Its folders are those of the door's state:
// where a process dies, the next one is given a copy of what lay there at that moment.
type doorCheck struct {
	DoorSubject
	ctx  context.Context
	dir  string
	dirs int
}

// prompt is how soon a door must be done with what does not wait for anybody. The tests of
// the suite shorten it, as their wrong doors are never done.
var prompt = 5 * time.Second

// silent is how long the suite waits to see that no answer comes.
const silent = 50 * time.Millisecond

// visit is one process with the door open.
type visit struct {
	send   Send
	cancel context.CancelFunc
	ended  chan error
	end    func()
}

// open begins a door on a copy of a folder ("" for none) and serves it to a shelf.
func (c *doorCheck) open(state string, s *shelf) (v *visit, folder string, err error) {
	c.dirs++
	folder = filepath.Join(c.dir, fmt.Sprint(c.dirs))
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, "", err
	}
	if state != "" {
		if err := os.CopyFS(folder, os.DirFS(state)); err != nil {
			return nil, "", err
		}
	}
	door, send, end, err := c.Begin(folder)
	if err != nil {
		return nil, "", fmt.Errorf("opening the door: %w", err)
	}
	if door.Name() == "" {
		return nil, "", errors.New("the door has no name")
	}
	ctx, cancel := context.WithCancel(c.ctx)
	v = &visit{send: send, cancel: cancel, ended: make(chan error, 1), end: end}
	go func() { v.ended <- door.Serve(ctx, s) }()
	return v, folder, nil
}

// close ends the process in good order and returns what Serve returned.
func (v *visit) close() error {
	v.cancel()
	defer v.end()
	select {
	case err := <-v.ended:
		return err
	case <-time.After(prompt):
		return fmt.Errorf("the door's Serve has not returned %v after its context ended", prompt)
	}
}

// accepted sends a message and wants it accepted.
func (v *visit) accepted(ctx context.Context, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, prompt)
	defer cancel()
	a, err := v.send(ctx, message)
	if err != nil {
		return fmt.Errorf("a good message has no answer: %w", err)
	}
	if !a.Accepted {
		return fmt.Errorf("a good message is refused: %s", a.Reason)
	}
	return nil
}

// identity is what the monitor knows a repeat by.
type identity struct {
	patient, source, topic string
	seq                    uint64
}

// shelf is the producer of the suite: what is appended stands on it.
type shelf struct {
	mu       sync.Mutex
	events   []*schemas.Event
	refusals []source.Refusal
	wrong    error // of an event that cannot be one

	before, after func() error // of an append, may be nil; an error is the append's
	refuse        func() error
}

// Append implements source.Producer.
func (s *shelf) Append(ctx context.Context, messages []schemas.Message) error {
	if s.before != nil {
		if err := s.before(); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	for i := range messages {
		e, problem := schemas.DecodeEvent(&messages[i])
		switch {
		case problem != nil:
			s.wrong = fmt.Errorf("an event that is appended cannot be read: %w", problem)
		case !e.HasSeq:
			s.wrong = errors.New("an event that is appended has no sequence number")
		case e.Run != "":
			s.wrong = fmt.Errorf("an event that is appended is of the run %q", e.Run)
		default:
			s.events = append(s.events, e)
		}
	}
	s.mu.Unlock()
	if s.after != nil {
		return s.after()
	}
	return nil
}

// Refuse implements source.Producer.
func (s *shelf) Refuse(ctx context.Context, r source.Refusal) error {
	if s.refuse != nil {
		if err := s.refuse(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = append(s.refusals, r)
	return ctx.Err()
}

// holds returns how many events and dead letters stand on the shelf.
func (s *shelf) holds() (events, refusals int, wrong error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events), len(s.refusals), s.wrong
}

// identities are those of the events, with the content that each was seen with: one
// identity with two contents is an error, as one of them would be dropped as a repeat.
func (s *shelf) identities() (map[identity]uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[identity]uint64{}
	for _, e := range s.events {
		id := identity{e.Patient, e.Source, e.Topic, e.Seq}
		content := schemas.ContentHash(e)
		if other, there := out[id]; there && other != content {
			return nil, fmt.Errorf("two messages of %s about %s have the number %d on %s", e.Source, e.Patient, e.Seq, e.Topic)
		}
		out[id] = content
	}
	return out, nil
}
