package redisstore_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/redisstore"
	"github.com/vigil-icu/vigil/window/storetest"
)

func TestAwayIsUnavailable(t *testing.T) {
	m := miniredis.RunT(t)
	s := open(t, m.Addr())
	claim(t, s, "o")
	m.Close()
	_, claimErr := s.Claim(t.Context(), 0, "o")
	_, _, applyErr := s.Apply(t.Context(), threeBatches()[0])
	_, loadErr := s.Load(t.Context(), 0)
	for what, err := range map[string]error{
		"claim": claimErr, "apply": applyErr, "load": loadErr,
		"ping":      s.Ping(t.Context()),
		"published": s.Published(t.Context(), 0, "o", window.Position{}),
		"reset":     s.Reset(t.Context(), 0, "o"),
	} {
		if !errors.Is(err, window.ErrUnavailable) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v, want %v naming the call", what, err, window.ErrUnavailable)
		}
	}
	if err := m.Restart(); err != nil {
		t.Fatal(err)
	}
	apply(t, s, threeBatches()[0], window.OK) // the same store goes on
}

func TestServerOutOfServiceIsUnavailable(t *testing.T) {
	m := miniredis.RunT(t)
	s := open(t, m.Addr())
	claim(t, s, "o")
	for reply, want := range map[string]bool{
		"LOADING Redis is loading the dataset in memory": true,
		"OOM command not allowed":                        true,
		"WRONGPASS invalid username-password pair":       false,
	} {
		m.SetError(reply)
		if _, _, err := s.Apply(t.Context(), threeBatches()[0]); err == nil || errors.Is(err, window.ErrUnavailable) != want || !strings.Contains(err.Error(), reply) {
			t.Errorf("%s: %v, unavailable should be %v", reply, err, want)
		}
	}
	m.SetError("")
	apply(t, s, threeBatches()[0], window.OK)
}

func TestCancelledIsNotUnavailable(t *testing.T) {
	s := open(t, miniredis.RunT(t).Addr())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Apply(ctx, threeBatches()[0]); !errors.Is(err, context.Canceled) || errors.Is(err, window.ErrUnavailable) {
		t.Fatalf("error %v, want %v alone", err, context.Canceled)
	}
}

// The answer is lost after the script ran: Apply asks again and hears ALREADY.
func TestLostAnswer(t *testing.T) {
	m := miniredis.RunT(t)
	cut := &cutter{to: m.Addr()}
	s := open(t, cut.listen(t))
	claim(t, s, "o")
	cut.answers.Store(1)
	apply(t, s, threeBatches()[0], window.Already)
	if got := cut.answers.Load(); got != 0 {
		t.Fatalf("%d answers still to be cut: the test did nothing", got)
	}
	apply(t, s, threeBatches()[1], window.OK)
}

// cutter passes connections on and, while answers is positive, closes one
// instead of passing its next answer.
type cutter struct {
	to      string
	answers atomic.Int32
}

func (c *cutter) listen(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", c.to)
			if err != nil {
				from.Close()
				continue
			}
			go func() { io.Copy(to, from); to.Close() }()
			go c.back(from, to)
		}
	}()
	return l.Addr().String()
}

func (c *cutter) back(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 1<<16)
	for {
		n, err := to.Read(b)
		if err != nil || strings.Contains(string(b[:n]), "OK") && c.answers.Load() > 0 && c.answers.Add(-1) >= 0 {
			return
		}
		from.Write(b[:n])
	}
}

func TestScriptsAreSentAgainWhenForgotten(t *testing.T) {
	addr := miniredis.RunT(t).Addr()
	s, raw := open(t, addr), connect(t, addr)
	claim(t, s, "o")
	apply(t, s, threeBatches()[0], window.OK)
	if err := raw.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	apply(t, s, threeBatches()[1], window.OK)
}

func TestNewerLayoutIsRefused(t *testing.T) {
	addr := miniredis.RunT(t).Addr()
	s, raw := open(t, addr), connect(t, addr)
	raw.HSet(t.Context(), "{k0}:m", "v", "4", "own", "newer", "o", "7")
	_, err := s.Claim(t.Context(), 0, "o")
	if err == nil || !strings.Contains(err.Error(), "layout 4") {
		t.Fatalf("claim: %v", err)
	}
	if own := raw.HGet(t.Context(), "{k0}:m", "own").Val(); own != "newer" {
		t.Fatalf("the refused claim took the partition: owner %q", own)
	}
	if _, err := s.Load(t.Context(), 0); err == nil {
		t.Fatal("load: no error")
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct{ url, prefix, want string }{
		{"redis://:secret@host:port/x", "", "redis://host:port/db"},
		{"http://host", "", "redis://host:port/db"},
		{"redis://host", "a{b}", "braces"},
	} {
		_, err := redisstore.Open(c.url, c.prefix)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s %q: %v, want %q and no password", c.url, c.prefix, err, c.want)
		}
	}
	if _, err := redisstore.New(connect(t, "127.0.0.1:1"), ""); err != nil {
		t.Errorf("a client without retries: %v", err)
	}
}

// A Redis that has no room for another client is away, not wrong.
func TestNoRoomForAClient(t *testing.T) {
	server := storetest.StartRedis(t, t.TempDir(), "--save", "", "--maxclients", "1")
	first := connect(t, server.Addr)
	if err := first.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, server.Addr).Claim(t.Context(), 0, "o"); !errors.Is(err, window.ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
}
