package intake

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// A batch that holds more than it may when decompressed is one dead letter; messages before
// and behind it go on, and so it stays after a restart.
func TestBatchOfBatches(t *testing.T) {
	_, c := bench(t, 1)
	p := c.NewProducer("test")
	send := func(seq int) {
		if _, err := p.Append(t.Context(), schemas.TopicVitals, 0, []schemas.Message{beat("d:1", seq, 60, "", 0)}); err != nil {
			t.Fatal(err)
		}
	}
	send(1)
	bomb, err := kgo.NewClient(kgo.SeedBrokers(c.Brokers...), kgo.ProducerBatchCompression(kgo.ZstdCompression()),
		kgo.ProducerBatchMaxBytes(512<<20), kgo.BrokerMaxWriteBytes(1<<30), kgo.MaxBufferedBytes(1<<30))
	if err != nil {
		t.Fatal(err)
	}
	defer bomb.Close()
	r := bomb.ProduceSync(t.Context(), &kgo.Record{Topic: c.Prefix + schemas.TopicVitals, Key: []byte("d:1"), Value: make([]byte, 8*kafka.MaxMessageBytes)})
	if err := r.FirstErr(); err != nil {
		t.Fatal(err)
	}
	send(2)
	for range 2 {
		w := worker(c, still)
		stop := owned(t, w, 1)
		got := readResult(t, c)
		for deadline := time.Now().Add(30 * time.Second); len(got.Records) < 3 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			got = readResult(t, c)
		}
		time.Sleep(200 * time.Millisecond)
		stop()
		if got = readResult(t, c); len(got.Records) != 3 || len(got.Letters) != 1 {
			t.Fatalf("%d records, want the use and two; dead letters %v, want one", len(got.Records), got.Letters)
		}
	}
	var letter *schemas.DeadLetter
	err = c.Each(t.Context(), schemas.TopicDeadLetters, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeDeadLetter {
			letter, err = schemas.DecodeDeadLetter(m.Value)
		}
		return err
	})
	if err != nil || letter.Reason != schemas.TooLarge || letter.Field != "batch" || letter.Offset != 1 || letter.Length > 1<<20 {
		t.Errorf("%+v, %v", letter, err)
	}
}
