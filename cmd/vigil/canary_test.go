package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// What no line of a log and no error may have in it: who a patient is, and what a note says.
const (
	canaryPatient = "ward:canary7731"
	canaryText    = "Euphemia"
)

// canary is a site that goes through everything with one patient, and all that it says.
type canary struct {
	t      *testing.T
	broker string
	redis  *miniredis.Miniredis
	said   safeBuffer
}

// serves works the site in this process until during returns, and returns what ended it. All that
// it would write into a log at any level is kept.
func (c *canary) serves(during func(h *boot.House, ended chan error)) {
	c.t.Helper()
	house, err := boot.Start(c.t.Context(), boot.Config{
		Kafka: boot.Kafka{Brokers: []string{c.broker}}, Redis: boot.Redis{URL: "redis://" + c.redis.Addr() + "/0"},
		Partitions: 1, Workers: 1, Log: zerolog.New(&c.said).Level(zerolog.TraceLevel),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	defer house.Close()
	ctx, stop := context.WithCancel(c.t.Context())
	ended, watched := make(chan error, 1), make(chan struct{})
	go func() { ended <- house.Work(ctx) }()
	go func() { defer close(watched); house.Watch(ctx) }()
	during(house, ended)
	fmt.Fprintln(&c.said, house.Line(), house.Status())
	stop()
	<-watched
	select {
	case err := <-ended:
		fmt.Fprintln(&c.said, err)
	case <-time.After(time.Minute):
		c.t.Error("does not end")
	}
}

// settles waits until all that was sent is in the log and applied.
func (c *canary) settles(h *boot.House) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		sight, err := h.Look(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		done := sight.Partitions[0].Here
		for _, topic := range sight.Partitions[0].Topics {
			done = done && topic.Next >= topic.End
		}
		if done {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("not worked: %+v: %s", sight, c.said.String())
		}
	}
}

// clean fails where something was said that must not be, and where nothing was.
func (c *canary) clean(when string, words ...string) {
	c.t.Helper()
	said := c.said.String()
	for line := range strings.Lines(said) {
		for _, word := range []string{"canary7731", canaryText} {
			if strings.Contains(strings.ToLower(line), strings.ToLower(word)) {
				c.t.Errorf("%s: %q is in the line %s", when, word, line)
			}
		}
	}
	for _, word := range words {
		if !strings.Contains(said, word) {
			c.t.Errorf("%s: nothing says %q, this tests too little: %s", when, word, said)
		}
	}
}

// everything is what the canary sends: good messages, every kind of bad one as a live and as a
// recorded message, and good ones with some bytes changed.
func everything() (messages []schemas.Message) {
	now := schemas.FromStd(time.Now())
	text := func(topic, body string, at schemas.Time) {
		body = strings.NewReplacer("$P", canaryPatient, "$T", at.String(), "$S", fmt.Sprint(len(messages)+1), "$N", canaryText).Replace(body)
		messages = append(messages, schemas.Message{Topic: topic, Key: []byte(canaryPatient), Value: []byte(body)})
	}
	const head = `{"patient":"$P","source":"gateway","seq":$S,"event_time":"$T",`
	text(schemas.TopicADT, head+`"type":"admit","stay":"s"}`, now)
	for _, ago := range []schemas.Time{0, schemas.Minute, 10 * schemas.Minute, 100 * schemas.Hour, -schemas.Hour} { // a device whose clock is off
		text(schemas.TopicVitals, head+`"values":{"heart_rate":150,"spo2":80}}`, now-ago)
	}
	text(schemas.TopicVitals, strings.Replace(head, "$S", "1", 1)+`"values":{"heart_rate":99}}`, now) // counts again
	text(schemas.TopicNotes, head+`"kind":"nursing","text":"$N sat by the window"}`, now)
	text(schemas.TopicVitals, head+`"observations":[{"channel":"heart_rate","value":5,"ref":"$P $N","status":"entered-in-error"}]}`, now)
	text(schemas.TopicADT, head+`"type":"merge","into":"ward:$N"}`, now)
	text(schemas.TopicADT, head+`"type":"discharge","stay":"s"}`, now)
	good := messages
	for _, kind := range kindsOfBad() {
		for _, live := range []bool{true, false} {
			m := kind.make(canaryPatient)
			if m.Topic == "" {
				m.Topic = schemas.TopicVitals
			}
			m.Value = bytes.ReplaceAll(m.Value, []byte("hello"), []byte(canaryText))
			if live {
				m.Headers = nil
			}
			messages = append(messages, m)
		}
	}
	r := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		m := good[r.IntN(len(good))]
		m.Value = bytes.Clone(m.Value)
		for range 1 + r.IntN(4) {
			m.Value[r.IntN(len(m.Value))] = byte(r.IntN(256))
		}
		switch r.IntN(6) {
		case 0:
			m.Key = []byte(canaryPatient + "/" + canaryText)
		case 1:
			m.Headers = []schemas.Header{{Key: schemas.HeaderRun, Value: canaryPatient}, {Key: schemas.HeaderPlay, Value: canaryText}}
		case 2:
			m.Headers = []schemas.Header{{Key: schemas.HeaderType, Value: canaryPatient}, {Key: canaryText, Value: canaryText}}
		}
		messages = append(messages, m)
	}
	return messages
}

// No line of a log, no status and no error names a patient or has the text of a note: with good,
// bad and hostile messages, with a store that loses parts, and with a log that cannot be read.
func TestNoPatientAndNoNoteInLogsAndErrors(t *testing.T) {
	c := &canary{t: t, redis: miniredis.RunT(t)}
	cluster, broker := brokerAlone(t)
	c.broker = broker
	send := func(h *boot.House, messages ...schemas.Message) {
		p := h.Cluster.NewProducer("canary")
		for i := range messages {
			if _, err := p.Append(t.Context(), messages[i].Topic, 0, messages[i:i+1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.serves(func(h *boot.House, _ chan error) {
		send(h, everything()...)
		for _, topic := range schemas.RawTopics {
			m := schemas.NewMark(badRun, 10_000_000, true)
			m.Topic = topic
			send(h, m)
		}
		send(h, schemas.Message{Topic: schemas.TopicLog, Key: []byte(canaryPatient), Value: []byte(canaryText)})
		c.settles(h)
	})
	c.clean("good, bad and hostile messages", "dead letters", "not intake's", "clock")

	torn := 0
	for _, key := range c.redis.Keys() {
		fields, _ := c.redis.HKeys(key)
		for _, field := range fields {
			if strings.Contains(field, canaryPatient) {
				c.redis.HSet(key, field, canaryText)
				torn++
			}
		}
	}
	if torn == 0 {
		t.Fatalf("the store holds nothing of the patient: %s", c.redis.Dump())
	}
	c.serves(func(h *boot.House, _ chan error) { c.settles(h) })
	c.clean("a store that is torn", "rebuilding from the log")

	for i, value := range [][]byte{[]byte(canaryText + canaryPatient), {0xff, 1}} {
		if i == 1 {
			r := schemas.Record{Kind: schemas.KindNote, Patient: canaryPatient, Source: canaryText, At: 1}
			value = append(r.AppendBinary(nil), canaryText...)
		}
		unreadable := schemas.Message{Topic: schemas.TopicLog, Key: []byte(canaryPatient), Value: value, Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeLog}}}
		c.serves(func(h *boot.House, ended chan error) {
			send(h, unreadable)
			select {
			case err := <-ended:
				ended <- err
			case <-time.After(20 * time.Second):
				t.Error("a log record that cannot be read does not end the worker")
			}
		})
	}
	c.clean("a log that cannot be read", "cannot be read")
	known := 0
	for _, topic := range []string{schemas.TopicScores, schemas.TopicDeadLetters} {
		if err := cluster.Each(t.Context(), topic, func(m *schemas.Message) error {
			known += bytes.Count(m.Value, []byte("canary7731"))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if known < 100 {
		t.Errorf("%d times the outputs name the patient: this tests too little", known)
	}
}
