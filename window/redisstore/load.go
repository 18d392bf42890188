package redisstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/vigil-icu/vigil/window"
)

// Load returns all that is stored of a partition. It reads in several commands:
// claim the partition first, so that only a claim of another can come between,
// and then no batch of the caller's will be taken.
func (s *Store) Load(ctx context.Context, partition int) (*window.Partition, error) {
	k := s.keys(partition)
	for try := 1; ; try++ {
		p, err := s.load(ctx, k, partition)
		now, getErr := s.client.HGet(ctx, k.meta, "o").Result()
		if getErr != nil && getErr != redis.Nil {
			return nil, failed("load", getErr)
		}
		if now == "" {
			now = "-1"
		}
		switch {
		case err != nil && (p == nil || now == strconv.FormatInt(p.Applied, 10)):
			return nil, err
		case err == nil && now == strconv.FormatInt(p.Applied, 10):
			return p, nil
		case try == attempts:
			return nil, fmt.Errorf("redis: load of partition %d: it keeps changing, another owner writes to it: %w", partition, window.ErrUnavailable)
		}
	}
}

// load returns an error beside a partition where what it read does not fit
// together, which is only true if nothing was written meanwhile.
func (s *Store) load(ctx context.Context, k keys, number int) (*window.Partition, error) {
	meta, err := s.client.HGetAll(ctx, k.meta).Result()
	if err != nil {
		return nil, failed("load", err)
	}
	p := &window.Partition{Number: number, Applied: -1}
	if v := meta["v"]; v != "" && v != layout {
		return nil, fmt.Errorf("redis: partition %d is stored in layout %s, this program knows %s", number, v, layout)
	}
	if o, ok := meta["o"]; ok {
		if p.Applied, err = strconv.ParseInt(o, 10, 64); err != nil {
			return nil, fmt.Errorf("redis: partition %d: applied offset %q is no number: %w", number, o, window.ErrTorn)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(meta)) {
		patient, ok := strings.CutPrefix(field, "p")
		if !ok || meta[field] == "" {
			continue
		}
		offset, lens, state, err := parsePatient([]byte(meta[field]))
		if err == nil && offset > p.Applied {
			err = fmt.Errorf("state of offset %d, beyond the applied %d", offset, p.Applied)
		}
		if err != nil {
			return p, fmt.Errorf("redis: partition %d, patient %q: %w: %w", number, patient, window.ErrTorn, err)
		}
		chunks, err := s.chunks(ctx, k, patient, lens)
		if err != nil {
			return p, fmt.Errorf("redis: partition %d, patient %q: %w", number, patient, err)
		}
		p.Patients = append(p.Patients, window.StoredPatient{Patient: patient, State: state, Chunks: chunks})
	}
	return p, s.outbox(ctx, k, p, meta["d"])
}

// chunks reads a patient's chunks, each cut to its length: what lies beyond it
// is of a batch that was never applied.
func (s *Store) chunks(ctx context.Context, k keys, patient string, lens []window.ChunkLen) ([]window.Chunk, error) {
	if len(lens) == 0 {
		return nil, nil
	}
	names := make([]string, len(lens))
	for i, l := range lens {
		names[i] = k.chunk(patient, l.Hour)
	}
	values, err := s.client.MGet(ctx, names...).Result()
	if err != nil {
		return nil, failed("load chunks", err)
	}
	chunks := make([]window.Chunk, len(lens))
	for i, l := range lens {
		v, _ := values[i].(string)
		if len(v) < l.Len {
			return nil, fmt.Errorf("%w: hour %d has %d bytes, its length is %d", window.ErrTorn, l.Hour, len(v), l.Len)
		}
		chunks[i] = window.Chunk{Hour: l.Hour, Bytes: []byte(v[:l.Len])}
	}
	return chunks, nil
}

// outbox reads the outputs, without those that were dropped.
func (s *Store) outbox(ctx context.Context, k keys, p *window.Partition, dropped string) error {
	var from window.Position
	if dropped != "" {
		var err error
		if from, err = parseDigits(dropped); err != nil {
			return fmt.Errorf("redis: partition %d: %w: %w", p.Number, window.ErrTorn, err)
		}
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
	return nil
}

// Digest returns "sha256:…" over the windows of the given partitions: patients
// in order, whatever partition they are in, hours and their bytes.
func (s *Store) Digest(ctx context.Context, partitions []int) (string, error) {
	var all []window.StoredPatient
	for _, n := range partitions {
		p, err := s.Load(ctx, n)
		if err != nil {
			return "", err
		}
		all = append(all, p.Patients...)
	}
	return window.Digest(all), nil
}
