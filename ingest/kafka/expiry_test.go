package kafka

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// forgetful is a Kafka that forgets an idle producer after 5 s and an idle
// transactional id after 8 s; a site's does after a day and after a week.
func forgetful(t *testing.T) *Cluster {
	t.Helper()
	k := realkafka.Start(t, realkafka.Options{Properties: realkafka.Forgetful})
	c := &Cluster{Brokers: k.Addresses}
	t.Cleanup(c.Close)
	if _, err := c.CreateTopics(t.Context(), 6, 1); err != nil {
		t.Fatal(err)
	}
	return c
}

// newSession gets a producer's id and its next epoch.
func newSession(t *testing.T, c *Cluster, name string) session {
	t.Helper()
	p := c.NewProducer(name)
	if err := p.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return session{p.id, p.epoch, 0}
}

// write appends one record as the session that it moves on, with a record time.
func (s *session) write(t *testing.T, c *Cluster, topic string, partition int, at time.Time) error {
	t.Helper()
	_, err := s.batch(t, c, topic, partition, 1, at)
	if err == nil {
		s.sequence++
	}
	return err
}

// batch appends n records from the session's sequence number on, which stays.
func (s session) batch(t *testing.T, c *Cluster, topic string, partition, n int, at time.Time) (base int64, err error) {
	t.Helper()
	b := appendBatch(nil, messages(n, int(s.sequence)), s, at.UnixMilli())
	err = c.retry(t.Context(), "writing", func() error {
		r, err := c.client.RawProduce(t.Context(), &kafkago.RawProduceRequest{
			Addr: c.client.Addr, Topic: c.topic(topic), Partition: partition, RequiredAcks: kafkago.RequireAll,
			RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(b)},
		})
		if err != nil {
			return err
		}
		base = r.BaseOffset
		return r.Error
	})
	return base, err
}

// Why outputs are kept alive, why their topics are LogAppendTime, and why the
// producer's id is renewed: on a broker that forgets, the older owner (the zombie) is
// refused only where all three are done. The broker's time is shortened, its rules are
// not changed.
func TestRealExpiry(t *testing.T) {
	c := forgetful(t)
	old := time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC)
	setTopic(t, c, schemas.TopicScores, "message.timestamp.type", "CreateTime")
	cases := []struct {
		what      string
		topic     string
		keptAlive bool
		recorded  time.Time // record time; zero: now
		fenced    bool
	}{
		{"kept alive", schemas.TopicLog, true, time.Time{}, true},
		{"idle", schemas.TopicLog, false, time.Time{}, false},
		{"kept alive with record times of 2008, which the broker replaces", schemas.TopicLog, true, old, true},
		{"kept alive with record times of 2008 in a topic of CreateTime", schemas.TopicScores, true, old, false},
	}
	zombies, owners := make([]session, len(cases)), make([]session, len(cases))
	write := func(s *session, i int) error {
		at := cases[i].recorded
		if at.IsZero() {
			at = time.Now()
		}
		return s.write(t, c, cases[i].topic, i, at)
	}
	for i := range cases {
		name := fmt.Sprint("owner-", i)
		for _, s := range []*session{&zombies[i], &owners[i]} {
			*s = newSession(t, c, name)
			for range 2 { // a claim and a record
				if err := write(s, i); err != nil {
					t.Fatal(err)
				}
			}
		}
		if zombies[i].id != owners[i].id || zombies[i].epoch >= owners[i].epoch {
			t.Fatalf("the zombie is %+v, the owner %+v", zombies[i], owners[i])
		}
	}
	lapsed, renewed := newSession(t, c, "lapsed"), newSession(t, c, "renewed")
	if err := errors.Join(lapsed.write(t, c, schemas.TopicLog, 4, time.Now()), renewed.write(t, c, schemas.TopicLog, 5, time.Now())); err != nil {
		t.Fatal(err)
	}
	latest := renewed
	for begun := time.Now(); time.Since(begun) < 16*time.Second; time.Sleep(time.Second) {
		for i := range cases {
			if cases[i].keptAlive {
				if err := write(&owners[i], i); err != nil {
					t.Fatalf("%s: %v", cases[i].what, err)
				}
			}
		}
		// Kept alive in the partition; only one renews its id.
		if err := lapsed.write(t, c, schemas.TopicLog, 4, time.Now()); err != nil {
			t.Fatal(err)
		}
		latest = newSession(t, c, "renewed")
		if err := latest.write(t, c, schemas.TopicLog, 5, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for i, x := range cases {
		err := write(&zombies[i], i)
		if fenced := errors.Is(err, kafkago.InvalidProducerEpoch); fenced != x.fenced || !fenced && err != nil {
			t.Errorf("%s: the zombie's record: %v, want it refused: %v", x.what, err, x.fenced)
		}
	}
	if latest.id != renewed.id {
		t.Errorf("a renewed transactional id changed its producer id from %d to %d", renewed.id, latest.id)
	}
	next := newSession(t, c, "lapsed")
	if next.id == lapsed.id {
		t.Errorf("a transactional id that was not renewed still has producer id %d: the broker has not forgotten it, and this test shows nothing", next.id)
	}
	for partition, claim := range map[int]*session{4: &next, 5: &latest} {
		if err := claim.write(t, c, schemas.TopicLog, partition, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := lapsed.write(t, c, schemas.TopicLog, 4, time.Now()); err != nil {
		t.Errorf("the owner whose id had lapsed is refused (%v): then no renewal would be needed", err)
	}
	if err := renewed.write(t, c, schemas.TopicLog, 5, time.Now()); !errors.Is(err, kafkago.InvalidProducerEpoch) {
		t.Errorf("the owner before the renewal: %v, want it refused", err)
	}
}

// Record times are the broker's: nobody's clock, and no recorded year, decides how
// long a producer is remembered or a record kept.
func TestRealRecordTimes(t *testing.T) {
	c, broker := testCluster(t, 1)
	if broker != nil {
		t.Skip("an embedded broker keeps the writer's times: make test-real")
	}
	topics := []string{schemas.TopicVitals, schemas.TopicLog, schemas.TopicAlertStates}
	for _, at := range []time.Time{time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2130, 1, 1, 0, 0, 0, 0, time.UTC)} {
		for _, topic := range topics {
			s := newSession(t, c, c.Prefix+"clock")
			if err := s.write(t, c, topic, 0, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, topic := range topics {
		n := 0
		err := realkafka.Records(t.Context(), c.Brokers, c.topic(topic), func(r *realkafka.Record) error {
			n++
			if ago := time.Since(r.Timestamp); r.Attrs.TimestampType() != 1 || ago < -time.Minute || ago > time.Minute {
				t.Errorf("%s: a record is kept with a time of %s (type %d)", topic, r.Timestamp, r.Attrs.TimestampType())
			}
			return nil
		})
		if err != nil || n != 2 {
			t.Errorf("%s: %d records, %v, want 2", topic, n, err)
		}
	}
}

// An older epoch may write until the newer one's claim is in that partition; from then
// on it may not: so the tail is read behind the claim, and says what is there.
func TestRealClaimBeforeTail(t *testing.T) {
	c, broker := testCluster(t, 2)
	if broker != nil {
		t.Skip("an embedded broker refuses an old epoch at once: make test-real")
	}
	zombie := newSession(t, c, c.Prefix+"owner")
	for range 2 {
		if err := zombie.write(t, c, schemas.TopicScores, 0, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	p := c.NewProducer(c.Prefix + "owner")
	if err := p.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := zombie.write(t, c, schemas.TopicScores, 0, time.Now()); err != nil {
		t.Fatalf("between the new epoch and its claim: %v: then the order of claim and tail would not matter", err)
	}
	if err := p.Claim(t.Context(), schemas.TopicScores, []int{0}, nil); err != nil {
		t.Fatal(err)
	}
	if err := zombie.write(t, c, schemas.TopicScores, 0, time.Now()); !errors.Is(err, kafkago.InvalidProducerEpoch) {
		t.Errorf("behind the claim: %v, want it refused", err)
	}
	if got := readAll(t, c, schemas.TopicScores, 0); len(got) != 3 {
		t.Errorf("the tail holds %d records, want 3", len(got))
	}
	// A claim holds for its partition and no other.
	if err := zombie.write(t, c, schemas.TopicScores, 1, time.Now()); err != nil {
		t.Errorf("a partition without a claim: %v, want it accepted: then one claim would do for all", err)
	}
}

// Why one batch is in flight, why the same bytes are sent again, and why nothing is
// ever tried with the next number: a broker that was killed knows the newest batch of a
// producer and no other; a number left out, or the same one with other records, is
// refused whole.
func TestRealRetryAfterRestart(t *testing.T) {
	c, broker := testCluster(t, 1)
	if broker != nil {
		t.Skip("wants a broker that can be killed: make test-real")
	}
	s := newSession(t, c, c.Prefix+"owner")
	var sent []session
	var offsets []int64
	at := time.Now()
	for range 3 {
		base, err := s.batch(t, c, schemas.TopicLog, 0, 1, at)
		if err != nil {
			t.Fatal(err)
		}
		sent, offsets = append(sent, s), append(offsets, base)
		s.sequence++
	}
	again := func(i, n int) (int64, error) { return sent[i].batch(t, c, schemas.TopicLog, 0, n, at) }
	if base, err := again(1, 1); err != nil || base != offsets[1] {
		t.Errorf("the newest but one again: offset %d, %v, want %d", base, err, offsets[1])
	}
	if err := realkafka.Shared().Kill(); err != nil {
		t.Fatal(err)
	}
	if err := realkafka.Shared().Again(); err != nil {
		t.Fatal(err)
	}
	if base, err := again(2, 1); err != nil || base != offsets[2] {
		t.Errorf("after the kill the newest again: offset %d, %v, want %d", base, err, offsets[2])
	}
	if _, err := again(1, 1); !errors.Is(err, kafkago.OutOfOrderSequenceNumber) {
		t.Errorf("after the kill the newest but one again: %v, want it refused: then more than one could be in flight", err)
	}
	if _, err := again(2, 2); !errors.Is(err, kafkago.OutOfOrderSequenceNumber) {
		t.Errorf("the newest number with other records: %v, want it refused", err)
	}
	gap := s
	gap.sequence++
	if _, err := gap.batch(t, c, schemas.TopicLog, 0, 1, at); !errors.Is(err, kafkago.OutOfOrderSequenceNumber) {
		t.Errorf("a number left out: %v, want it refused", err)
	}
	if base, err := s.batch(t, c, schemas.TopicLog, 0, 1, at); err != nil || base != offsets[2]+1 {
		t.Errorf("the next one: offset %d, %v, want %d", base, err, offsets[2]+1)
	}
	if got := readAll(t, c, schemas.TopicLog, 0); len(got) != 4 {
		t.Errorf("%d records, want 4", len(got))
	}
}
