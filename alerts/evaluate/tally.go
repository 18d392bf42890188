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

// identity tells an event from another: patient, source, topic and sequence.
type identity struct {
	patient, source string
	topic           uint8
	seq             uint64
}

// Tally reads all topics back and counts what is in them. It trusts no counter of the
// worker, so that the summary of a run says what a subscriber would find.
type Tally struct {
	run       string             // name of the run; patients of other runs in the same topics do not count
	published map[identity]int64 // append time, ms
	place     map[string]identity
	logged    map[identity]bool
	dead      map[identity]bool
	byReason  map[string]int
	patients  map[string]bool
	stays     map[[2]string]bool
	values    map[observed]bool  // what observations were logged
	contents  map[content]bool   // what other records were
	atOffset  map[[2]int64]int64 // (partition, log offset): append time of the raw event
	obs       int
	outputs   []Output
	latencies []int64
	scores    int
	model     Model // of the last score
	alerts    map[string]int
}

// NewTally returns a tally of nothing. run is the name of the run to be counted, empty for
// one without.
func NewTally(run string) *Tally {
	return &Tally{
		run:       run,
		published: map[identity]int64{}, place: map[string]identity{}, logged: map[identity]bool{}, dead: map[identity]bool{},
		byReason: map[string]int{}, patients: map[string]bool{}, values: map[observed]bool{}, contents: map[content]bool{},
		stays: map[[2]string]bool{}, atOffset: map[[2]int64]int64{}, alerts: map[string]int{},
	}
}

// mine says whether a patient is of the run: "NAME/domain:id" of a named one.
func (t *Tally) mine(patient string) bool {
	name, _, named := strings.Cut(patient, "/")
	if colon := strings.IndexByte(patient, ':'); named && colon >= 0 && colon < len(name) {
		named = false // the slash is in the id
	}
	if t.run == "" {
		return !named
	}
	return named && name == t.run
}

// Latencies are those of the scores of live and recorded events, in milliseconds from the
// append of the raw message to that of the score; ascending once Read has ended.
func (t *Tally) Latencies() []int64 { return t.latencies }

// Read fills a summary with what the topics hold, and returns the outputs in the
// order of the digest.
func (t *Tally) Read(ctx context.Context, c *kafka.Cluster, s *Summary) ([]Output, error) {
	for i, topic := range schemas.RawTopics {
		if err := c.Each(ctx, topic, func(m *schemas.Message) error { t.raw(uint8(i), m); return nil }); err != nil {
			return nil, err
		}
	}
	for _, step := range []struct {
		topic string
		see   func(*schemas.Message) error
	}{
		{schemas.TopicLog, t.log}, {schemas.TopicDeadLetters, t.deadLetter}, {schemas.TopicScores, t.output}, {schemas.TopicAlerts, t.output},
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
	s.Patients, s.Stays, s.Observations, s.Scores, s.Alerts, s.Digest = len(t.patients), len(t.stays), t.obs, t.scores, t.alerts, d
	s.Model = cmp.Or(s.Model, t.model)
	s.EventToScore = Latency{Quantile(t.latencies, 0.50), Quantile(t.latencies, 0.99)}
	return t.outputs, nil
}

// raw counts an event of a raw topic by its identity. One without a readable
// identity (a torn message) is told from others by its place.
func (t *Tally) raw(topic uint8, m *schemas.Message) {
	if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeMark || kind == schemas.TypeClaim {
		return
	}
	if len(m.Key) > 0 && !t.mine(string(m.Key)) {
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
	t.place[place] = id
	if first, seen := t.published[id]; !seen || m.Appended < first {
		t.published[id] = m.Appended
	}
}

func (t *Tally) log(m *schemas.Message) error {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeLog {
		return nil
	}
	r, err := schemas.DecodeRecord(m.Value)
	if err != nil {
		return fmt.Errorf("%s/%d offset %d: %w", m.Topic, m.Partition, m.Offset, err)
	}
	if r.Kind == schemas.KindTick || r.Kind == schemas.KindUse || r.Kind == schemas.KindGap || !t.mine(r.Patient) {
		return nil
	}
	id := identity{r.Patient, r.Source, r.TopicIndex, r.Seq}
	if at, ok := t.published[id]; ok {
		t.atOffset[[2]int64{int64(m.Partition), m.Offset}] = at
	}
	if r.Kind == schemas.KindAdmit && r.Move != nil {
		t.stays[[2]string{r.Patient, r.Move.Stay}] = true
	}
	if !t.survives(r) {
		return nil // nothing of it is new: a duplicate
	}
	t.logged[id] = true
	return nil
}

// observed is an observation of a patient, content another record's.
type observed struct {
	patient string
	channel schemas.Channel
	flags   schemas.Flag
	at      schemas.Time
	value   float32
}

type content struct {
	patient string
	topic   uint8
	hash    uint64
}

// survives says whether the record holds something that no record before it did.
func (t *Tally) survives(r *schemas.Record) (news bool) {
	for i := range r.Observations {
		o := &r.Observations[i]
		v := observed{r.Patient, o.Channel, o.Flags, o.EventTime.Floor16(), o.Value}
		if !t.values[v] {
			t.values[v] = true
			t.obs++
			t.patients[r.Patient] = true
			news = true
		}
	}
	if r.Kind == schemas.KindObservations {
		return news
	}
	c := content{r.Patient, r.TopicIndex, r.Hash}
	news = news || !t.contents[c]
	t.contents[c] = true
	return news
}

func (t *Tally) deadLetter(m *schemas.Message) error {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeDeadLetter {
		return nil
	}
	d, err := schemas.DecodeDeadLetter(m.Value)
	if err != nil {
		return fmt.Errorf("%s/%d offset %d: %w", m.Topic, m.Partition, m.Offset, err)
	}
	id, known := t.place[schemas.Place(d.Topic, d.Partition, d.Offset)]
	if !known {
		return nil // of another run
	}
	t.byReason[string(d.Reason)]++
	if !d.Partial && !t.logged[id] {
		t.dead[id] = true
	}
	return nil
}

func (t *Tally) output(m *schemas.Message) error {
	kind, _ := m.Header(schemas.HeaderType)
	if kind != schemas.TypeScore && kind != schemas.TypeAlert {
		return nil
	}
	o, err := ReadOutput(m)
	if err != nil || !t.mine(o.Patient) {
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
