package intake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// TestMain gives the tests a real Kafka where VIGIL_REAL=1 wants one.
func TestMain(m *testing.M) { os.Exit(realkafka.Main(m, realkafka.Options{})) }

// bench is a cluster with the topics of one partition count. The first result is nil
// on a real broker.
func bench(t testing.TB, partitions int) (*kfake.Cluster, *kafka.Cluster) {
	t.Helper()
	var (
		broker *kfake.Cluster
		c      *kafka.Cluster
	)
	if k := realkafka.Shared(); k != nil {
		c = &kafka.Cluster{Brokers: k.Addresses, Prefix: realkafka.Prefix()}
	} else {
		var err error
		if broker, err = kfake.NewCluster(kfake.NumBrokers(1)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(broker.Close)
		c = &kafka.Cluster{Brokers: broker.ListenAddrs()}
	}
	t.Cleanup(c.Close)
	if _, err := c.CreateTopics(t.Context(), partitions, 1); err != nil {
		t.Fatal(err)
	}
	return broker, c
}

// owned runs a worker on partitions 0 to n-1 and returns how to end it. An error
// that is not of the end is the test's.
func owned(t testing.TB, w *Worker, n int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, n)
	for partition := range n {
		go func() { done <- w.Own(ctx, partition, nil) }()
	}
	return func() {
		cancel()
		for range n {
			if err := <-done; err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	}
}

func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not come to this: %s", what)
		}
	}
}

func put(t testing.TB, p *kafka.Producer, partition int, messages ...schemas.Message) {
	t.Helper()
	for i := range messages {
		if _, err := p.Append(t.Context(), messages[i].Topic, partition, messages[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
}

// beat is a recorded or, without a run, live vitals message.
func beat(patient string, seq, heart int, run string, play int64) schemas.Message {
	m := schemas.Message{Topic: schemas.TopicVitals, Key: []byte(patient), Value: fmt.Appendf(nil,
		`{"patient":%q,"source":"s","seq":%d,"available_time":"2026-01-01T00:00:00Z","values":{"heart_rate":%d}}`, patient, seq, heart)}
	if run != "" {
		m.Headers = []schemas.Header{{Key: schemas.HeaderRun, Value: run}, {Key: schemas.HeaderPlay, Value: strconv.FormatInt(play, 10)}}
	}
	return m
}

func marks(run string, play int64, end bool) (out []schemas.Message) {
	for _, topic := range schemas.RawTopics {
		m := schemas.NewMark(run, play, end)
		m.Topic = topic
		out = append(out, m)
	}
	return out
}

func worker(c *kafka.Cluster, clock func() schemas.Time) *Worker {
	return &Worker{Cluster: c, Encoder: &record.Encoder{}, Use: schemas.Use{Model: "m", Policy: "p"}, Log: zerolog.Nop(), Clock: clock, sure: true}
}

func still() schemas.Time { return 1_767_225_600_000 } // 2026-01-01

// A step of more records than one batch takes is cut off between batches: nothing
// is doubled.
func TestCrashWithinALongStep(t *testing.T) {
	broker, c := bench(t, 1)
	if broker == nil {
		t.Skip("a real broker does not misbehave on demand: unset VIGIL_REAL")
	}
	p := c.NewProducer("test")
	var all []schemas.Message
	const n = 5000
	for i := range n {
		all = append(all, beat("d:1", i+1, 60, "r", int64(i)))
	}
	if _, err := p.Append(t.Context(), schemas.TopicVitals, 0, all); err != nil {
		t.Fatal(err)
	}
	put(t, p, 0, marks("r", n, true)...)
	// The broker refuses batches of the log at seeded places, before or after it
	// has written them.
	faults := rand.New(rand.NewPCG(1, 2))
	var failed atomic.Int32
	broker.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		broker.KeepControl()
		r := request.(*kmsg.ProduceRequest)
		if r.Topics[0].Topic != schemas.TopicLog || failed.Load() >= 4 || faults.IntN(3) > 0 {
			return nil, nil, false
		}
		failed.Add(1)
		response := r.ResponseKind().(*kmsg.ProduceResponse)
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic = r.Topics[0].Topic
		partition := kmsg.NewProduceResponseTopicPartition()
		partition.ErrorCode = 47 // INVALID_PRODUCER_EPOCH
		topic.Partitions = append(topic.Partitions, partition)
		response.Topics = append(response.Topics, topic)
		return response, nil, true
	})
	w := worker(c, still)
	stop := owned(t, w, 1)
	until(t, "the run is written", func() bool { return w.Reached(0, n) })
	stop()
	if failed.Load() != 4 {
		t.Fatalf("%d faults, want 4", failed.Load())
	}
	got := readResult(t, c)
	if len(got.Records) != n+1 {
		t.Fatalf("%d records in the log, want %d and the use", len(got.Records), n)
	}
	for i, r := range got.Records[1:] {
		if r.Seq != uint64(i+1) {
			t.Fatalf("record %d has sequence %d", i, r.Seq)
		}
	}
}

// Marks that only some topics have seen part a segment whose patients do not go in
// step; a crash after that writes nothing twice.
func TestCrashWithinAPartedSegment(t *testing.T) {
	for _, crash := range []bool{false, true} {
		_, c := bench(t, 1)
		p := c.NewProducer("test")
		torn := beat("d:3", 1, 60, "r", 55)
		torn.Value = []byte(`{"torn`)
		put(t, p, 0,
			beat("d:1", 1, 61, "r", 80), // stays behind at 60
			beat("d:2", 1, 62, "r", 50), // passes
			beat("d:2", 2, 63, "r", 40), // out of order
			torn,
			beat("d:1", 2, 64, "r", 70), // out of order
			beat("d:2", 3, 65, "r", 60), // passes
		)
		for _, topic := range schemas.RawTopics {
			play := int64(60)
			if topic == schemas.TopicVitals {
				play = 100
			}
			m := schemas.NewMark("r", play, false)
			m.Topic = topic
			put(t, p, 0, m)
		}
		w := worker(c, still)
		stop := owned(t, w, 1)
		until(t, "60 is written", func() bool { return w.Reached(0, 60) })
		if crash {
			stop()
			w = worker(c, still)
			stop = owned(t, w, 1)
		}
		put(t, p, 0, marks("r", 100, true)...)
		until(t, "the run is written", func() bool { return w.Reached(0, 1000) })
		stop()
		got := readResult(t, c)
		var order []string
		for _, r := range got.Records[1:] {
			order = append(order, fmt.Sprint(r.Patient, "/", r.Seq))
		}
		if diff := cmp.Diff([]string{"d:2/1", "d:2/3", "d:1/1"}, order); diff != "" {
			t.Errorf("crash %v: log:\n%s", crash, diff)
		}
		letters := []string{"icu.vitals.v1/0/2", "icu.vitals.v1/0/3", "icu.vitals.v1/0/4"}
		if diff := cmp.Diff(letters, got.Letters); diff != "" {
			t.Errorf("crash %v: dead letters:\n%s", crash, diff)
		}
	}
}

// A live message that was refused for its time stays refused, though the clock has
// gone on when it is read again after a crash between the two appends.
func TestRefusedOnceIsRefused(t *testing.T) {
	_, c := bench(t, 1)
	p := c.NewProducer("test")
	ahead := beat("d:1", 1, 60, "", 0)
	ahead.Value = []byte(`{"patient":"d:1","source":"s","seq":1,"event_time":"2026-01-01T00:06:00Z","values":{"heart_rate":60}}`)
	put(t, p, 0, ahead, beat("d:1", 2, 61, "", 0))
	var clock atomic.Int64
	clock.Store(int64(still()))
	w := worker(c, func() schemas.Time { return schemas.Time(clock.Load()) })
	cuts := 0
	w.cut = func(point string) error {
		if point == "dead letters written" && cuts == 0 {
			cuts++
			clock.Add(int64(10 * schemas.Minute))
			return fmt.Errorf("%w: cut", kafka.ErrFenced)
		}
		return nil
	}
	stop := owned(t, w, 1)
	until(t, "a record is written", func() bool { n, _ := w.Totals(); return n > 0 })
	stop()
	got := readResult(t, c)
	if cuts != 1 || len(got.Letters) != 1 || len(got.Records) != 2 || got.Records[1].Seq != 2 {
		t.Errorf("%d cuts, letters %v, %d records", cuts, got.Letters, len(got.Records))
	}
}

// A recorded message without marks does not hold up the live ones behind it.
func TestLivePassesRecorded(t *testing.T) {
	_, c := bench(t, 1)
	p := c.NewProducer("test")
	torn := beat("d:1", 1, 60, "", 0)
	torn.Value = []byte(`{"torn`)
	put(t, p, 0, beat("d:1", 1, 60, "stray", 5), beat("d:2", 1, 61, "", 0), torn, beat("d:2", 2, 62, "", 0))
	w := worker(c, still)
	stop := owned(t, w, 1)
	until(t, "two records are written", func() bool { n, _ := w.Totals(); return n == 2 })
	stop()
	w = worker(c, still)
	stop = owned(t, w, 1)
	put(t, p, 0, beat("d:2", 3, 63, "", 0))
	until(t, "one more is written", func() bool { n, _ := w.Totals(); return n == 1 })
	stop()
	got := readResult(t, c)
	if len(got.Records) != 4 || len(got.Letters) != 1 {
		t.Errorf("%d records, letters %v", len(got.Records), got.Letters)
	}
}

// A live message in a foreign partition goes to its own whole: what is wrong with a
// value is judged there, once.
func TestForeignPartition(t *testing.T) {
	_, c := bench(t, 2)
	p := c.NewProducer("test")
	right := kafka.PartitionOf([]byte("d:7"), 2)
	m := beat("d:7", 1, 60, "", 0)
	m.Value = []byte(`{"patient":"d:7","source":"s","seq":1,"values":{"heart_rate":80,"aura":1}}`)
	put(t, p, 1-right, m)
	recorded := beat("d:7", 2, 60, "r", 3)
	put(t, p, 1-right, recorded)
	w := worker(c, still)
	stop := owned(t, w, 2)
	until(t, "a record and two letters", func() bool {
		n, dead := w.Totals()
		return n == 1 && dead[schemas.UnknownChannel] == 1 && dead[schemas.BadKey] == 1
	})
	stop()
	for partition, want := range map[int][2]int{right: {1, 1}, 1 - right: {0, 1}} {
		got := readPartition(t, c, partition)
		if len(got.Records) != want[0]+1 || len(got.Letters) != want[1] {
			t.Errorf("partition %d: %d records and %d letters, want %v", partition, len(got.Records)-1, len(got.Letters), want)
		}
	}
}

// Messages that retention took before they were read are said in the log, once, and
// what is still there follows; a topic that ends before is refused.
func TestLostMessagesAreSaid(t *testing.T) {
	_, c := bench(t, 1)
	p := c.NewProducer(c.Prefix + "test")
	for seq := range 20 {
		put(t, p, 0, beat("d:1", 1+seq, 60, "", 0))
	}
	w := worker(c, still)
	stop := owned(t, w, 1)
	until(t, "the first are written", func() bool { n, _ := w.Totals(); return n == 20 })
	stop()
	for seq := range 20 {
		put(t, p, 0, beat("d:1", 21+seq, 60, "", 0))
	}
	if err := realkafka.DeleteRecords(t.Context(), c.Brokers, c.Prefix+schemas.TopicVitals, 0, 35); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{15, 0} { // once
		w = worker(c, still)
		stop = owned(t, w, 1)
		put(t, p, 0, beat("d:1", 41, 60, "", 0)) // a repeat, the second time
		until(t, "the rest is written", func() bool { n, _ := w.Totals(); return n >= 1 })
		stop()
		if lost := w.Stats(0).Lost.Load(); lost != want {
			t.Errorf("%d messages lost, want %d", lost, want)
		}
	}
	var seqs []uint64
	gaps := 0
	for _, r := range readResult(t, c).Records {
		switch r.Kind {
		case schemas.KindGap:
			gaps++
			if len(seqs) != 20 || schemas.RawTopics[r.TopicIndex] != schemas.TopicVitals {
				t.Errorf("the gap stands behind %d records: %+v", len(seqs), r)
			}
		case schemas.KindObservations:
			seqs = append(seqs, r.Seq)
		}
	}
	if gaps != 1 || len(seqs) != 20+6+1 || seqs[20] != 36 || seqs[26] != 41 {
		t.Errorf("%d gaps, sequence numbers %v", gaps, seqs)
	}
}
