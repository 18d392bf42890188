package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// An alert that a worker told is made anew from the log, byte for byte, also with what a person answered; one byte that
// is another is found. What the alerts were worth is told.
func TestAnAlertIsVerifiedAndItsRuleReported(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a worker: left out with -short")
	}
	c, address := working(t)
	now := schemas.Time(time.Now().UnixMilli())
	line := func(patient, topic, more string) string {
		return fmt.Sprintf(`{"topic":"%s","value":{"patient":"%s","source":"his","event_time":"%s",%s}}`, topic, patient, now, more)
	}
	sent(t, address,
		line("h:sick", schemas.TopicADT, `"type":"admit","stay":"s1","unit":"ICU"`),
		line("h:sick", schemas.TopicVitals, `"has_adt":true,"values":{"heart_rate":128,"respiratory_rate":28,"spo2":88,"systolic_cuff":92,"temperature":38.6,"gcs_total":15,"fio2":0.4}`),
		line("h:well", schemas.TopicADT, `"type":"admit","stay":"s2","unit":"ICU"`),
		line("h:well", schemas.TopicVitals, `"has_adt":true,"values":{"heart_rate":80,"respiratory_rate":14,"spo2":98,"systolic_cuff":120,"temperature":37,"gcs_total":15}`))
	var bodies [][]byte
	told := func(n int) func() bool {
		return func() bool {
			bodies = nil
			for _, m := range messagesOf(t, c, schemas.TopicAlerts, schemas.TypeAlert) {
				bodies = append(bodies, m.Value)
			}
			return len(bodies) >= n
		}
	}
	eventually(t, "the alert", told(1))
	first, err := schemas.DecodeAlert(bodies[0])
	if err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := vigil(t.Context(), "alerts", "verdict", first.ID, "--reason", "useful", "--actor", "nurse", "--wait", "1m", "--brokers", address); code != 0 {
		t.Fatalf("verdict: %d %s%s", code, stdout, stderr)
	}
	sent(t, address, strings.Replace(line("h:sick", schemas.TopicADT, `"type":"death","stay":"s1"`), now.String(), (now+1).String(), 1))
	eventually(t, "the end", told(3))

	code, stdout, stderr := vigil(t.Context(), "alerts", "verify", first.ID[:shortID], "--brokers", address)
	if code != boot.ExitOK || !strings.Contains(stdout, "3 revisions and 1 scores made anew") {
		t.Errorf("verify: %d %s%s", code, stdout, stderr)
	}
	code, stdout, stderr = vigil(t.Context(), "alerts", "report", "--json", "--brokers", address)
	var r evaluate.UsefulnessReport
	if err := json.Unmarshal([]byte(stdout), &r); code != boot.ExitOK || err != nil {
		t.Fatalf("report: %d %v %s%s", code, err, stdout, stderr)
	}
	if r.Stays != 2 || r.Deaths != 1 || len(r.Rules) != 1 || r.Rules[0].Useful != 1 || r.Rules[0].PPV != 1 || r.Rules[0].Recall != 1 {
		t.Errorf("report: %s", stdout)
	}

	// Somebody writes another number into the topic.
	forged := schemas.Message{Topic: schemas.TopicAlerts, Key: []byte("h:sick"), Value: bytes.Replace(bodies[0], []byte(`"severity":"high"`), []byte(`"severity":"low"`), 1),
		Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeAlert}, {Key: schemas.HeaderID, Value: first.ID}}}
	if _, err := c.NewProducer("forger").Append(t.Context(), schemas.TopicAlerts, kafka.PartitionOf(forged.Key, 2), []schemas.Message{forged}); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := vigil(t.Context(), "alerts", "verify", first.ID, "--brokers", address); code != boot.ExitProblems || !strings.Contains(stderr, "not the same: revision 1") {
		t.Errorf("a forged revision: %d %s", code, stderr)
	}
}
