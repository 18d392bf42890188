package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/vigil-icu/vigil/window"
)

// attempts is how often Apply sends a batch when the connection breaks. It is safe to send
// one again, because a batch that was applied and whose answer was lost is answered ALREADY.
const attempts = 3

// Apply applies a batch whole, or says why not. The returned offset is the applied one after
// the call. A broken connection is tried again, twice; after window.ErrUnavailable the
// caller may call Apply with the same batch. It keeps nothing of the batch's memory.
func (s *Store) Apply(ctx context.Context, b *window.Batch) (window.Answer, int64, error) {
	if err := b.Check(); err != nil {
		return 0, 0, err
	}
	memory := members.Get().(*[]byte)
	defer members.Put(memory) // the client has sent it or given up by then
	*memory = appendOutbox((*memory)[:0], b.Outbox)
	keys, args := s.pack(b, *memory)
	for try := 1; ; try++ {
		word, applied, err := s.run(ctx, "apply", applyScript, keys, args...)
		if err == nil {
			answer, err := parseAnswer(word)
			return answer, applied, err
		}
		if try == attempts || ctx.Err() != nil || !errors.Is(err, window.ErrUnavailable) {
			return 0, 0, err
		}
	}
}

// members is memory for the outbox of a batch, which may be long, and is needed only until
// the batch is sent.
var members = sync.Pool{New: func() any { return new([]byte) }}

// parseAnswer reads the word that a script answers.
func parseAnswer(word string) (window.Answer, error) {
	for _, a := range []window.Answer{window.OK, window.Already, window.Gap, window.NotOwner} {
		if word == a.String() {
			return a, nil
		}
	}
	return 0, fmt.Errorf("redis: apply: unknown answer %q", word)
}

// pack lays a batch out as applyScript reads it.
func (s *Store) pack(b *window.Batch, outbox []byte) (keys []string, args []any) {
	k := s.keys(b.Partition)
	writes, deletes, gone := 0, 0, 0
	for i := range b.Patients {
		p := &b.Patients[i]
		writes, deletes = writes+len(p.Chunks), deletes+len(p.Deletes)
		if p.State == nil {
			gone++
		}
	}
	var closed []byte // the closed hours by columns, one behind the other
	fields := 2*len(b.Patients) + 4
	if len(b.Outbox) > 0 {
		fields += 2
	}
	keys = make([]string, 0, 2+writes+deletes)
	args = make([]any, 0, 11+2*writes+fields+gone)
	last := strconv.FormatInt(b.Last, 10)
	bound := appendPosition([]byte("["), window.Position{Offset: b.Prev + 1})

	keys = append(keys, k.meta, k.out)
	args = append(args, b.Owner, strconv.FormatInt(b.Prev, 10), last, bound, k.chunks, writes, fields, gone, outbox)
	if b.Published == (window.Position{}) {
		args = append(args, "", "")
	} else {
		bound, digits := before(b.Published)
		args = append(args, bound, digits)
	}
	for i := range b.Patients {
		p := &b.Patients[i]
		for _, c := range p.Chunks {
			pos, bytes := "", c.Bytes
			if !c.Full {
				pos = strconv.Itoa(c.Pos)
			}
			if c.Closed {
				from := len(closed)
				closed = window.PackHour(closed, c.Bytes)
				bytes = closed[from:] // stays right where closed grows into other memory
			}
			keys = append(keys, k.chunk(p.Patient, c.Hour))
			args = append(args, pos, bytes)
		}
	}
	for i := range b.Patients {
		p := &b.Patients[i]
		value := []byte{} // a deleted patient: empty counts as gone, until HDEL has taken the field
		if p.State != nil {
			value = appendPatient(make([]byte, 0, headFixed+8*len(p.Lens)+len(p.State)), b.Last, p.Lens, p.State)
		}
		args = append(args, "p"+p.Patient, value)
	}
	if n := len(b.Outbox); n > 0 {
		args = append(args, "x", digitsOf(b.Outbox[n-1].Position))
	}
	args = append(args, "s", sealOf(b.Last, b.Seal), "o", last)
	for i := range b.Patients {
		p := &b.Patients[i]
		for _, hour := range p.Deletes {
			keys = append(keys, k.chunk(p.Patient, hour))
		}
		if p.State == nil {
			args = append(args, p.Patient)
		}
	}
	return keys, args
}
