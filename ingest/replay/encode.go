package replay

import (
	"context"
	"runtime"

	"github.com/vigil-icu/vigil/schemas"
)

// chunkSize is how many events one goroutine encodes at a time, and the most
// that one Publish gets.
const chunkSize = 512

// encoder encodes a plan's events ahead of the player, in parallel, and hands
// the messages out in order.
type encoder struct {
	chunks <-chan chan chunk
	rest   []schemas.Message
	ctx    context.Context
}

type chunk struct {
	messages []schemas.Message
	err      error
}

// encodeAhead begins at position from; its goroutines end with ctx or the plan.
func encodeAhead(ctx context.Context, p *Plan, from int) *encoder {
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
	return &encoder{chunks: chunks, ctx: ctx}
}

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

// upTo returns the next messages, at most n, at least one where n > 0.
func (e *encoder) upTo(n int) ([]schemas.Message, error) {
	if n <= 0 {
		return nil, nil
	}
	if len(e.rest) == 0 {
		select {
		case done, ok := <-e.chunks:
			if !ok {
				return nil, e.ctx.Err()
			}
			select {
			case c := <-done:
				if c.err != nil {
					return nil, c.err
				}
				e.rest = c.messages
			case <-e.ctx.Done():
				return nil, e.ctx.Err()
			}
		case <-e.ctx.Done():
			return nil, e.ctx.Err()
		}
	}
	n = min(n, len(e.rest))
	out := e.rest[:n:n]
	e.rest = e.rest[n:]
	return out, nil
}
