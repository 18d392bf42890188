package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// A person answers an alert from a shell: seen, quiet for a while, and what it was worth. Each answer is told by the
// alert's next revision, and filters show what is asked for.
func TestAnAlertIsAnswered(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a worker: left out with -short")
	}
	c, address := working(t)
	now := schemas.Time(time.Now().UnixMilli())
	for _, p := range []struct {
		patient, unit string
		rate          int
	}{{"h:sick", "ICU", 128}, {"h:other", "Ward 5", 135}} {
		sent(t, address,
			fmt.Sprintf(`{"topic":"icu.adt.v1","value":{"patient":"%s","source":"his","event_time":"%s","type":"admit","stay":"s1","unit":"%s"}}`, p.patient, now, p.unit),
			fmt.Sprintf(`{"topic":"icu.vitals.v1","value":{"patient":"%s","source":"gw","event_time":"%s","has_adt":true,"values":{"heart_rate":%d,"respiratory_rate":28,"spo2":88,"systolic_cuff":92,"temperature":38.6,"gcs_total":15,"fio2":0.4}}}`, p.patient, now, p.rate))
	}
	revisions := func(patient string) (list []schemas.Alert) {
		for _, m := range messagesOf(t, c, schemas.TopicAlerts, schemas.TypeAlert) {
			if a, err := schemas.DecodeAlert(m.Value); err == nil && a.Patient == patient {
				list = append(list, *a)
			}
		}
		return list
	}
	eventually(t, "both alerts", func() bool { return len(revisions("h:sick")) > 0 && len(revisions("h:other")) > 0 })
	id := revisions("h:sick")[0].ID

	for _, k := range []struct {
		args []string
		word string
	}{
		{[]string{"ack", id[:shortID]}, "acknowledged by nurse"},
		{[]string{"snooze", id, "--for", "10m", "--reason", "physiotherapy"}, "by nurse: physiotherapy"},
		{[]string{"verdict", id, "--reason", "true"}, "verdict by nurse: true"},
	} {
		args := append(append([]string{"alerts"}, k.args...), "--actor", "nurse", "--wait", "1m", "--brokers", address)
		if code, stdout, stderr := vigil(t.Context(), args...); code != 0 || !strings.Contains(stdout, k.word) || !strings.Contains(stdout, "["+id[:shortID]+"]") {
			t.Errorf("%v: exit %d, %q: %s", k.args, code, stdout, stderr)
		}
	}
	if list := revisions("h:sick"); len(list) != 4 || fmt.Sprint(list[3].Flags) != "[acknowledged snoozed]" {
		t.Errorf("%d revisions, the last %+v", len(list), list[len(list)-1])
	}
	if code, _, stderr := vigil(t.Context(), "alerts", "ack", "zzz", "--brokers", address); code != boot.ExitUsage || !strings.Contains(stderr, "tail --all") {
		t.Errorf("an alert that is none: exit %d: %s", code, stderr)
	}

	for _, k := range []struct {
		args string
		want int
	}{
		{"", 5}, {"--patient h:sick", 4}, {"--unit icu", 4}, {"--unit ICU --patient h:other", 0}, {"--severity high", 5},
		{"--since 10m", 5}, {"--since 2999-01-01T00:00:00Z", 0},
	} {
		code, stdout, stderr := vigil(t.Context(), append(strings.Fields("alerts export --brokers "+address), strings.Fields(k.args)...)...)
		if n := strings.Count(stdout, "\n"); code != 0 || n != k.want {
			t.Errorf("export %s: exit %d, %d lines, want %d: %s", k.args, code, n, k.want, stderr)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var out, talk safeBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"alerts", "tail", "--since", "1h", "--unit", "ICU", "--brokers", address}, &out, &talk)
	}()
	eventually(t, "the lines of a unit", func() bool { return strings.Count(out.String(), "\n") == 4 })
	cancel()
	if code := <-ended; code != boot.ExitInterrupted || strings.Contains(out.String(), "h:other") {
		t.Errorf("tail ends with %d: %s%s", code, out.String(), talk.String())
	}
}

// An answer that nobody works on, and one to an alert that has ended, say so by their exit code. A snooze of a
// recorded patient ends in that patient's time.
func TestAnswersThatAreNotTaken(t *testing.T) {
	c, address := broker(t)
	producer := c.NewProducer("test")
	put := func(topic, kind, key string, body []byte, err error) {
		t.Helper()
		if err == nil {
			_, err = producer.Append(t.Context(), topic, kafka.PartitionOf([]byte("h:1"), 3), []schemas.Message{{Topic: topic, Key: []byte(key), Value: body, Headers: []schemas.Header{{Key: schemas.HeaderType, Value: kind}}}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	asOf, _ := schemas.ParseTime("2126-01-01T08:00:00Z", nil)
	for _, a := range []schemas.Alert{{ID: "aaa1", Phase: schemas.PhaseStart}, {ID: "aab2", Phase: schemas.PhaseEnd}} {
		a.Patient, a.AsOf, a.Severity = "h:1", asOf, "high"
		body, err := schemas.EncodeAlert(&a)
		put(schemas.TopicAlertStates, schemas.TypeAlert, a.ID, body, err)
	}
	later := asOf + schemas.Hour
	body, err := schemas.EncodeScore(&schemas.Score{ID: "s", Patient: "h:1", AsOf: later})
	put(schemas.TopicScores, schemas.TypeScore, "h:1", body, err)
	for _, k := range []struct {
		args string
		code int
		word string
	}{
		{"ack aaa1 --wait 10ms", boot.ExitProblems, "vigil serve"},
		{"ack aab2", boot.ExitProblems, "only a verdict"},
		{"ack aa", boot.ExitUsage, "give more of it"},
		{"snooze aaa1 --reason x --for 1h --wait 0s", boot.ExitOK, ""},
	} {
		code, _, stderr := vigil(t.Context(), append(strings.Fields("alerts "+k.args), "--actor", "n", "--brokers", address)...)
		if code != k.code || !strings.Contains(stderr, k.word) {
			t.Errorf("%s: exit %d, want %d: %s", k.args, code, k.code, stderr)
		}
	}
	commands := messagesOf(t, c, schemas.TopicCommands, schemas.TypeCommand)
	if len(commands) != 2 {
		t.Fatalf("%d commands", len(commands))
	}
	e, problem := schemas.DecodeEvent(&commands[1])
	if problem != nil || e.Command.Verb != "snooze" || *e.Command.Until != later+schemas.Hour || e.Patient != "h:1" {
		t.Errorf("%+v, %v", e, problem)
	}
}
