package jsonlines

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/source/sequence"
	"github.com/vigil-icu/vigil/ingest/source/sourcetest"
	"github.com/vigil-icu/vigil/schemas"
)

// pulse is a line with a heart rate of a minute.
func pulse(minute int) string {
	return fmt.Sprintf(`{"topic":"icu.vitals.v1","value":{"patient":"site:%d","source":"gateway","event_time":"2026-01-01T08:%02d:00.000Z","values":{"heart_rate":%d}}}`,
		minute%2, minute, 60+minute)
}

// piped is a door between two pipes, which close when it has been served.
type piped struct {
	*Door
	in      *io.PipeReader
	answers *io.PipeWriter
}

func (p piped) Serve(ctx context.Context, to source.Producer) error {
	defer p.in.Close()
	defer p.answers.Close()
	return p.Door.Serve(ctx, to)
}

// sender writes a line and waits for its answer.
func sender(to io.Writer, answers io.Reader) sourcetest.Send {
	r := bufio.NewReader(answers)
	return func(ctx context.Context, message []byte) (sourcetest.Answer, error) {
		type heard struct {
			text []byte
			err  error
		}
		got := make(chan heard, 1)
		go func() {
			if _, err := to.Write(append(message, '\n')); err != nil {
				got <- heard{err: err}
				return
			}
			text, err := r.ReadBytes('\n')
			got <- heard{text, err}
		}()
		select {
		case h := <-got:
			if h.err != nil {
				return sourcetest.Answer{}, h.err
			}
			var a Answer
			err := json.Unmarshal(h.text, &a)
			return sourcetest.Answer{Accepted: a.Accepted, Reason: a.Reason}, err
		case <-ctx.Done():
			return sourcetest.Answer{}, ctx.Err()
		}
	}
}

func TestConforms(t *testing.T) {
	sourcetest.RunDoor(t, sourcetest.DoorSubject{
		Begin: func(state string) (source.Door, sourcetest.Send, func(), error) {
			numbers, err := sequence.Open(filepath.Join(state, "numbers"))
			if err != nil {
				return nil, nil, nil, err
			}
			in, to := io.Pipe()
			answers, from := io.Pipe()
			end := func() { to.Close(); answers.Close(); numbers.Close() }
			return piped{NewDoor(in, from, numbers), in, from}, sender(to, answers), end, nil
		},
		Good: func(i int) []byte { return []byte(pulse(i)) },
		Bad: map[string][]byte{
			"no JSON":              []byte("93"),
			"torn JSON":            []byte(pulse(1)[:40]),
			"a field misspelt":     []byte(`{"topic":"icu.vitals.v1","vaule":{}}`),
			"no value":             []byte(`{"topic":"icu.vitals.v1"}`),
			"no raw topic":         []byte(`{"topic":"icu.scores.v1","value":{}}`),
			"no source":            []byte(`{"topic":"icu.vitals.v1","value":{"patient":"site:1","values":{"heart_rate":93}}}`),
			"another key":          []byte(strings.Replace(pulse(1), `"value"`, `"key":"site:2","value"`, 1)),
			"a recorded message":   []byte(strings.Replace(pulse(1), `"value"`, `"headers":{"run":"x@1","play":"5"},"value"`, 1)),
			"a mark":               []byte(strings.Replace(pulse(1), `"value"`, `"headers":{"ce_type":"vigil.mark.v1"},"value"`, 1)),
			"two objects":          []byte(pulse(1) + pulse(2)),
			"invalid UTF-8":        []byte("\xff"),
			"a strip that is none": []byte(`{"topic":"icu.ecg.v1","key":"site:1","base64":"AAAA"}`),
		},
	})
}

// The lines that stand in the package comment are lines that the door takes.
func TestLinesOfThePackageComment(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for text := range strings.Lines(string(doc)) {
		if line, ok := strings.CutPrefix(text, "//\t{"); ok {
			lines = append(lines, "{"+line)
		}
	}
	s := &shelf{}
	d, answers, err := serve(t, filepath.Join(t.TempDir(), "numbers"), strings.Join(lines, ""), s)
	if err != nil || len(lines) == 0 || int(d.Accepted) != len(lines) || len(s.messages) != len(lines) {
		t.Errorf("%d lines, %v: %+v", len(lines), err, answers)
	}
}

// shelf is a producer in memory.
type shelf struct {
	messages []schemas.Message
	refusals []source.Refusal
	fail     int // appends before one fails; 0: none does
}

func (s *shelf) Append(_ context.Context, messages []schemas.Message) error {
	if s.fail > 0 {
		if s.fail--; s.fail == 0 {
			return errors.New("the brokers are away")
		}
	}
	s.messages = append(s.messages, messages...)
	return nil
}

func (s *shelf) Refuse(_ context.Context, r source.Refusal) error {
	s.refusals = append(s.refusals, r)
	return nil
}

// serve publishes a text and returns the door and its answers.
func serve(t *testing.T, state, text string, p source.Producer) (d *Door, answers []Answer, err error) {
	t.Helper()
	numbers, err := sequence.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	defer numbers.Close()
	var out bytes.Buffer
	d = NewDoor(strings.NewReader(text), &out, numbers)
	err = d.Serve(t.Context(), p)
	for dec := json.NewDecoder(&out); dec.More(); {
		var a Answer
		if err := dec.Decode(&a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	return d, answers, err
}

// A file that is cut off and published again comes in once, however often, and what has
// grown since comes with it.
func TestAFilePublishedAgain(t *testing.T) {
	state := filepath.Join(t.TempDir(), "numbers")
	var lines []string
	for i := range 300 {
		lines = append(lines, strings.Replace(pulse(i%60), `"values"`, fmt.Sprintf(`"provenance":["invented"],"has_adt":%t,"values"`, i%7 == 0), 1)+strings.Repeat(" ", i/60))
	}
	text := strings.Join(lines, "\n")
	s := &shelf{fail: 3}
	_, answers, err := serve(t, state, text, s)
	if err == nil || !strings.Contains(err.Error(), "are not acknowledged: the brokers are away") || len(answers) != len(s.messages) {
		t.Fatalf("%d answers for %d messages, %v", len(answers), len(s.messages), err)
	}
	cut := len(s.messages)
	d, answers, err := serve(t, state, text+"\n"+pulse(59)+"      ", s)
	if err != nil || int(d.Repeats) != cut || d.Accepted != 301 || len(answers) != 301 || len(s.messages) != 301 {
		t.Fatalf("%v: %d accepted, %d repeats, %d answers; %d messages, want 301 in all, %d before", err, d.Accepted, d.Repeats, len(answers), len(s.messages), cut)
	}
	next := map[string]uint64{}
	for i := range s.messages {
		e, problem := schemas.DecodeEvent(&s.messages[i])
		if problem != nil {
			t.Fatal(problem)
		}
		if next[e.Patient]++; e.Seq != next[e.Patient] {
			t.Fatalf("message %d has the number %d, want %d", i, e.Seq, next[e.Patient])
		}
	}
}

// What a plan prints as lines is taken as lines, but for its run.
func TestWhatIsPrintedIsRead(t *testing.T) {
	strip := schemas.Event{Topic: schemas.TopicECG, Patient: "site:1", Source: "monitor", Seq: 7, HasSeq: true,
		Strip: &schemas.Strip{RateHz: 250, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{{1, 2, 3}}}}
	note := schemas.Event{Topic: schemas.TopicNotes, Patient: "site:1", Source: "ward", Seq: 8, HasSeq: true,
		Note: &schemas.Note{Kind: "nursing", Text: "Sleeps, <quietly> & well."}}
	at := schemas.Time(4e12)
	strip.Strip.EventTime = &at
	var printed bytes.Buffer
	sink := NewSink(&printed)
	var want []schemas.Message
	for _, e := range []*schemas.Event{&strip, &note} {
		m, err := schemas.EncodeEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, m)
	}
	if err := sink.Publish(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	s := &shelf{}
	if _, _, err := serve(t, filepath.Join(t.TempDir(), "numbers"), printed.String(), s); err != nil || len(s.messages) != 2 {
		t.Fatalf("%d messages, %v: %+v", len(s.messages), err, s.refusals)
	}
	for i, m := range s.messages {
		if m.Topic != want[i].Topic || !bytes.Equal(m.Key, want[i].Key) || !bytes.Equal(m.Value, want[i].Value) || len(m.Headers) != len(want[i].Headers) {
			t.Errorf("printed %+v, read %+v", want[i], m)
		}
	}
}

// Each line that is refused says in its answer what is wrong and how to mend it; the ones
// around it come in.
func TestRefusedLines(t *testing.T) {
	long := `{"topic":"icu.notes.v1","value":{"patient":"site:1","text":"` + strings.Repeat("x", MaxLine) + `"}}`
	text := pulse(1) + "\r\n\n" + long + "\n" + `{"topic":"icu.vitals.v1","vaule":{}}` + "\n" + pulse(2)
	s := &shelf{}
	d, answers, err := serve(t, filepath.Join(t.TempDir(), "numbers"), text, s)
	if err != nil || d.Accepted != 2 || d.Refused != 2 || len(s.refusals) != 2 {
		t.Fatalf("%v: %d accepted, %d refused: %+v", err, d.Accepted, d.Refused, answers)
	}
	for i, want := range []struct {
		line   int64
		reason schemas.Reason
		words  string
	}{{1, "", ""}, {3, schemas.TooLarge, "15728640"}, {4, schemas.Unreadable, "vaule"}, {5, "", ""}} {
		a := answers[i]
		if a.Line != want.line || a.Reason != want.reason || !strings.Contains(a.Found+a.Expected, want.words) {
			t.Errorf("answer %+v, want %+v", a, want)
		}
	}
	if len(s.refusals[0].Input) != MaxLine || s.refusals[1].Number != 2 {
		t.Errorf("dead letters of %d bytes and number %d", len(s.refusals[0].Input), s.refusals[1].Number)
	}
}

// An input that fails is told after what came before it is in.
func TestBrokenInput(t *testing.T) {
	numbers, err := sequence.Open(filepath.Join(t.TempDir(), "numbers"))
	if err != nil {
		t.Fatal(err)
	}
	defer numbers.Close()
	broken := errors.New("the disk is gone")
	s := &shelf{}
	in := io.MultiReader(strings.NewReader(pulse(1)+"\n"), failing{broken})
	if err := NewDoor(in, io.Discard, numbers).Serve(t.Context(), s); !errors.Is(err, broken) || len(s.messages) != 1 {
		t.Errorf("%v with %d messages", err, len(s.messages))
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
