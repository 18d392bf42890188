package kafka

import (
	"maps"
	"slices"
	"sync"
)

// PartitionOf returns the partition of a key among n, at least 1, as Kafka's Java client does:
// murmur2 without its sign, modulo n. Everyone who writes raw topics must agree on it, since
// a patient's order is that of one partition.
func PartitionOf(key []byte, n int) int { return int(murmur2(key)&0x7fffffff) % n }

// murmur2 is Austin Appleby's hash in the variant of org.apache.kafka.common.utils.Utils.
func murmur2(data []byte) uint32 {
	const m, seed = 0x5bd1e995, 0x9747b28c
	h := uint32(seed) ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		k *= m
		k ^= k >> 24
		k *= m
		h *= m
		h ^= k
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(data[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return h
}

// PerPartition holds one value for each partition number that was asked for, such as the
// statistics of it. The zero value is ready; it is safe for concurrent use.
type PerPartition[T any] struct {
	mu   sync.Mutex
	rows map[int]*T
}

// Row returns the value of a partition, which fresh makes where there is none yet.
func (p *PerPartition[T]) Row(partition int, fresh func() *T) *T {
	p.mu.Lock()
	defer p.mu.Unlock()
	row := p.rows[partition]
	if row == nil {
		if p.rows == nil {
			p.rows = map[int]*T{}
		}
		row = fresh()
		p.rows[partition] = row
	}
	return row
}

// Rows returns the values of all partitions so far, in no order.
func (p *PerPartition[T]) Rows() []*T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Values(p.rows))
}
