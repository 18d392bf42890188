package replay

import (
	"context"
	"fmt"
	"runtime"
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// HeaderIndex carries a message's position in its plan, decimal. On a mark it carries the
// number of events that have been sent.
const HeaderIndex = "idx"

// Message encodes the event at position i, with its position in a header.
func (p *Plan) Message(i int) (schemas.Message, error) {
	m, err := schemas.EncodeEvent(&p.events[i])
	if err != nil {
		return m, fmt.Errorf("event %d of the plan (patient %s): %w", i, p.events[i].Patient, err)
	}
	m.Headers = append(m.Headers, schemas.Header{Key: HeaderIndex, Value: strconv.Itoa(i)})
	return m, nil
}

// chunkSize is how many events one goroutine encodes at a time, and the most that one
// Publish gets.
const chunkSize = 512

// pipeline encodes a plan's events ahead of the player, in parallel, and hands the messages
// out in order. Encoding is most of the work of a replay at full speed, and the player
// itself must stay one goroutine for the order's sake.
type pipeline struct {
	chunks <-chan chan chunk // in the order of the plan, each filled when it is encoded
	rest   []schemas.Message // of the chunk in hand
	ctx    context.Context   // of Run
}

// chunk is up to chunkSize messages, or why an event of them cannot be encoded.
type chunk struct {
	messages []schemas.Message
	err      error
}

// encodeAhead begins at position from. Its goroutines end with ctx or with the plan.
func encodeAhead(ctx context.Context, p *Plan, from int) *pipeline {
	workers := runtime.GOMAXPROCS(0)
	chunks := make(chan chan chunk, workers+1)
	go func() {
		defer close(chunks)
		for ; from < p.Len(); from += chunkSize {
			done := make(chan chunk, 1)
			select {
			case chunks <- done: // its capacity bounds how far ahead they are
			case <-ctx.Done():
				return
			}
			go func(from int) { done <- p.encodeChunk(from) }(from)
		}
	}()
	return &pipeline{chunks: chunks, ctx: ctx}
}

// encodeChunk encodes the events from a position on.
func (p *Plan) encodeChunk(from int) chunk {
	to := min(from+chunkSize, p.Len())
	messages := make([]schemas.Message, 0, to-from)
	for i := from; i < to; i++ {
		m, err := p.Message(i)
		if err != nil {
			return chunk{err: err}
		}
		messages = append(messages, m)
	}
	return chunk{messages: messages}
}

// upTo returns the next messages: at most n, none where n is not positive, else at least one.
// It waits for them to be encoded.
func (l *pipeline) upTo(n int) ([]schemas.Message, error) {
	if n <= 0 {
		return nil, nil
	}
	if len(l.rest) == 0 {
		select {
		case done, ok := <-l.chunks:
			if !ok {
				return nil, l.ctx.Err()
			}
			select {
			case c := <-done:
				if c.err != nil {
					return nil, c.err
				}
				l.rest = c.messages
			case <-l.ctx.Done():
				return nil, l.ctx.Err()
			}
		case <-l.ctx.Done():
			return nil, l.ctx.Err()
		}
	}
	n = min(n, len(l.rest))
	out := l.rest[:n:n]
	l.rest = l.rest[n:]
	return out, nil
}
