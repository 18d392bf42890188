package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// codesFile writes a table of own codes.
func codesFile(t *testing.T, rows string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "codes.yaml")
	if err := os.WriteFile(file, []byte("version: 1\ncodes:\n"+rows), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// A laboratory's own code reaches the patient log as its channel, and a worker with another table is refused.
func TestOwnCodesAreReadByAWorker(t *testing.T) {
	state := t.TempDir()
	work := func(codes string) (*boot.House, chan error, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		house, err := boot.Start(ctx, boot.Config{State: state, Store: "miniredis", Partitions: 1, Workers: 1, Model: boot.NoModel, Codes: codes, Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- house.Work(ctx) }()
		return house, ended, cancel
	}
	house, ended, cancel := work(codesFile(t, "  - {system: my-lab, code: KA, channel: potassium, factor: 0.1}\n"))
	message := `{"topic":"icu.vitals.v1","value":{"patient":"site:42","source":"lab","event_time":"` + time.Now().UTC().Format(time.RFC3339) + `","observations":[{"system":"my-lab","code":"KA","value":44}]}}`
	if stdout, stderr, err := piped(t, strings.NewReader(message+"\n"), "publish", "-", "--brokers", house.Cluster.Brokers[0], "--state", filepath.Join(t.TempDir(), "numbers")); err != nil || !strings.Contains(stdout, `"accepted":true`) {
		t.Fatalf("publish: %v %s %s", err, stdout, stderr)
	}
	var got []schemas.Observation
	for deadline := time.Now().Add(time.Minute); len(got) == 0 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		_ = house.Cluster.Each(t.Context(), schemas.TopicLog, func(m *schemas.Message) error {
			if r, err := schemas.DecodeRecord(m.Value); err == nil {
				got = append(got, r.Observations...)
			}
			return nil
		})
	}
	if len(got) != 1 || got[0].Channel.Info().Name != "potassium" || got[0].Value != 4.4 {
		t.Errorf("the log has %+v", got)
	}
	cancel()
	<-ended
	if err := house.Close(); err != nil {
		t.Fatal(err)
	}
	house, ended, cancel = work("")
	defer cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "codes") {
		t.Errorf("another table: %v", err)
	}
	_ = house.Close()
}

// What `codes init` writes can be used; a recording's own items are read by it, and those that are left are listed.
func TestCodesCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "codes.yaml")
	if code, _, stderr := vigil(t.Context(), "codes", "init", file); code != 0 {
		t.Fatalf("init: %d %s", code, stderr)
	}
	if code, stdout, stderr := vigil(t.Context(), "codes", "check", file); code != 0 || !strings.Contains(stdout, "3 rows") {
		t.Errorf("check: %d %s %s", code, stdout, stderr)
	}
	read := func(args ...string) string {
		code, stdout, stderr := vigil(t.Context(), append([]string{"replay", "mimic-iv", "../../testdata/mimic-iv", "--to", "stdout", "--speed", "max"}, args...)...)
		if code != 0 {
			t.Fatalf("%v: %d %s", args, code, stderr)
		}
		return stdout
	}
	own := codesFile(t, "  - {system: mimic-iv, code: 220045, channel: respiratory_rate, factor: 0.1}\n")
	if plain, laid := read(), read("--codes", own); bytes.Equal([]byte(plain), []byte(laid)) {
		t.Error("a row for an item of a recording changes nothing")
	}
	code, stdout, stderr := vigil(t.Context(), "codes", "check", own, "--data", "../../testdata/mimic-iv")
	if code != 0 || !strings.Contains(stdout, "the table has it as heart_rate") || !strings.Contains(stdout, "NOT READ") {
		t.Errorf("check --data: %d %s %s", code, stdout, stderr)
	}
}
