package schemas

import (
	"strings"
	"testing"
)

// Each limit of a message holds as a site has set it: what is at the limit is taken, what is one
// beyond is a dead letter that says so.
func TestEachLimitOfAMessageAtItAndBeyond(t *testing.T) {
	field := func(topic, name string, value func(n int) any) func(n int) *Message {
		return func(n int) *Message {
			return &Message{Topic: topic, Key: []byte("run/d:1"), Value: change(t, topic, name, value(n))}
		}
	}
	padded := func(topic string) func(n int) *Message {
		return func(n int) *Message {
			body := change(t, topic, "patient", "run/d:1")
			if len(body) > n {
				t.Fatalf("the example of %s has %d bytes", topic, len(body))
			}
			return &Message{Topic: topic, Key: []byte("run/d:1"), Value: append(body, strings.Repeat(" ", n-len(body))...)}
		}
	}
	at := Time(0)
	for limit, c := range map[Limit]struct {
		set     int
		message func(n int) *Message
	}{
		LimitVitalsBytes:   {2048, padded(TopicVitals)},
		LimitMovementBytes: {1024, padded(TopicADT)},
		LimitNoteBytes:     {1500, field(TopicNotes, "text", func(n int) any { return strings.Repeat("x", n) })},
		LimitImageBytes:    {1500, field(TopicImaging, "bytes", func(n int) any { return make([]byte, n) })},
		LimitMessageValues: {16, field(TopicVitals, "observations", func(n int) any {
			values := make([]map[string]any, n-2) // two values are in the example besides
			for i := range values {
				values[i] = map[string]any{"channel": "heart_rate", "value": 60 + i}
			}
			return values
		})},
		LimitStripBytes: {1024, func(n int) *Message {
			m, err := EncodeEvent(&Event{Topic: TopicECG, Patient: "d:1", Source: "s", Seq: 1, HasSeq: true,
				Strip: &Strip{Head: Head{EventTime: &at}, RateHz: 250, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{make([]int16, (n+1)/2)}}})
			if err != nil {
				t.Fatal(err)
			}
			return &m
		}},
	} {
		row := limit.Info()
		var site Limits
		if err := site.Set(row.Name + "=" + row.Format(c.set)); err != nil {
			t.Fatal(err)
		}
		if _, problem := DecodeEventIn(c.message(c.set), nil, 0, &site); problem != nil {
			t.Errorf("%s at its limit: %v", row.Name, problem)
		}
		if _, problem := DecodeEventIn(c.message(c.set+1), nil, 0, &site); problem == nil || problem.Reason != TooLarge {
			t.Errorf("%s beyond its limit: %v", row.Name, problem)
		}
		if _, problem := DecodeEventIn(c.message(c.set+1), nil, 0, nil); problem != nil {
			t.Errorf("%s under the shipped limits: %v", row.Name, problem)
		}
	}
}

// A site sets limits by name; what is no limit or out of its range is refused with what is wanted.
// Limits that are the same are the same value, and the log names those that outputs go by.
func TestLimitsAreSetByName(t *testing.T) {
	var l Limits
	for _, text := range []string{"hour-values=1000", "run-bytes=256MiB", "batch-records=10", "senders=64", "note-bytes=2048"} {
		if err := l.Set(text); err != nil {
			t.Error(err)
		}
	}
	if l.Of(LimitHourValues) != 1000 || l.Of(LimitRunBytes) != 256<<20 || l.Of(LimitBatchRecords) != 10 || l.Of(LimitNoteBytes) != 2048 || l.Of(LimitDevices) != 1<<14 {
		t.Errorf("%+v", l)
	}
	if got := l.String(); got != " note-bytes=2KiB hour-values=1000 run-bytes=256MiB" {
		t.Errorf("the log is asked for %q", got)
	}
	for _, row := range limitTable {
		for _, n := range []int{row.Least, row.Most, row.Shipped} {
			again := l
			if err := again.Set(row.Name + "=" + row.Format(n)); err != nil {
				t.Error(err)
			}
		}
		for text, want := range map[string]string{row.Format(row.Least - 1): row.Format(row.Least), row.Format(row.Most + 1): row.Format(row.Most), "many": row.Name, "-1": row.Name} {
			if err := l.Set(row.Name + "=" + text); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s=%s: %v", row.Name, text, err)
			}
		}
	}
	for text, want := range map[string]string{"hour-values": "NAME=VALUE", "hourvalues=1": "did you mean hour-values?", "zebra=1": "want one of vitals-bytes"} {
		if err := l.Set(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	var none *Limits
	if none.Of(LimitPatientSenders) != 64 {
		t.Error("without limits of a site the shipped ones hold")
	}
}
