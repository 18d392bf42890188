package kafka

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// observation is a message as a raw topic carries it.
func observation(i int) schemas.Message {
	return schemas.Message{
		Key: fmt.Appendf(nil, "site:%d", i%50), Value: bytes.Repeat([]byte("x"), 200),
		Headers: []schemas.Header{
			{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderID, Value: "0123456789abcdef"},
			{Key: schemas.HeaderType, Value: schemas.TypeLog}, {Key: schemas.HeaderSource, Value: "bench"},
			{Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
		},
	}
}

// BenchmarkAppend: ns per message of 200 B, one partition, batches of so many.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint("batch=", size), func(b *testing.B) {
			c, _ := testCluster(b, 1)
			p := c.NewProducer(c.Prefix + "bench")
			batch := make([]schemas.Message, size)
			for i := range batch {
				batch[i] = observation(i)
			}
			if err := p.Claim(b.Context(), schemas.TopicLog, []int{0}, nil); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for sent := 0; sent < b.N; sent += size {
				if _, err := p.Append(b.Context(), schemas.TopicLog, 0, batch[:min(size, b.N-sent)]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// BenchmarkRead: ns per message of 200 B, one partition, reads of at most so many.
func BenchmarkRead(b *testing.B) {
	c, _ := testCluster(b, 1)
	const n = 100_000
	p := c.NewProducer(c.Prefix + "bench")
	batch := make([]schemas.Message, 1000)
	for i := range batch {
		batch[i] = observation(i)
	}
	for range n / len(batch) {
		if _, err := p.Append(b.Context(), schemas.TopicLog, 0, batch); err != nil {
			b.Fatal(err)
		}
	}
	for _, limit := range []int{100, 1000, 100_000} {
		b.Run(fmt.Sprint("limit=", limit), func(b *testing.B) {
			r := c.NewReader(schemas.TopicLog, 0, 0)
			b.ReportAllocs()
			for seen := 0; seen < b.N; {
				got, err := r.Read(b.Context(), min(limit, b.N-seen))
				if err != nil {
					b.Fatal(err)
				}
				if seen += len(got); r.Next() >= n {
					r.GoTo(0)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// BenchmarkAppendBatch: encoding alone, ns per message.
func BenchmarkAppendBatch(b *testing.B) {
	batch := make([]schemas.Message, 1000)
	for i := range batch {
		batch[i] = observation(i)
	}
	var dst []byte
	b.ReportAllocs()
	for i := 0; i < b.N; i += len(batch) {
		dst = appendBatch(dst[:0], batch, session{1, 1, 0}, 1)
	}
}
