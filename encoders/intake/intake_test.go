package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

const testRun = "test@1"

// story is what is sent into one partition: messages in the order of their topics'
// offsets, marks among them.
func story(seed uint64) []schemas.Message {
	r := rand.New(rand.NewPCG(seed, 1))
	var all []schemas.Message
	seq := map[string]uint64{}
	add := func(topic, patient string, play int64, e schemas.Event) {
		seq[topic+patient]++
		e.Topic, e.Patient, e.Source, e.Seq, e.HasSeq = topic, patient, "s@1", seq[topic+patient], true
		e.Run, e.Play, e.AvailableTime = testRun, play, schemas.Time(play)
		m, err := schemas.EncodeEvent(&e)
		if err != nil {
			panic(err)
		}
		all = append(all, m)
	}
	play := int64(0)
	for step := range 30 {
		for range 1 + r.IntN(6) {
			play += int64(r.IntN(3)) // ties are common
			patient := fmt.Sprintf("d:%d", r.IntN(4))
			at := schemas.Time(play)
			head := schemas.Head{EventTime: &at, HasADT: true}
			switch r.IntN(5) {
			case 0:
				add(schemas.TopicNotes, patient, play, schemas.Event{Note: &schemas.Note{Head: head, Kind: "k", Text: fmt.Sprint("note ", step)}})
			case 1:
				add(schemas.TopicADT, patient, play, schemas.Event{ADT: &schemas.ADT{Head: head, Type: "transfer", Bed: fmt.Sprint(step)}})
			case 2: // one value of two is bad: a partial dead letter
				add(schemas.TopicVitals, patient, play, schemas.Event{Vitals: &schemas.Vitals{Head: head, Values: map[string]json.Number{"heart_rate": "80", "aura": "1"}}})
			case 3:
				all = append(all, schemas.Message{Topic: schemas.TopicVitals, Key: []byte(patient), Value: []byte(`{"torn`),
					Headers: []schemas.Header{{Key: schemas.HeaderRun, Value: testRun}, {Key: schemas.HeaderPlay, Value: fmt.Sprint(play)}}})
			default:
				add(schemas.TopicVitals, patient, play, schemas.Event{Vitals: &schemas.Vitals{Head: head, Values: map[string]json.Number{"heart_rate": json.Number(fmt.Sprint(60 + step))}}})
			}
		}
		if r.IntN(3) == 0 || step == 29 {
			for _, topic := range schemas.RawTopics {
				m := schemas.NewMark(testRun, play, step == 29)
				m.Topic = topic
				all = append(all, m)
			}
			play++
		}
	}
	return all
}

// result is what a worker wrote: the log without ticks and bookkeeping, and the
// dead letters.
type result struct {
	Records []*schemas.Record
	Letters []string
	Ticks   []int64
}

// run plays a story into a fresh broker and works it, with faults.
func run(t *testing.T, messages []schemas.Message, order *rand.Rand, cut func(point string) error) result {
	t.Helper()
	_, c := bench(t, 1)
	ctx, stop := context.WithCancel(t.Context())
	w := &Worker{Cluster: c, Encoder: &record.Encoder{}, Use: schemas.Use{Model: "m", Policy: "p"}, Log: zerolog.Nop(), cut: cut,
		Clock: func() schemas.Time { return 0 }, sure: true}
	done := make(chan error, 1)
	go func() { done <- w.Own(ctx, 0, nil) }()
	send(t, c, messages, order)
	for deadline := time.Now().Add(60 * time.Second); !w.Reached(0, 1<<60); time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-done:
			t.Fatalf("the worker ended: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("the run does not end")
		}
	}
	stop()
	<-done
	return readResult(t, c)
}

// send appends the messages of each topic in order, the topics among each other in
// an order of their own.
func send(t *testing.T, c *kafka.Cluster, messages []schemas.Message, order *rand.Rand) {
	t.Helper()
	p := c.NewProducer("test")
	rest := map[string][]schemas.Message{}
	for _, m := range messages {
		rest[m.Topic] = append(rest[m.Topic], m)
	}
	for left := len(messages); left > 0; {
		topic := schemas.RawTopics[order.IntN(len(schemas.RawTopics))]
		n := min(1+order.IntN(8), len(rest[topic]))
		if n == 0 {
			continue
		}
		if _, err := p.Append(t.Context(), topic, 0, rest[topic][:n]); err != nil {
			t.Fatal(err)
		}
		rest[topic] = rest[topic][n:]
		left -= n
	}
}

func readResult(t testing.TB, c *kafka.Cluster) result { return readPartition(t, c, 0) }

func readPartition(t testing.TB, c *kafka.Cluster, partition int) (out result) {
	t.Helper()
	tail, err := c.LastRecords(t.Context(), schemas.TopicLog, partition, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range tail {
		if kind, _ := tail[i].Header(schemas.HeaderType); kind != schemas.TypeLog {
			continue
		}
		r, err := schemas.DecodeRecord(tail[i].Value)
		if err != nil {
			t.Fatal(err)
		}
		switch r.Kind {
		case schemas.KindTick:
			out.Ticks = append(out.Ticks, r.Play)
		default:
			out.Records = append(out.Records, r)
		}
	}
	letters, err := c.LastRecords(t.Context(), schemas.TopicDeadLetters, partition, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range letters {
		if kind, _ := letters[i].Header(schemas.HeaderType); kind == schemas.TypeDeadLetter {
			id, _ := letters[i].Header(schemas.HeaderID)
			out.Letters = append(out.Letters, id)
		}
	}
	slices.Sort(out.Letters)
	return out
}

func never(string) error { return nil }

// The log's order does not depend on how the topics arrived.
func TestOrderDoesNotDependOnArrival(t *testing.T) {
	for seed := range uint64(4) {
		messages := story(seed)
		want := run(t, messages, rand.New(rand.NewPCG(seed, 2)), never)
		if len(want.Records) < 20 || len(want.Letters) < 5 || want.Records[0].Kind != schemas.KindUse {
			t.Fatalf("%d records, %d dead letters", len(want.Records), len(want.Letters))
		}
		for k := 1; k < len(want.Records); k++ {
			if want.Records[k].Play < want.Records[k-1].Play {
				t.Fatalf("record %d goes back in time", k)
			}
		}
		if !slices.IsSorted(want.Ticks) {
			t.Fatalf("ticks go back: %v", want.Ticks)
		}
		for order := range uint64(3) {
			got := run(t, messages, rand.New(rand.NewPCG(seed, 100+order)), never)
			if diff := cmp.Diff(want.Records, got.Records); diff != "" {
				t.Fatalf("seed %d, order %d:\n%s", seed, order, diff)
			}
			if diff := cmp.Diff(want.Letters, got.Letters); diff != "" {
				t.Fatalf("seed %d, order %d: dead letters:\n%s", seed, order, diff)
			}
		}
	}
}

// A worker that is cut off between any two writes, again and again, leaves the same
// log and the same dead letters, none twice.
func TestCrashesLeaveTheSameLog(t *testing.T) {
	total := 0
	for seed := range uint64(10) {
		messages := story(50 + seed)
		want := run(t, messages, rand.New(rand.NewPCG(seed, 2)), never)
		faults := rand.New(rand.NewPCG(seed, 3))
		cuts := 0
		got := run(t, messages, rand.New(rand.NewPCG(seed, 2)), func(point string) error {
			if cuts < 12 && faults.IntN(2) == 0 {
				cuts++
				return fmt.Errorf("%w: cut at %q", kafka.ErrFenced, point)
			}
			return nil
		})
		total += cuts
		if diff := cmp.Diff(want.Records, got.Records); diff != "" {
			t.Fatalf("seed %d, %d cuts:\n%s", seed, cuts, diff)
		}
		if diff := cmp.Diff(want.Letters, got.Letters); diff != "" {
			t.Fatalf("seed %d, %d cuts: dead letters:\n%s", seed, cuts, diff)
		}
	}
	if total < 10 {
		t.Fatalf("only %d cuts in all", total)
	}
}

// Live messages are written as they arrive, with intake's clock; ticks follow.
func TestLiveMessages(t *testing.T) {
	_, c := bench(t, 2)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	const now = schemas.Time(1_700_000_000_000)
	w := &Worker{Cluster: c, Encoder: &record.Encoder{}, Log: zerolog.Nop(), Clock: func() schemas.Time { return now }, sure: true}
	done := make(chan error, 2)
	for partition := range 2 {
		go func() { done <- w.Own(ctx, partition, nil) }()
	}
	patient := "d:7"
	right := kafka.PartitionOf([]byte(patient), 2)
	p := c.NewProducer("test")
	for i, text := range []string{
		`{"patient":"d:7","source":"s","seq":1,"values":{"heart_rate":80}}`,
		`{"patient":"d:7","source":"s","seq":2,"event_time":"2023-11-14T22:20:00Z","values":{"heart_rate":81}}`, // 6 min 40 s ahead
		`{"patient":"d:7","source":"s","seq":3,"event_time":"2023-11-14T22:13:00Z","values":{"heart_rate":82}}`,
	} {
		to := right
		if i == 2 {
			to = 1 - right // a gateway with another partitioner: sent on
		}
		if _, err := p.Append(ctx, schemas.TopicVitals, to, []schemas.Message{{Key: []byte(patient), Value: []byte(text)}}); err != nil {
			t.Fatal(err)
		}
	}
	var records []*schemas.Record
	ticks, letters := 0, 0
	for deadline := time.Now().Add(30 * time.Second); len(records) < 2 || ticks < 1 || letters < 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d records, %d ticks, %d dead letters", len(records), ticks, letters)
		}
		records, ticks, letters = nil, 0, 0
		tail, err := c.LastRecords(ctx, schemas.TopicLog, right, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range tail {
			if kind, _ := tail[i].Header(schemas.HeaderType); kind != schemas.TypeLog {
				continue
			}
			r, err := schemas.DecodeRecord(tail[i].Value)
			if err != nil {
				t.Fatal(err)
			}
			switch r.Kind {
			case schemas.KindTick:
				ticks++
			case schemas.KindObservations:
				records = append(records, r)
			}
		}
		dead, err := c.LastRecords(ctx, schemas.TopicDeadLetters, right, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range dead {
			if d, err := schemas.DecodeDeadLetter(dead[i].Value); err == nil && d.Reason == schemas.Future {
				letters++
			}
		}
	}
	for i, want := range []uint64{1, 3} {
		if records[i].Seq != want || records[i].At != now || records[i].Provenance&schemas.Recorded != 0 {
			t.Errorf("record %d: %+v", i, records[i])
		}
	}
	stop()
	<-done
	<-done
}
