package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/realkafka"
)

// ofContainer are settings of where a container is, not of how Kafka works there.
var ofContainer = []string{
	"node.id", "process.roles", "controller.quorum.voters", "controller.listener.names", "listeners",
	"advertised.listeners", "listener.security.protocol.map", "inter.broker.listener.name", "log.dirs",
}

// TestRealCompose does what compose.yaml says, without containers: a Kafka with its
// settings, a Redis with its command, the topics, a worker, a replay.
func TestRealCompose(t *testing.T) {
	if !realkafka.Wanted() {
		t.Skip("needs a real Kafka: make test-real")
	}
	f := readCompose(t)
	var properties []string
	for name, value := range kafkaProperties(f.Services["kafka"]) {
		if !slices.Contains(ofContainer, name) {
			properties = append(properties, name+"="+value)
		}
	}
	slices.Sort(properties)
	kafka := realkafka.Start(t, realkafka.Options{Properties: properties})

	port := freePort(t)
	command := f.Services["redis"].Command
	redis := exec.Command(command[0], append(command[1:], "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir())...)
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = redis.Process.Kill()
		_ = redis.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}

	here := strings.NewReplacer("kafka:9092", kafka.Address(), "redis:6379", "127.0.0.1:"+port)
	args := func(service string) (out []string) {
		for _, arg := range f.Services[service].Command {
			out = append(out, here.Replace(arg))
		}
		return out
	}
	if code, stdout, stderr := vigil(t.Context(), args("topics")...); code != 0 || !strings.Contains(stdout, "11 topics made") {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := vigil(t.Context(), "topics", "check", "--brokers", kafka.Address()); code != 0 {
		t.Errorf("the topics are not as topics.yaml says: exit %d: %s%s", code, stdout, stderr)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan string, 1)
	go func() {
		code, _, stderr := vigil(ctx, args("serve")...)
		ended <- fmt.Sprintf("exit %d: %s", code, stderr)
	}()
	code, stdout, stderr := vigil(t.Context(), "replay", "synth", "--patients", "synth:0001,synth:0002", "--speed", "max", "--wait", "--brokers", kafka.Address())
	stop()
	said := <-ended
	if code != 0 {
		t.Fatalf("exit %d: %s; the worker: %s", code, stderr, said)
	}
	if got := decodeSummary(t, stdout); got.Scores == 0 || got.Patients != 2 {
		t.Errorf("%+v; the worker: %s", got, said)
	}
}
