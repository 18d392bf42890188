package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// Two ids of one patient in two partitions: values, open alert and later data go on under the
// id that stays, though the worker is killed as it hands them on; and back.
func TestMergedPatientsAreOne(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and kills it: left out with -short")
	}
	c, broker, redis := servers(t, "auto")
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--brokers", broker, "--partitions", "4"); code != 0 {
		t.Fatal(stderr)
	}
	const old, survivor = "h:tmp", "h:real"
	if kafka.PartitionOf([]byte(old), 4) == kafka.PartitionOf([]byte(survivor), 4) {
		t.Fatal("both lie in one partition: the test shows nothing")
	}
	w := &program{t: t, path: binary(t), args: []string{"serve", "--brokers", broker, "--redis", redis, "--score-interval", "1s"}}
	w.start()
	state := t.TempDir() + "/state"
	publish := func(topic, patient, rest string) {
		t.Helper()
		line := fmt.Sprintf(`{"topic":"%s","value":{"patient":"%s","source":"his","event_time":"%s",%s}}`, topic, patient, time.Now().UTC().Format(time.RFC3339Nano), rest)
		if _, stderr, err := piped(t, strings.NewReader(line+"\n"), "publish", "-", "--brokers", broker, "--state", state); err != nil {
			t.Fatalf("%v: %s", err, stderr)
		}
	}
	sick := `"has_adt":true,"values":{"heart_rate":128,"respiratory_rate":%d,"spo2":88,"systolic_cuff":92,"temperature":38.6,"gcs_total":15,"fio2":0.4}`
	scored := func(patient string, rr float32, news2 int) func() bool {
		return func() (found bool) {
			eachScore(t, c, func(s *schemas.Score) {
				found = found || s.Patient == patient && s.NEWS2.Value == news2 && slices.ContainsFunc(s.NEWS2.Inputs, func(in schemas.NEWS2Input) bool {
					return in.Channel == "respiratory_rate" && in.Value == rr
				})
			})
			return found
		}
	}
	// news2 are the revisions of the patient's alerts of NEWS2.
	news2 := func(patient string) (list []schemas.Alert) {
		for _, m := range messagesOf(t, c, schemas.TopicAlerts, schemas.TypeAlert) {
			a, err := schemas.DecodeAlert(m.Value)
			if err != nil {
				t.Fatal(err)
			}
			if a.Patient == patient && a.Task == "news2" {
				list = append(list, *a)
			}
		}
		return list
	}

	publish(schemas.TopicADT, old, `"type":"admit","stay":"t1","unit":"ICU"`)
	publish(schemas.TopicADT, survivor, `"type":"admit","stay":"r1","unit":"ICU"`)
	publish(schemas.TopicVitals, old, fmt.Sprintf(sick, 28))
	w.until(30*time.Second, "the alert of the old id", func() bool { return len(news2(old)) == 1 })
	publish(schemas.TopicADT, old, `"type":"merge","into":"h:real"`)
	w.kill()
	w.start()
	w.until(30*time.Second, "the values are the survivor's", scored(survivor, 28, 13))
	publish(schemas.TopicVitals, old, fmt.Sprintf(sick, 30))
	w.until(30*time.Second, "later data of the old id are the survivor's", scored(survivor, 30, 13))
	was, is := news2(old), news2(survivor)
	if len(is) == 0 || is[0].ID != was[0].ID || is[0].Revision != was[len(was)-1].Revision+1 || is[0].Phase == schemas.PhaseEnd {
		t.Errorf("the alert of the old id:\n%+v\nof the survivor:\n%+v", was, is)
	}

	publish(schemas.TopicADT, old, `"type":"unmerge","into":"h:real"`)
	w.until(30*time.Second, "the alert is back", func() bool { return len(news2(old)) > len(was) })
	w.until(30*time.Second, "the survivor has no values of the other", func() (empty bool) {
		eachScore(t, c, func(s *schemas.Score) {
			if s.Patient == survivor {
				empty = s.NEWS2.Value == 0 && len(s.NEWS2.Missing) == 7
			}
		})
		return empty
	})
	if letters := messagesOf(t, c, schemas.TopicDeadLetters, schemas.TypeDeadLetter); len(letters) > 0 {
		t.Errorf("%d dead letters, the first: %s", len(letters), letters[0].Value)
	}
	w.drains("when the two are two")
}
