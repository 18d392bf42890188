package sinks

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// engine is a receiver of HL7 that answers as a test says, and knows control ids: what comes twice it shows once.
type engine struct {
	net.Listener
	mu     sync.Mutex
	shown  []string
	calls  int
	answer func(call int, id string) string // bytes to write; "cut" to hang up without any
}

func newEngine(t *testing.T, answer func(call int, id string) string) *engine {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{Listener: l, answer: answer}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go e.serve(conn)
		}
	}()
	return e
}

func (e *engine) serve(conn net.Conn) {
	defer conn.Close()
	for in := bufio.NewReader(conn); ; {
		block, err := in.ReadString(endBlock)
		if err != nil {
			return
		}
		id := strings.Split(block, "|")[9]
		e.mu.Lock()
		answer := e.answer(e.calls, id)
		e.calls++
		if !slices.Contains(e.shown, id) && !strings.Contains(answer, "MSA|AE|"+id) && !strings.Contains(answer, "MSA|AR|"+id) {
			e.shown = append(e.shown, id)
		}
		e.mu.Unlock()
		if answer == "cut" {
			return
		}
		if _, err := conn.Write([]byte(answer)); err != nil {
			return
		}
	}
}

// ack is an answer in its frame.
func ack(code, id string) string {
	return fmt.Sprintf("\x0bMSH|^~\\&|A|B|C|D|2026||ACK|9|P|2.6\rMSA|%s|%s|text\r\x1c\r", code, id)
}

func openHL7(t *testing.T, s HL7Settings) *HL7 {
	t.Helper()
	if s.Messages == nil {
		s.Messages = []string{oruR40}
	}
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	h, err := NewHL7(s, Environment{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// Whatever a receiver does, one that knows control ids shows each message once and in order: it answers twice or late, to
// what was given up, between lines of its log, in two steps, or hangs up before or after it took the message.
func TestHL7ReceiverThatFails(t *testing.T) {
	notices := someNotices()[:4]
	var ids []string
	for i := range notices {
		ids = append(ids, notices[i].short(19)+"A")
	}
	for name, answer := range map[string]func(call int, id string) string{
		"calm":            func(_ int, id string) string { return ack("AA", id) },
		"answering twice": func(_ int, id string) string { return ack("AA", id) + ack("AA", id) },
		"another's answer first": func(_ int, id string) string {
			return "\x00\r\nconnected\r\n" + ack("AR", "0000") + "\r\n" + ack("AA", id)
		},
		"in two steps": func(_ int, id string) string { return ack("CA", id) + ack("AA", id) },
		"unable": func(call int, id string) string {
			if call%2 == 0 {
				return ack("AE", id)
			}
			return ack("AA", id)
		},
		"cut off": func(call int, id string) string {
			if call%3 != 2 {
				return "cut"
			}
			return ack("AA", id)
		},
		"half an answer": func(call int, id string) string {
			if call%2 == 0 {
				return ack("AA", id)[:20]
			}
			return ack("AA", id)
		},
		"in other words": func(_ int, id string) string {
			return strings.NewReplacer("|", "#", "\r\x1c", "\n\x1c").Replace(ack("aa", id))
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t, answer)
			h := openHL7(t, HL7Settings{Address: e.Addr().String()})
			told := 0
			for tries := 0; told < len(notices); tries++ {
				if tries == 30 {
					t.Fatalf("after %d tries %d are told", tries, told)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				n, err := h.Deliver(ctx, notices[told:])
				cancel()
				if errors.Is(err, ErrRefused) {
					t.Fatal(err)
				}
				told += n
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			if diff := cmp.Diff(ids, e.shown); diff != "" {
				t.Errorf("(- told, + shown):\n%s", diff)
			}
		})
	}
}

// A refusal is told from an error that passes, and its words go to the dead letter alone.
func TestHL7Refusal(t *testing.T) {
	e := newEngine(t, func(_ int, id string) string {
		return strings.Replace(ack("AR", id), "text", "unknown patient 42", 1)
	})
	h := openHL7(t, HL7Settings{Address: e.Addr().String(), Answer: "accept"})
	n, err := h.Deliver(t.Context(), someNotices()[:1])
	var refusal *Refusal
	if n != 0 || !errors.Is(err, ErrRefused) || !errors.As(err, &refusal) || !strings.Contains(refusal.Answer, "unknown patient 42") || strings.Contains(err.Error(), "42") {
		t.Errorf("%d, %v", n, err)
	}
	accepts := newEngine(t, func(_ int, id string) string { return ack("CA", id) })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := openHL7(t, HL7Settings{Address: accepts.Addr().String()}).Deliver(ctx, someNotices()[:1]); err == nil || !strings.Contains(err.Error(), "answer: accept") {
		t.Errorf("a manager that never answers itself: %v", err)
	}
	for _, answer := range []string{"MSH|^~\\&|A\r", "no message", "MSH|^~\\&|A\rMSA|AA\r", ""} {
		if _, _, err := acknowledgment([]byte(answer)); err == nil {
			t.Errorf("%q is taken for an answer", answer)
		}
	}
}

// Phases, priorities and states of IHE ACM.
func TestACMFacets(t *testing.T) {
	notices := someNotices()
	for _, c := range []struct {
		at       int
		priority string
		want     []string // of the facets 3 to 7
	}{
		{0, "none", []string{"start", "active", "enabled", "PN", "SA"}},
		{1, "severity", []string{"escalate", "active", "enabled", "PH", "SA"}},
		{2, "severity", []string{"update", "active", "alert-acknowledged", "PH", "SA"}},
		{3, "none", []string{"update", "active", "alarm-paused", "PN", "SA"}},
		{4, "none", []string{"reset", "active", "enabled", "PN", "SA"}},
		{5, "none", []string{"continue", "active", "enabled", "PN", "SA"}},
		{6, "severity", []string{"deescalate", "active", "enabled", "PM", "SA"}},
		{7, "severity", []string{"end", "inactive", "enabled", "PM", "SA"}},
		{10, "none", []string{"update", "inactive", "enabled", "PN", "SA"}}, // passed on
		{11, "severity", []string{"start", "active", "enabled", "PL", "ST"}},
	} {
		h := &HL7{settings: HL7Settings{Address: "a:1", Messages: []string{oruR40}, Priority: c.priority}}
		if err := h.settings.check(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.SplitSeq(string(h.message(oruR40, "id", &notices[c.at])), "\r") {
			if f := strings.Split(line, "|"); f[0] == "OBX" && f[1] > "2" {
				got = append(got, f[5])
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("notice %d (- want, + got):\n%s", c.at, diff)
		}
	}
}
