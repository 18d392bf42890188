package sinks

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hapi runs testdata/hapi/Receiver.java, whose lines it returns one by one.
type hapi struct {
	t             *testing.T
	lines         chan []string
	hl7, fhirBase string
}

func startHAPI(t *testing.T) *hapi {
	t.Helper()
	jars := os.Getenv("VIGIL_HAPI")
	if jars == "" {
		t.Skip("needs Java 17 and what alerts/sinks/testdata/hapi/pom.xml names: make test-sinks")
	}
	program, err := filepath.Abs(filepath.Join("testdata", "hapi", "Receiver.java"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("java", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(jars, "*"), program)
	cmd.Dir = t.TempDir() // HAPI keeps a file of message numbers where it runs
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &hapi{t: t, lines: make(chan []string, 1000)}
	go func() {
		defer close(h.lines)
		for s := bufio.NewReader(out); ; {
			line, err := s.ReadString('\n')
			if err != nil {
				return
			}
			h.lines <- strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		}
	}()
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
		t.Logf("the receiver took %.1f s of one core", (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	})
	ready := h.next("ready")
	h.hl7, h.fhirBase = "127.0.0.1:"+ready[1], "http://127.0.0.1:"+ready[2]
	return h
}

// patience is for a machine with much else to do: the validator begins by reading all of R4.
const patience = 8 * time.Minute

// next is the next line of a kind; others are passed over, but for failures.
func (h *hapi) next(kind string) []string {
	h.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case line, ok := <-h.lines:
			if !ok || line[0] == "failed" {
				h.t.Fatalf("the receiver ends with %q", line)
			}
			if line[0] == kind {
				return line
			}
		case <-limit:
			h.t.Fatalf("the receiver says nothing of %s", kind)
		}
	}
}

// HAPI FHIR's validator finds every transaction good, by R4's structures, invariants and required codes; a server
// that keeps the rules of conditional requests has each resource once, also after all is told again; the Flag ends
// inactive and keeps its beginning.
func TestFHIRIsGoodToHAPI(t *testing.T) {
	h := startHAPI(t)
	sink, err := NewFHIR(FHIRSettings{URL: h.fhirBase, Systems: map[string]string{"site": "urn:oid:2.999.1"}}, Environment{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	notices := someNotices()
	count := map[string]int{}
	for round := range 2 {
		for i := range notices {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			n, err := sink.Deliver(ctx, notices[i:i+1])
			cancel()
			verdict := h.next("fhir")
			if n != 1 || err != nil || verdict[1] != "good" {
				t.Fatalf("%s %s: %v: %s\n%s", notices[i].Task, notices[i].Phase, err, verdict[2], verdict[3])
			}
			if strings.Contains(verdict[2], "ERROR") {
				t.Errorf("%s", verdict[2])
			}
			if round == 0 && i == 0 {
				t.Logf("what the validator has to say besides: %s", verdict[2])
			}
			if !strings.Contains(verdict[3], "research software, not a medical device") {
				t.Errorf("a bundle does not say what Vigil is not: %s", verdict[3])
			}
			for range strings.Count(verdict[3], `"fullUrl"`) {
				stored := h.next("stored")
				kind, _, _ := strings.Cut(stored[2], "?")
				if stored[1] == "new" {
					if round == 1 {
						t.Errorf("%s is there twice", stored[2])
					}
					count[kind]++
				}
			}
			if notices[i].Phase == "end" && round == 0 && !strings.Contains(verdict[3], `"start":"`+notices[max(0, i-notices[i].Revision+notices[0].Revision)].AsOf.String()[:4]) {
				t.Errorf("the Flag has lost its beginning: %s", verdict[3])
			}
		}
	}
	wrong := notices[0]
	wrong.Severity = "none" // R4 has no such priority
	if _, err := sink.Deliver(t.Context(), []Notice{wrong}); !errors.Is(err, ErrRefused) {
		t.Errorf("what the validator finds bad is answered with %v", err)
	}
	if got := fmt.Sprint(count); got != "map[Communication:7 Flag:4 RiskAssessment:11]" {
		t.Errorf("there are %s", got)
	}
}

// HAPI's server parses every message as the structure that it says it is, and answers ORU^R40 by its own ORA^R41. What
// it read and writes again is what was sent.
func TestHL7IsGoodToHAPI(t *testing.T) {
	h := startHAPI(t)
	s := HL7Settings{Address: h.hl7, Messages: []string{oruR01, oruR40}}
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	sink, err := NewHL7(s, Environment{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	notices := someNotices()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if n, err := sink.Deliver(ctx, notices); n != len(notices) || err != nil {
		t.Fatalf("%d of %d: %v", n, len(notices), err)
	}
	for i := range notices {
		for _, kind := range s.Messages {
			got := h.next("hl7")
			id := notices[i].short(20)
			class := "ca.uhn.hl7v2.model.v26.message.ORU_R01"
			if kind == oruR40 {
				id, class = notices[i].short(19)+"A", "ca.uhn.hl7v2.model.GenericMessage$V26"
			}
			sent := strings.ReplaceAll(string(sink.message(kind, id, &notices[i])), "\r", "<cr>")
			if got[1] != class || got[3] != id || got[4] != sent {
				t.Errorf("%s %s as %s, want %s\nread %s\nsent %s", kind, got[3], got[1], class, got[4], sent)
			}
		}
	}
}
