package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// acceptedIsAppended wants every event of a message on the shelf when its answer comes.
func acceptedIsAppended(c *doorCheck) error {
	s := &shelf{}
	v, _, err := c.open("", s)
	if err != nil {
		return err
	}
	err = func() error {
		for i := range 5 {
			before, _, _ := s.holds()
			if err := v.accepted(c.ctx, c.Good(i)); err != nil {
				return err
			}
			after, refused, wrong := s.holds()
			switch {
			case wrong != nil:
				return wrong
			case after == before:
				return fmt.Errorf("message %d is accepted, and no event of it is appended", i)
			case refused > 0:
				return fmt.Errorf("message %d is accepted, and a dead letter as well", i)
			}
		}
		_, err := s.identities()
		return err
	}()
	return errors.Join(err, endedByContext(v.close()))
}

// endedByContext wants the error of a Serve whose context was ended.
func endedByContext(err error) error {
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the door's Serve returns %v after its context ended, want the context's error", err)
	}
	return nil
}

// noAnswerBeforeAppend holds the append back and wants no answer meanwhile. A door that answers
// first passes acceptedIsAppended whenever the append is quick; here it cannot.
func noAnswerBeforeAppend(c *doorCheck) error {
	begun, proceed := make(chan struct{}, 1), make(chan struct{})
	s := &shelf{before: func() error {
		select {
		case begun <- struct{}{}:
		default: // a later append of the same message
		}
		<-proceed
		return nil
	}}
	v, _, err := c.open("", s)
	if err != nil {
		return err
	}
	answered := make(chan error, 1)
	go func() { answered <- v.accepted(c.ctx, c.Good(0)) }()
	err = func() error {
		defer close(proceed)
		select {
		case <-begun:
		case err := <-answered:
			return fmt.Errorf("the answer comes (%v), and no append has begun", err)
		case <-time.After(prompt):
			return errors.New("no append begins")
		}
		select {
		case <-answered:
			return errors.New("the answer comes while the append has not returned")
		case <-time.After(silent):
			return nil
		}
	}()
	if err == nil {
		err = <-answered
	}
	return errors.Join(err, endedByContext(v.close()))
}

// errAppend is what the producer of a case answers.
var errAppend = errors.New("the brokers are away")

// failedAppend lets an append fail whose messages are there all the same, as when an answer of a
// broker is lost. The message must not be answered, and sent again it must be known.
func failedAppend(c *doorCheck) error {
	s := &shelf{after: func() error { return errAppend }} // some may be there all the same
	v, folder, err := c.open("", s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, prompt)
	defer cancel()
	sent := make(chan error, 1)
	go func() {
		a, err := v.send(ctx, c.Good(0))
		if err == nil {
			err = fmt.Errorf("the append fails, and the message is answered: %+v", a)
		} else {
			err = nil
		}
		sent <- err
	}()
	err = v.endsWith(errAppend)
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	return c.again(folder, s, 0)
}

// endsWith waits for Serve to end by itself with an error of the producer.
func (v *visit) endsWith(want error) error {
	defer v.end()
	defer v.cancel()
	select {
	case err := <-v.ended:
		if !errors.Is(err, want) {
			return fmt.Errorf("the door's Serve ends with %v where the producer fails, want the producer's error", err)
		}
		return nil
	case <-time.After(prompt):
		return errors.New("the door's Serve goes on where the producer fails")
	}
}

// again opens the door on what the process before left, sends a message that is new and then
// message i once more, and wants that accepted under the numbers that it had.
func (c *doorCheck) again(state string, s *shelf, i int) error {
	s.before, s.after = nil, nil
	v, _, err := c.open(state, s)
	if err != nil {
		return err
	}
	var had map[identity]uint64
	other := i + 7
	if err = v.accepted(c.ctx, c.Good(other)); err == nil {
		had, err = s.identities()
	}
	if err == nil {
		err = v.accepted(c.ctx, c.Good(i))
	}
	if err == nil {
		var has map[identity]uint64
		if has, err = s.identities(); err == nil && len(has) != len(had) {
			err = fmt.Errorf("message %d was appended, and sent again it is %d events more: the monitor counts it twice", i, len(has)-len(had))
		}
	}
	return errors.Join(err, endedByContext(v.close()))
}

// cutBeforeAnswer lets the process die right after an append: what the next one finds is
// what lay in the folder at that moment.
func cutBeforeAnswer(c *doorCheck) error {
	s := &shelf{}
	v, folder, err := c.open("", s)
	if err != nil {
		return err
	}
	snapshot := filepath.Join(c.dir, "snapshot")
	appends, died := 0, make(chan error, 1)
	s.after = func() error {
		if appends++; appends < 3 {
			return nil
		}
		died <- os.CopyFS(snapshot, os.DirFS(folder))
		return errors.New("the process has died")
	}
	err = func() error {
		for i := range 2 {
			if err := v.accepted(c.ctx, c.Good(i)); err != nil {
				return err
			}
		}
		return nil
	}()
	if err != nil {
		return errors.Join(err, v.close())
	}
	ctx, cancel := context.WithTimeout(c.ctx, prompt)
	sent := make(chan bool, 1)
	go func() { _, err := v.send(ctx, c.Good(2)); sent <- err == nil }()
	select {
	case err = <-died:
	case <-time.After(prompt):
		err = errors.New("no append begins")
	}
	_ = v.close() // ends with the producer's error or the context's
	cancel()
	if answered := <-sent; err == nil && answered {
		err = errors.New("the message is answered, and its append has failed")
	}
	if err != nil {
		return err
	}
	return c.again(snapshot, s, 2)
}

// numbersLast sends messages through several processes, each on a copy of what the one
// before had on disk at its last answer, and wants numbers that only go up.
func numbersLast(c *doorCheck) error {
	s := &shelf{}
	state, n := "", 0
	for process := range 3 {
		v, folder, err := c.open(state, s)
		if err != nil {
			return err
		}
		for range 3 {
			if err = v.accepted(c.ctx, c.Good(n)); err != nil {
				break
			}
			n++
		}
		snapshot := filepath.Join(c.dir, fmt.Sprintf("snapshot-%d", process))
		err = errors.Join(err, os.CopyFS(snapshot, os.DirFS(folder)), endedByContext(v.close()))
		if err != nil {
			return err
		}
		state = snapshot
	}
	if _, err := s.identities(); err != nil {
		return err
	}
	last := map[identity]uint64{}
	for _, e := range s.events {
		stream := identity{e.Patient, e.Source, e.Topic, 0}
		if e.Seq <= last[stream] {
			return fmt.Errorf("number %d of %s about %s comes after %d", e.Seq, e.Source, e.Patient, last[stream])
		}
		last[stream] = e.Seq
	}
	return nil
}

// badInputIsRefused wants an answer with a reason and one dead letter for each bad input, and the
// good message behind it accepted.
func badInputIsRefused(c *doorCheck) error {
	if len(c.Bad) == 0 {
		return errors.New("there is no bad input: the case shows nothing")
	}
	s := &shelf{}
	v, _, err := c.open("", s)
	if err != nil {
		return err
	}
	err = func() error {
		good := 0
		for name, bad := range c.Bad {
			events, letters, _ := s.holds()
			ctx, cancel := context.WithTimeout(c.ctx, prompt)
			a, err := v.send(ctx, bad)
			cancel()
			switch {
			case err != nil:
				return fmt.Errorf("%s: there is no answer: %w", name, err)
			case a.Accepted:
				return fmt.Errorf("%s: the message is accepted", name)
			case a.Reason == "":
				return fmt.Errorf("%s: the message is refused without a reason", name)
			}
			nowEvents, nowLetters, _ := s.holds()
			if nowLetters != letters+1 || nowEvents != events {
				return fmt.Errorf("%s: %d dead letters and %d events come of it, want 1 and none", name, nowLetters-letters, nowEvents-events)
			}
			r := s.refusals[letters]
			if r.Problem == nil || r.Problem.Reason != a.Reason || r.Door == "" || !bytes.Equal(r.Input, bad) {
				return fmt.Errorf("%s: the dead letter %+v does not say what was refused and why", name, r)
			}
			if err := v.accepted(c.ctx, c.Good(good)); err != nil {
				return fmt.Errorf("behind %s: %w", name, err)
			}
			good++
		}
		return nil
	}()
	return errors.Join(err, endedByContext(v.close()))
}

// failedRefusal wants a refusal unanswered that nobody could find later.
func failedRefusal(c *doorCheck) error {
	s := &shelf{refuse: func() error { return errAppend }}
	v, _, err := c.open("", s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, prompt)
	defer cancel()
	sent := make(chan error, 1)
	go func() {
		for name, bad := range c.Bad {
			if a, err := v.send(ctx, bad); err == nil {
				sent <- fmt.Errorf("%s: the answer is %+v, and no dead letter can be kept", name, a)
				return
			}
			break
		}
		sent <- nil
	}()
	err = v.endsWith(errAppend)
	return errors.Join(err, <-sent)
}

// contextEndsIt wants Serve to return soon after its context ended, though nobody sends, and the
// state to be free for the next process.
func contextEndsIt(c *doorCheck) error {
	s := &shelf{}
	v, folder, err := c.open("", s)
	if err != nil {
		return err
	}
	if err := v.accepted(c.ctx, c.Good(0)); err != nil {
		return errors.Join(err, v.close())
	}
	begin := time.Now()
	if err := endedByContext(v.close()); err != nil {
		return err
	}
	if took := time.Since(begin); took > time.Second {
		return fmt.Errorf("the door's Serve returns %v after its context ended", took)
	}
	// What it had is free for the next one at once.
	_, _, end, err := c.Begin(folder)
	if err != nil {
		return fmt.Errorf("the same state cannot be opened again: %w", err)
	}
	end()
	return nil
}
