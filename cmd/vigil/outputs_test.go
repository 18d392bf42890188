package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// outputCheck is what a reader of the topics finds in them: with a Kafka client that is
// not Vigil's, and with none of its counters.
type outputCheck struct {
	logged   map[string]int      // messages in the patient log, by patient, source, topic and number
	numbers  map[string][]uint64 // n of the outputs, by patient and stay
	alerts   map[string][]int    // revisions of an alert, in their order
	states   map[string]int      // newest revision in the compacted topic
	last     map[string]window.Position
	problems []string
	records  int
}

// checkOutputs reads log, scores, alerts and alert states of a site to their ends and
// holds that
//
//   - the log has every message of every sender once;
//   - the outputs of a stay are numbered 1, 2, 3, … over both topics: none is lost or
//     there twice, and each topic has them in the log's order;
//   - the revisions of an alert are 0, 1, 2, …, and the compacted topic has the last.
func checkOutputs(t *testing.T, s *site) {
	t.Helper()
	c := &outputCheck{
		logged: map[string]int{}, numbers: map[string][]uint64{}, alerts: map[string][]int{},
		states: map[string]int{}, last: map[string]window.Position{},
	}
	for topic, see := range map[string]func(*realkafka.Record) error{
		schemas.TopicLog: c.log, schemas.TopicScores: c.score, schemas.TopicAlerts: c.alert, schemas.TopicAlertStates: c.state,
	} {
		if err := realkafka.Records(t.Context(), strings.Split(s.brokers, ","), s.prefix+topic, see); err != nil {
			t.Fatal(err)
		}
	}
	c.judge()
	for i, p := range c.problems {
		if i == 10 {
			t.Errorf("and %d problems more", len(c.problems)-i)
			break
		}
		t.Error(p)
	}
	t.Logf("checked by reading the topics: %d messages in the log, %d outputs of %d stays, %d alerts: each once", len(c.logged), c.records, len(c.numbers), len(c.alerts))
}

func (c *outputCheck) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func header(r *realkafka.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func (c *outputCheck) log(r *realkafka.Record) error {
	if header(r, schemas.HeaderType) != schemas.TypeLog {
		return nil
	}
	rec, err := schemas.DecodeRecord(r.Value)
	if err != nil {
		return fmt.Errorf("log offset %d: %w", r.Offset, err)
	}
	if rec.Patient != "" {
		c.logged[fmt.Sprintf("%s %s %d %d %x", rec.Patient, rec.Source, rec.TopicIndex, rec.Seq, rec.Hash)]++
	}
	return nil
}

// ordered holds an output's position in the log against that of the one before it.
func (c *outputCheck) ordered(r *realkafka.Record) {
	var at window.Position
	if _, err := fmt.Sscanf(header(r, schemas.HeaderPosition), "%d.%d", &at.Offset, &at.Index); err != nil {
		c.problem("%s/%d offset %d has no position: %v", r.Topic, r.Partition, r.Offset, err)
		return
	}
	key := fmt.Sprint(r.Topic, "/", r.Partition)
	if before, ok := c.last[key]; ok && at.Compare(before) <= 0 {
		c.problem("%s offset %d is of log position %v, behind one of %v", key, r.Offset, at, before)
	}
	c.last[key] = at
}

func (c *outputCheck) score(r *realkafka.Record) error {
	if header(r, schemas.HeaderType) != schemas.TypeScore {
		return nil
	}
	c.ordered(r)
	s, err := schemas.DecodeScore(r.Value)
	if err == nil {
		c.number(s.Patient, s.Stay, s.N)
	}
	return err
}

func (c *outputCheck) alert(r *realkafka.Record) error {
	if header(r, schemas.HeaderType) != schemas.TypeAlert {
		return nil
	}
	c.ordered(r)
	a, err := schemas.DecodeAlert(r.Value)
	if err == nil {
		c.number(a.Patient, a.Stay, a.N)
		c.alerts[a.ID] = append(c.alerts[a.ID], a.Revision)
	}
	return err
}

func (c *outputCheck) state(r *realkafka.Record) error {
	if header(r, schemas.HeaderType) != schemas.TypeAlert || len(r.Value) == 0 {
		return nil
	}
	a, err := schemas.DecodeAlert(r.Value)
	if err == nil {
		c.states[a.ID] = a.Revision
	}
	return err
}

func (c *outputCheck) number(patient, stay string, n uint64) {
	c.records++
	c.numbers[patient+" "+stay] = append(c.numbers[patient+" "+stay], n)
}

func (c *outputCheck) judge() {
	for _, message := range slices.Sorted(maps.Keys(c.logged)) {
		if n := c.logged[message]; n != 1 {
			c.problem("message %s is in the log %d times", message, n)
		}
	}
	for _, stay := range slices.Sorted(maps.Keys(c.numbers)) {
		list := c.numbers[stay]
		slices.Sort(list)
		for i, n := range list {
			if n != uint64(i+1) {
				c.problem("the outputs of %s are numbered ..., %v: want %d", stay, list[max(0, i-1):min(len(list), i+2)], i+1)
				break
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.alerts)) {
		revisions := c.alerts[id]
		for i, r := range revisions {
			if r != i {
				c.problem("alert %s has the revisions %v", id, revisions)
				break
			}
		}
		if newest, ok := c.states[id]; !ok || newest != len(revisions)-1 {
			c.problem("the newest state of alert %s is revision %d, its revisions are %v", id, newest, revisions)
		}
	}
	if c.records == 0 || len(c.logged) == 0 {
		c.problem("%d outputs, %d messages in the log: nothing to check", c.records, len(c.logged))
	}
}
