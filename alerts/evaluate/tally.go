package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// identity is what tells one event from another, so that one that was published twice counts
// once.
type identity struct {
	patient, source string
	topic           uint8
	seq             uint64
}

// Tally reads all topics back and counts what is in them. It trusts no counter of the
// workers, so that the summary of a run says what a subscriber would find. It holds all
// outputs in memory, and serves for one Read.
type Tally struct {
	run          string              // name of the run; patients of other runs in the same topics do not count
	published    map[identity]int64  // append time of the first copy, Unix ms
	placed       map[string]identity // by place in a raw topic, as dead letters name it
	logged       map[identity]bool
	dead         map[identity]bool
	byReason     map[string]int // dead letters, partial ones included
	patients     map[string]bool
	stays        map[[2]string]bool    // by patient and stay
	values       map[observation]bool  // observations that were logged
	contents     map[otherContent]bool // other records that were logged
	atOffset     map[[2]int64]int64    // by partition and log offset: append time of the raw message, Unix ms
	observations int
	outputs      []Output
	latencies    []int64
	scores       int
	model        Model // of the last score
	alerts       map[string]int
}

// NewTally returns a tally that has counted nothing. run is the name of the run to be
// counted; with an empty one those patients count that belong to no named run.
func NewTally(run string) *Tally {
	return &Tally{
		run:       run,
		published: map[identity]int64{}, placed: map[string]identity{}, logged: map[identity]bool{}, dead: map[identity]bool{},
		byReason: map[string]int{}, patients: map[string]bool{}, values: map[observation]bool{}, contents: map[otherContent]bool{},
		stays: map[[2]string]bool{}, atOffset: map[[2]int64]int64{}, alerts: map[string]int{},
	}
}

// ofRun says whether a patient belongs to the run.
func (t *Tally) ofRun(patient string) bool { return schemas.OfRun(t.run, patient) }

// Latencies are the times from the append of a raw message to that of the score that it
// caused, in milliseconds, one for each such score and ascending. It is for after Read.
func (t *Tally) Latencies() []int64 { return t.latencies }

// Read fills a summary with what the topics hold now, and returns the outputs in the order
// of the digest. Source, Broker, Store, Rows and the times stay the caller's to fill in. A
// record that cannot be read ends it with topic, partition and offset.
func (t *Tally) Read(ctx context.Context, c *kafka.Cluster, s *Summary) ([]Output, error) {
	for i, topic := range schemas.RawTopics {
		if err := c.Each(ctx, topic, func(m *schemas.Message) error { t.countRaw(uint8(i), m); return nil }); err != nil {
			return nil, err
		}
	}
	for _, step := range []struct {
		topic string
		see   func(*schemas.Message) error
	}{
		{schemas.TopicLog, t.countLogged}, {schemas.TopicDeadLetters, t.countDeadLetter}, {schemas.TopicScores, t.countOutput}, {schemas.TopicAlerts, t.countOutput},
	} {
		if err := c.Each(ctx, step.topic, step.see); err != nil {
			return nil, err
		}
	}
	d, err := Digest(t.outputs)
	if err != nil {
		return nil, err
	}
	slices.Sort(t.latencies)
	s.Events = Events{Published: len(t.published), Logged: len(t.logged), DeadLetters: len(t.dead), DeadLettersByReason: t.byReason}
	s.Events.Duplicate = s.Events.Published - s.Events.Logged - s.Events.DeadLetters
	s.Patients, s.Stays, s.Observations, s.Scores, s.Alerts, s.Digest = len(t.patients), len(t.stays), t.observations, t.scores, t.alerts, d
	s.Model = cmp.Or(s.Model, t.model)
	s.EventToScore = Latency{Quantile(t.latencies, 0.50), Quantile(t.latencies, 0.99)}
	return t.outputs, nil
}

// countRaw counts a message of a raw topic. One whose identity cannot be read, because it is
// torn, is told from others by its place.
func (t *Tally) countRaw(topic uint8, m *schemas.Message) {
	if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeMark || kind == schemas.TypeClaim {
		return
	}
	if len(m.Key) > 0 && !t.ofRun(string(m.Key)) {
		return
	}
	place := schemas.Place(m.Topic, m.Partition, m.Offset)
	id := identity{patient: place, topic: topic}
	if name, ok := m.Header(schemas.HeaderID); ok {
		if cut := strings.LastIndexByte(name, '/'); cut >= 0 {
			if seq, err := strconv.ParseUint(name[cut+1:], 10, 64); err == nil {
				source, _ := m.Header(schemas.HeaderSource)
				id = identity{string(m.Key), source, topic, seq}
			}
		}
	}
	t.placed[place] = id
	if first, seen := t.published[id]; !seen || m.Appended < first {
		t.published[id] = m.Appended
	}
}

// countLogged counts a record of the patient log, and remembers when its raw message was
// appended, for the latency of the score that follows.
func (t *Tally) countLogged(m *schemas.Message) error {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeLog {
		return nil
	}
	r, err := schemas.DecodeRecord(m.Value)
	if err != nil {
		return fmt.Errorf("%s/%d offset %d: %w", m.Topic, m.Partition, m.Offset, err)
	}
	if r.Kind == schemas.KindTick || r.Kind == schemas.KindUse || r.Kind == schemas.KindGap || !t.ofRun(r.Patient) {
		return nil
	}
	id := identity{r.Patient, r.Source, r.TopicIndex, r.Seq}
	if at, ok := t.published[id]; ok {
		t.atOffset[[2]int64{int64(m.Partition), m.Offset}] = at
	}
	if r.Kind == schemas.KindAdmit && r.Move != nil {
		t.stays[[2]string{r.Patient, r.Move.Stay}] = true
	}
	if !t.addsAnything(r) {
		return nil // nothing of it is new, so it counts as a duplicate
	}
	t.logged[id] = true
	return nil
}

// observation is what tells one observation in the log from another.
type observation struct {
	patient string
	channel schemas.Channel
	flags   schemas.Flag
	at      schemas.Time
	value   float32
}

// otherContent is what tells records other than observations from each other.
type otherContent struct {
	patient string
	topic   uint8
	hash    uint64
}

// addsAnything says whether the record holds something that no record before it did. A
// record that does not is a repeat: the monitor drops it too.
func (t *Tally) addsAnything(r *schemas.Record) (news bool) {
	for i := range r.Observations {
		o := &r.Observations[i]
		v := observation{r.Patient, o.Channel, o.Flags, o.EventTime.Floor16(), o.Value}
		if !t.values[v] {
			t.values[v] = true
			t.observations++
			t.patients[r.Patient] = true
			news = true
		}
	}
	if r.Kind == schemas.KindObservations {
		return news
	}
	c := otherContent{r.Patient, r.TopicIndex, r.Hash}
	news = news || !t.contents[c]
	t.contents[c] = true
	return news
}

// countDeadLetter counts a dead letter by its reason. Only one that stands for a whole event
// of this run makes the event a dead one: of a partial one the rest was logged.
func (t *Tally) countDeadLetter(m *schemas.Message) error {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeDeadLetter {
		return nil
	}
	d, err := schemas.DecodeDeadLetter(m.Value)
	if err != nil {
		return fmt.Errorf("%s/%d offset %d: %w", m.Topic, m.Partition, m.Offset, err)
	}
	id, known := t.placed[schemas.Place(d.Topic, d.Partition, d.Offset)]
	if !known {
		return nil // of another run
	}
	t.byReason[string(d.Reason)]++
	if !d.Partial && !t.logged[id] {
		t.dead[id] = true
	}
	return nil
}

// countOutput takes a score or an alert. The position in the header of a score says which
// record of the log caused it, from which its latency follows.
func (t *Tally) countOutput(m *schemas.Message) error {
	kind, _ := m.Header(schemas.HeaderType)
	if kind != schemas.TypeScore && kind != schemas.TypeAlert {
		return nil
	}
	o, err := ReadOutput(m)
	if err != nil || !t.ofRun(o.Patient) {
		return err
	}
	t.outputs = append(t.outputs, o)
	if kind == schemas.TypeAlert {
		t.alerts[string(o.Phase)]++
		return nil
	}
	t.scores++
	t.model = o.Model
	position, _ := m.Header(schemas.HeaderPosition)
	offset, _, _ := strings.Cut(position, ".")
	if at, err := strconv.ParseInt(offset, 10, 64); err == nil {
		if sent, ok := t.atOffset[[2]int64{int64(m.Partition), at}]; ok {
			t.latencies = append(t.latencies, m.Appended-sent)
		}
	}
	return nil
}
