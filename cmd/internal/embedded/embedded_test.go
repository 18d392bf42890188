package embedded

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

func TestBrokerKeepsItsLog(t *testing.T) {
	dir := t.TempDir()
	b, err := StartBroker(dir, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	c := &kafka.Cluster{Brokers: b.Addresses()}
	if _, err := c.CreateTopics(t.Context(), 2, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewProducer("t").Append(t.Context(), schemas.TopicLog, 1, []schemas.Message{{Key: []byte("k"), Value: []byte("v")}}); err != nil {
		t.Fatal(err)
	}
	if findings, err := c.CheckTopics(t.Context(), kafka.ShippedTopics()); err != nil || len(findings) > 0 {
		t.Errorf("CheckTopics = %v, %v", findings, err)
	}
	c.Close()
	b.Close()
	b, err = StartBroker(dir, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c = &kafka.Cluster{Brokers: b.Addresses()}
	defer c.Close()
	got, err := c.LastRecords(t.Context(), schemas.TopicLog, 1, 1)
	if err != nil || len(got) != 1 || string(got[0].Value) != "v" {
		t.Fatalf("after a restart the log holds %v, %v", got, err)
	}
}

// Each start on the same files has its own password, and may do without.
func TestPasswordIsThatOfTheStart(t *testing.T) {
	dir := t.TempDir()
	for _, password := range []string{"", "first", "second", "", "third"} {
		b, err := StartBroker(dir, 0, password)
		if err != nil {
			t.Fatal(err)
		}
		for _, with := range []string{"first", "second", "third"} {
			login, err := kafka.Login("scram-sha-256", User, with)
			if err != nil {
				t.Fatal(err)
			}
			c := &kafka.Cluster{Brokers: b.Addresses(), SASL: login}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if err := c.Reach(ctx); (err == nil) != (with == password) && password != "" {
				t.Errorf("a broker started with %q, asked with %q: %v", password, with, err)
			}
			cancel()
			c.Close()
		}
		b.Close()
	}
}

func TestPortInUse(t *testing.T) {
	b, err := StartBroker(t.TempDir(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var port int
	for _, c := range b.Addresses()[0][strings.LastIndex(b.Addresses()[0], ":")+1:] {
		port = port*10 + int(c-'0')
	}
	if second, err := StartBroker(t.TempDir(), port, ""); err == nil || !strings.Contains(err.Error(), "in use") {
		if second != nil {
			second.Close()
		}
		t.Fatalf("a second broker on the port = %v, want an error that says so", err)
	}
}

func TestStores(t *testing.T) {
	for _, kind := range []string{KindMiniredis, KindRedis} {
		t.Run(kind, func(t *testing.T) {
			if _, err := exec.LookPath("redis-server"); kind == KindRedis && err != nil {
				t.Skip("needs redis-server on PATH")
			}
			dir := t.TempDir()
			s, err := StartStore(t.Context(), dir, kind, "secret1")
			if err != nil {
				t.Fatal(err)
			}
			stranger := redis.NewClient(&redis.Options{Addr: s.Address})
			defer stranger.Close()
			if err := stranger.Get(t.Context(), "a").Err(); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
				t.Errorf("another user of the machine is answered: %v", err)
			}
			client := redis.NewClient(&redis.Options{Addr: s.Address, Password: "secret1"})
			defer client.Close()
			if err := client.Set(t.Context(), "a", "b", 0).Err(); err != nil || s.Kind != kind {
				t.Fatalf("%s: %v", s.Kind, err)
			}
			s.Close()
			if kind == KindMiniredis {
				return
			}
			again, err := StartStore(t.Context(), dir, "auto", "secret2")
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			after := redis.NewClient(&redis.Options{Addr: again.Address, Password: "secret2"})
			defer after.Close()
			if v, err := after.Get(t.Context(), "a").Result(); err != nil || v != "b" {
				t.Errorf("after a restart the store holds %q, %v", v, err)
			}
		})
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	unlock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); err == nil {
		t.Fatal("a second lock is given")
	}
	unlock()
	unlock, err = Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}
