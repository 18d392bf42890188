package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// eight returns eight patients of the recorded unit, drawn from a seed.
func eight(t *testing.T) []string {
	t.Helper()
	return drawn(t, filepath.Join(opendata.Dir(t), "mimic-iii-demo"), 8)
}

// drawn returns n patients of a recorded unit, drawn from a seed.
func drawn(t *testing.T, data string, n int) []string {
	t.Helper()
	s, err := openRecorded(data)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for p, err := range s.Patients(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.ID)
	}
	slices.Sort(all)
	r := rand.New(rand.NewPCG(8, 8))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:n]
}

func redisHere() bool {
	_, err := exec.LookPath("redis-server")
	return err == nil
}

// The digest depends on the data alone.
func TestDigestIsTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("plays a recorded unit seven times: left out with -short")
	}
	data := filepath.Join(opendata.Dir(t), "mimic-iii-demo")
	patients := eight(t)
	sameEverywhere(t, data, patients)
}

// The same of the other data sets: some of their stays here, more in make soak.
func TestDigestOfOthersIsTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("plays recorded stays seven times a data set: left out with -short")
	}
	for _, set := range []struct {
		path     string
		patients int
	}{{"mimic-iv-demo", 6}, {"physionet2012/set-a.tar.gz", 10}} {
		t.Run(set.path, func(t *testing.T) {
			data := filepath.Join(opendata.Dir(t), set.path)
			sameEverywhere(t, data, drawn(t, data, set.patients))
		})
	}
}

func sameEverywhere(t *testing.T, data string, patients []string) {
	base := []string{"--data", data, "--speed", "max"}
	if patients != nil {
		base = append(base, "--patients", strings.Join(patients, ","))
	}
	want := straight(t, data, patients)
	for _, variant := range [][]string{
		{"--store", "miniredis"}, {"--store", "miniredis", "--workers", "3"}, {"--store", "miniredis", "--partitions", "5"},
		{"--store", "miniredis", "--partitions", "5", "--workers", "3"}, {"--store", "redis"}, {"--store", "redis", "--workers", "3"},
	} {
		t.Run(strings.Join(variant, " "), func(t *testing.T) {
			if slices.Contains(variant, "redis") && !redisHere() {
				t.Skip("needs redis-server on PATH")
			}
			if got := demoJSON(t, append(base, variant...)...); got.Digest != want {
				t.Errorf("digest %s, want %s as Step gives it straight from the files", got.Digest, want)
			}
		})
	}
	t.Run("jitter between topics", func(t *testing.T) {
		if got := jittered(t, base); got != want {
			t.Errorf("digest %s, want %s", got, want)
		}
	})
}

// straight feeds Step from the files, without Kafka, store or service.
func straight(t *testing.T, data string, patients []string) string {
	t.Helper()
	source, err := openRecorded(data)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := replay.NewPlan(t.Context(), source, replay.Options{Only: patients})
	if err != nil {
		t.Fatal(err)
	}
	m := &monitor.Monitor{Model: fusion.Shipped(), Policy: alerts.DefaultPolicy()}
	p := monitor.NewPartition()
	var outputs []monitor.Output
	offset := int64(0)
	step := func(r *schemas.Record) {
		if outputs, err = m.Step(p, r, offset, outputs); err != nil {
			t.Fatal(err)
		}
		offset++
	}
	step(&schemas.Record{Kind: schemas.KindUse, Use: &schemas.Use{Model: fusion.Shipped().Hash(), Policy: alerts.DefaultPolicy().Hash()}})
	encoder := &record.Encoder{}
	err = (&replay.Player{Plan: plan, Speed: replay.Max, Clock: boot.WallClock{Stopping: t.Context()}, Sink: replay.FuncSink{
		OnMessage: func(message *schemas.Message) error {
			item := intake.Decode(encoder, message, 1, 0)
			if item.Record == nil {
				return fmt.Errorf("%s is no record", message.Value)
			}
			step(item.Record)
			return nil
		},
		OnMark: func(play int64, _ bool) error {
			step(&schemas.Record{Kind: schemas.KindTick, Provenance: schemas.Recorded, Play: play})
			return nil
		},
	}}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var records []evaluate.Output
	for i := range outputs {
		if outputs[i].Topic == schemas.TopicAlertStates {
			continue
		}
		o, err := evaluate.ReadOutput(&schemas.Message{Topic: outputs[i].Topic, Value: outputs[i].Value})
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, o)
	}
	d, err := evaluate.Digest(records)
	if err != nil {
		t.Fatal(err)
	}
	tamper(t, records, d)
	return d
}

// tamper: a record deleted, doubled or changed changes the digest.
func tamper(t *testing.T, records []evaluate.Output, want string) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	for range 3 {
		at := r.IntN(len(records))
		deleted := slices.Delete(slices.Clone(records), at, at+1)
		doubled := append(slices.Clone(records), records[at])
		changed := slices.Clone(records)
		changed[at].Body = bytes.Replace(bytes.Clone(changed[at].Body), []byte(`"as_of":"2`), []byte(`"as_of":"1`), 1)
		for name, list := range map[string][]evaluate.Output{"deleted": deleted, "doubled": doubled, "changed": changed} {
			if d, err := evaluate.Digest(list); err != nil || d == want {
				t.Errorf("record %d %s: the digest stays (%v)", at, name, err)
			}
		}
	}
}

// jitter puts up to 50 ms between the topics of one Publish.
type jitter struct {
	replay.Resumer
	r *rand.Rand
}

func (j jitter) Publish(ctx context.Context, messages []schemas.Message) error {
	order := j.r.Perm(len(schemas.RawTopics))
	for _, t := range order {
		var part []schemas.Message
		for i := range messages {
			if messages[i].Topic == schemas.RawTopics[t] {
				part = append(part, messages[i])
			}
		}
		if len(part) == 0 {
			continue
		}
		time.Sleep(time.Duration(j.r.IntN(50)) * time.Millisecond)
		if err := j.Resumer.Publish(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func jittered(t *testing.T, args []string) string {
	t.Helper()
	o := demoOptions{
		speed: "max", summary: "json", store: "miniredis", partitions: 3, workers: 2, inputs: "all", data: args[1],
		wrap: func(r replay.Resumer) replay.Resumer { return jitter{r, rand.New(rand.NewPCG(5, 6))} },
	}
	if len(args) > 4 {
		o.patients = strings.Split(args[5], ",")
	}
	var out, talk bytes.Buffer
	if err := runDemo(t.Context(), o, &out, &talk); err != nil {
		t.Fatal(err)
	}
	return decodeSummary(t, out.String()).Digest
}
