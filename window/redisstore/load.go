package redisstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/redis/go-redis/v9"
	"github.com/vigil-icu/vigil/window"
)

// Load returns all that is stored of a partition. It reads in several commands. Who means to
// go on from what it returns must claim the partition first: then only another's claim can
// come between, and no batch of the caller's will be taken after that.
func (s *Store) Load(ctx context.Context, partition int) (*window.StoredPartition, error) {
	return s.steady(ctx, partition, func(k keys, p *window.StoredPartition) (string, error) {
		offset, err := s.heads(ctx, k, p)
		if err != nil {
			return offset, err
		}
		for i := range p.Patients {
			v := &p.Patients[i]
			places := make([]window.Place, len(v.Lens))
			for j, l := range v.Lens {
				places[j] = window.Place{Patient: v.Patient, ChunkLen: l}
			}
			values, err := s.chunks(ctx, k, places)
			if err != nil {
				return offset, fmt.Errorf("redis: partition %d: %w", partition, err)
			}
			for j, l := range v.Lens {
				v.Chunks = append(v.Chunks, window.Chunk{Hour: l.Hour, Bytes: values[j]})
			}
		}
		return offset, nil
	})
}

// Heads returns what Load does, without the chunks: enough to begin work on a partition
// before its windows are read.
func (s *Store) Heads(ctx context.Context, partition int) (*window.StoredPartition, error) {
	return s.steady(ctx, partition, func(k keys, p *window.StoredPartition) (string, error) { return s.heads(ctx, k, p) })
}

// Chunks returns the chunks at the given places, each cut to the length that its place
// names. They must not be written to. Only the owner of the partition knows which lengths
// are in force: chunks that do not fit them are window.ErrTorn to the owner, and
// window.ErrNotOwner to another.
func (s *Store) Chunks(ctx context.Context, partition int, owner string, places []window.Place) ([][]byte, error) {
	k := s.keys(partition)
	values, err := s.chunks(ctx, k, places)
	if err == nil || !errors.Is(err, window.ErrTorn) {
		return values, err
	}
	now, getErr := s.client.HGet(ctx, k.meta, "own").Result()
	switch {
	case getErr != nil && getErr != redis.Nil:
		return nil, failed("load chunks", getErr)
	case now != owner:
		return nil, fmt.Errorf("redis: partition %d: %w: claim it again", partition, window.ErrNotOwner)
	}
	return nil, fmt.Errorf("redis: partition %d: %w", partition, err)
}

// steady reads a partition again until the applied offset, which read returns, has stayed
// the same meanwhile. Only then does what it read belong together, and only then is what
// does not fit together torn.
func (s *Store) steady(ctx context.Context, partition int, read func(keys, *window.StoredPartition) (offset string, err error)) (*window.StoredPartition, error) {
	k := s.keys(partition)
	for try := 1; ; try++ {
		p := &window.StoredPartition{Number: partition, Applied: -1}
		offset, err := read(k, p)
		if err != nil && !errors.Is(err, window.ErrTorn) {
			return nil, err
		}
		now, getErr := s.client.HGet(ctx, k.meta, "o").Result()
		switch {
		case getErr != nil && getErr != redis.Nil:
			return nil, failed("load", getErr)
		case now == offset && err != nil:
			return nil, err
		case now == offset:
			return p, nil
		case try == attempts:
			return nil, fmt.Errorf("redis: load of partition %d: it keeps changing, another owner writes to it: %w", partition, window.ErrUnavailable)
		}
	}
}

// heads reads all but the chunks. It returns the applied offset as it stands in the store.
func (s *Store) heads(ctx context.Context, k keys, p *window.StoredPartition) (offset string, err error) {
	meta, err := s.client.HGetAll(ctx, k.meta).Result()
	if err != nil {
		return "", failed("load", err)
	}
	if v := meta["v"]; v != "" && v != layout && v != layoutBefore {
		return "", fmt.Errorf("redis: partition %d is stored in layout %s, this program knows %s", p.Number, v, layout)
	}
	if o, ok := meta["o"]; ok {
		if p.Applied, err = strconv.ParseInt(o, 10, 64); err != nil {
			return o, fmt.Errorf("redis: partition %d: applied offset %q is no number: %w", p.Number, o, window.ErrTorn)
		}
	}
	p.Seal = parseSeal(meta["s"], p.Applied)
	for _, field := range slices.Sorted(maps.Keys(meta)) {
		patient, ok := strings.CutPrefix(field, "p")
		if !ok || meta[field] == "" {
			continue
		}
		at, lens, state, err := parsePatient([]byte(meta[field]))
		if err == nil && at > p.Applied {
			err = fmt.Errorf("state of offset %d, beyond the applied %d", at, p.Applied)
		}
		if err != nil {
			return meta["o"], fmt.Errorf("redis: partition %d, the state of a patient: %w: %w", p.Number, window.ErrTorn, err)
		}
		p.Patients = append(p.Patients, window.StoredPatient{Patient: patient, State: state, Lens: lens})
	}
	return meta["o"], s.outbox(ctx, k, p, meta["d"], meta["x"])
}

// chunks reads chunks and cuts each to its length: what lies beyond it is of a batch that
// was never applied.
func (s *Store) chunks(ctx context.Context, k keys, places []window.Place) ([][]byte, error) {
	if len(places) == 0 {
		return nil, nil
	}
	names := make([]string, len(places))
	for i, p := range places {
		names[i] = k.chunk(p.Patient, p.Hour)
	}
	values, err := s.client.MGet(ctx, names...).Result()
	if err != nil {
		return nil, failed("load chunks", err)
	}
	chunks := make([][]byte, len(places))
	for i, p := range places {
		v, _ := values[i].(string)
		records, err := window.UnpackHour(unsafe.Slice(unsafe.StringData(v), len(v))) // the reply's own memory, which no other has
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: hour %d of a patient: %w", window.ErrTorn, p.Hour, err)
		case len(records) < p.Len:
			return nil, fmt.Errorf("%w: hour %d of a patient has %d bytes, its length is %d", window.ErrTorn, p.Hour, len(records), p.Len)
		case p.Len > 0:
			chunks[i] = records[:p.Len:p.Len]
		}
	}
	return chunks, nil
}

// outbox reads the outputs, without those that were dropped and those of a batch that was
// never applied. It is torn where the last one that was put in has gone, and was not dropped:
// a server that is full may have taken the key alone.
func (s *Store) outbox(ctx context.Context, k keys, p *window.StoredPartition, dropped, newest string) error {
	var from window.Position
	last := window.Position{Offset: -1}
	var err error
	if dropped != "" {
		from, err = parseDigits(dropped)
	}
	if err == nil && newest != "" {
		last, err = parseDigits(newest)
	}
	if err != nil {
		return fmt.Errorf("redis: partition %d: %w: %w", p.Number, window.ErrTorn, err)
	}
	members, err := s.client.ZRange(ctx, k.out, 0, -1).Result()
	if err != nil {
		return failed("load outbox", err)
	}
	for _, m := range members {
		if p.Outbox, err = parseOutbox([]byte(m), p.Outbox); err != nil {
			return fmt.Errorf("redis: partition %d: %w: %w", p.Number, window.ErrTorn, err)
		}
	}
	p.Outbox = slices.DeleteFunc(p.Outbox, func(e window.OutboxEntry) bool { return e.Offset > p.Applied || e.Compare(from) < 0 })
	waits := last.Offset >= 0 && last.Offset <= p.Applied && last.Compare(from) >= 0
	if n := len(p.Outbox); waits && (n == 0 || p.Outbox[n-1].Position != last) {
		return fmt.Errorf("redis: partition %d: %w: the outbox lacks its last output, %d.%d", p.Number, window.ErrTorn, last.Offset, last.Index)
	}
	return nil
}
