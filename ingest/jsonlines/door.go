package jsonlines

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/source/sequence"
	"github.com/vigil-icu/vigil/schemas"
)

const (
	// MaxLine is the longest line that is taken, in bytes: with its key and headers the
	// message must fit into the 16 MiB that a topic takes.
	MaxLine = 15 << 20

	// batchLines is how many lines are appended at a time, at most. After a crash as many
	// may be appended again, and the monitor tells a repeat by its number among the last
	// 64 of a stream.
	batchLines = 64
)

// Door is JSON lines from a reader. It implements source.Door.
type Door struct {
	in      io.Reader
	answers *json.Encoder
	numbers *sequence.Sequence

	taken int64 // messages

	// How many messages were answered how, to be read after Serve.
	Accepted int64 // repeats included
	Repeats  int64 // accepted, but appended before
	Refused  int64
}

// NewDoor returns a door that reads lines from in and answers on answers. Both and numbers
// stay the caller's to close.
func NewDoor(in io.Reader, answers io.Writer, numbers *sequence.Sequence) *Door {
	enc := json.NewEncoder(answers)
	enc.SetEscapeHTML(false)
	return &Door{in: in, answers: enc, numbers: numbers}
}

// Answer is what the sender of a line is told.
type Answer struct {
	Line     int64  `json:"line"` // of the input, from 1
	Accepted bool   `json:"accepted"`
	Repeat   bool   `json:"repeat,omitempty"` // it was appended before
	Topic    string `json:"topic,omitempty"`
	Patient  string `json:"patient,omitempty"`
	Source   string `json:"source,omitempty"`
	Seq      uint64 `json:"seq,omitempty"`

	// Of a line that is refused, in the words of schemas.Problem.
	Reason   schemas.Reason `json:"reason,omitempty"`
	Field    string         `json:"field,omitempty"`
	Found    string         `json:"found,omitempty"`
	Expected string         `json:"expected,omitempty"`
}

// Name implements source.Door.
func (d *Door) Name() string { return "jsonlines" }

// Serve implements source.Door. It returns nil at the end of the input. The goroutine that
// reads the input ends with the read that it is in.
func (d *Door) Serve(ctx context.Context, p source.Producer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lines := make(chan *line, batchLines)
	go readLines(ctx, d.in, lines)
	for {
		batch, end := gather(ctx, lines)
		if len(batch) > 0 {
			if err := d.publish(ctx, p, batch); err != nil {
				return fmt.Errorf("lines %d to %d are not acknowledged: %w", batch[0].number, batch[len(batch)-1].number, err)
			}
		}
		switch {
		case errors.Is(end, io.EOF):
			return nil
		case end != nil:
			return end
		}
	}
}

// line is one line of the input on its way to its answer.
type line struct {
	number int64
	text   []byte // without its end; the first MaxLine bytes of one that is too long
	length int64  // in bytes
	err    error  // the input ended with this instead of a line

	message schemas.Message
	event   *schemas.Event
	problem *schemas.Problem
	given   sequence.Given
}

// gather waits for a line and takes those that have come by then. end is why there will be
// no more: io.EOF, the input's error or the context's.
func gather(ctx context.Context, lines <-chan *line) (batch []*line, end error) {
	select {
	case l := <-lines:
		for {
			switch {
			case l == nil:
				return batch, io.EOF
			case l.err != nil:
				return batch, l.err
			}
			if batch = append(batch, l); len(batch) == batchLines {
				return batch, nil
			}
			select {
			case l = <-lines:
			default:
				return batch, nil
			}
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// publish brings a batch to where it belongs, then answers it: numbers on disk, good
// messages appended, dead letters appended, answers.
func (d *Door) publish(ctx context.Context, p source.Producer, batch []*line) error {
	for _, l := range batch {
		l.read()
	}
	if err := d.number(batch); err != nil {
		return err
	}
	var messages []schemas.Message
	here := map[string]bool{} // the same line twice in a batch is appended once
	for _, l := range batch {
		if l.problem != nil || l.given.Appended {
			continue
		}
		if l.given.Appended = here[string(l.text)]; !l.given.Appended {
			here[string(l.text)] = true
			messages = append(messages, l.message)
		}
	}
	if len(messages) > 0 {
		if err := p.Append(ctx, messages); err != nil {
			return err
		}
	}
	for _, l := range batch {
		d.taken++
		if l.problem == nil {
			continue
		}
		r := source.Refusal{Door: d.Name(), Number: d.taken - 1, Input: l.text, Problem: l.problem}
		if l.event != nil {
			r.Sender = l.event.Source
		}
		if err := p.Refuse(ctx, r); err != nil {
			return err
		}
	}
	if err := d.numbers.Appended(); err != nil {
		return err
	}
	for _, l := range batch {
		if err := d.answer(l); err != nil {
			return fmt.Errorf("writing the answer: %w", err)
		}
	}
	return nil
}

// read makes a message of a line, or a problem.
func (l *line) read() {
	if l.length > MaxLine {
		l.problem = schemas.NewProblem(schemas.TooLarge, "line", fmt.Sprintf("%d bytes", l.length), fmt.Sprintf("at most %d bytes", MaxLine))
		return
	}
	parsed, err := parse(l.text)
	if err != nil {
		l.problem = schemas.NewProblem(schemas.Unreadable, "line", err.Error(), `an object such as {"topic":"`+schemas.TopicVitals+`","value":{...}}`)
		return
	}
	if (parsed.Value == nil) == (parsed.Base64 == nil) {
		l.problem = schemas.NewProblem(schemas.BadField, "value", "", "the body of the message, there or under base64")
		return
	}
	l.message = parsed.message()
	if l.event, l.problem = schemas.DecodeEvent(&l.message); l.problem != nil {
		return
	}
	switch {
	case l.event.Run != "":
		l.problem = schemas.NewProblem(schemas.WrongRun, "header "+schemas.HeaderRun, l.event.Run, "no run: what is recorded is played by vigil replay")
	case !l.event.HasSeq && l.event.Vitals != nil && parsed.Base64 != nil:
		l.problem = schemas.NewProblem(schemas.BadField, "seq", "", "a number of its own: a bulk body cannot be given one")
	}
}

// stream is what the line's number counts in.
func (l *line) stream() sequence.Stream {
	return sequence.Stream{Patient: l.event.Patient, Source: l.event.Source, Topic: l.event.Topic}
}

// number asks for the numbers of the good lines and puts them into the messages of those
// that have none of their own.
func (d *Door) number(batch []*line) error {
	var asked []sequence.Message
	for _, l := range batch {
		if l.problem != nil {
			continue
		}
		sum := sha256.Sum256(l.text)
		m := sequence.Message{Stream: l.stream()}
		copy(m.ID[:], sum[:])
		if l.event.HasSeq {
			m.Own = l.event.Seq
		}
		asked = append(asked, m)
	}
	given, err := d.numbers.Number(asked)
	if err != nil {
		return err
	}
	for _, l := range batch {
		if l.problem != nil {
			continue
		}
		l.given, given = given[0], given[1:]
		if l.event.HasSeq {
			continue
		}
		l.event.Seq, l.event.HasSeq = l.given.Seq, true
		if l.message, err = schemas.EncodeEvent(l.event); err != nil {
			return fmt.Errorf("line %d: %w", l.number, err)
		}
	}
	return nil
}

// answer writes the answer of a line and counts it.
func (d *Door) answer(l *line) error {
	a := Answer{Line: l.number, Accepted: l.problem == nil}
	if l.event != nil {
		a.Topic, a.Patient, a.Source = l.event.Topic, l.event.Patient, l.event.Source
	}
	if p := l.problem; p != nil {
		d.Refused++
		a.Reason, a.Field, a.Found, a.Expected = p.Reason, p.Field, p.Found, p.Expected
	} else {
		d.Accepted++
		a.Seq, a.Repeat = l.given.Seq, l.given.Appended
		if a.Repeat {
			d.Repeats++
		}
	}
	return d.answers.Encode(a)
}

// readLines sends the lines of the input, and its error if it ends with one, until ctx ends.
// Empty lines are no messages.
func readLines(ctx context.Context, in io.Reader, lines chan<- *line) {
	defer close(lines)
	r := newLineReader(in)
	for number := int64(1); ; number++ {
		text, length, err := r.next()
		l := &line{number: number, text: text, length: length}
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			l.err = fmt.Errorf("reading line %d: %w", number, err)
		case len(bytes.TrimSpace(text)) == 0:
			continue
		}
		select {
		case lines <- l:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}
