package boot

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// textFolder is an encoder of notes on a server of the test, on this machine and without TLS.
func textFolder(t *testing.T, address string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"encoder.json": `{"id": "ward", "version": "1", "modality": "notes", "dim": 2, "license": "none", "source": "a test",
			"network": {"protocol": "tei", "address": "` + address + `", "plaintext": true, "timeout_ms": 5000}}`,
		"golden.json": `{"cases": [{"text": "stable", "vector": [1, 2]}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A note that comes while the encoder's server is away is logged without a vector, and logged again with
// it, under the same identity, when the server answers. Nobody's words are in the log of the process.
func TestEncodedLater(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			http.Error(w, "", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("[[1,2]]"))
	}))
	defer server.Close()
	var said strings.Builder
	log := zerolog.New(&said)
	own, err := (&Encoders{Folders: []string{"notes=" + textFolder(t, server.URL)}, Hosts: []string{"127.0.0.1"}}).Open(context.Background(), log)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(own)
	var logged []*schemas.Record
	full := errors.New("the broker is away")
	answer := full
	l := &later{now: time.Now, log: log, publish: func(_ context.Context, r *schemas.Record) error {
		if answer == nil {
			logged = append(logged, r)
		}
		return answer
	}}
	e := record.Encoder{Note: record.ReadNote}
	e.Site[encoders.Notes] = &siteEncoder{own[encoders.Notes], l}
	m := schemas.Message{Topic: schemas.TopicNotes, Key: []byte("site:42"), Value: []byte(
		`{"patient":"site:42","source":"ehr","seq":1,"event_time":"2026-01-01T08:00:00Z","kind":"nursing","text":"secret shock"}`)}
	event, problem := schemas.DecodeEvent(&m)
	if problem != nil {
		t.Fatal(problem)
	}
	first, _ := e.Record(event, &m, event.EventTime)
	if first.Item.Vector != nil || first.Item.State != schemas.Present || len(l.waiting) != 1 || l.bytes == 0 {
		t.Fatalf("away: %+v, %d waiting", first.Item, len(l.waiting))
	}
	l.round(context.Background())
	if len(l.waiting) != 1 {
		t.Fatal("an item of a server that is still away was given up")
	}
	away.Store(false)
	l.round(context.Background()) // encoded, but not logged
	if len(l.waiting) != 1 {
		t.Fatal("an item that could not be logged was given up")
	}
	answer = nil
	l.round(context.Background())
	if len(l.waiting) != 0 || l.bytes != 0 || len(logged) != 1 {
		t.Fatalf("back: %d waiting, %d bytes, %d logged", len(l.waiting), l.bytes, len(logged))
	}
	r := logged[0]
	if r.Hash != first.Hash || r.Seq != first.Seq || r.Item.Ref != first.Item.Ref || r.Item.Encoder != "ward/1" || !slices.Equal(r.Item.Vector, []float32{1, 2}) {
		t.Errorf("logged again as %+v with %+v", r, r.Item)
	}
	again, problem := record.Handed(&schemas.Message{Topic: schemas.TopicADT, Key: m.Key, Value: r.AppendBinary(nil)}, 7)
	if problem != nil || again.Kind != schemas.KindNote || again.At != 7 {
		t.Errorf("intake reads it as %+v, %v", again, problem)
	}
	if text := said.String(); !strings.Contains(text, "ward/1") || strings.Contains(text, "secret") || strings.Contains(text, "site:42") {
		t.Errorf("the log says %s", text)
	}
}

// What waits is bounded, and recorded items do not wait.
func TestLaterIsBounded(t *testing.T) {
	l := &later{now: time.Now}
	note := &schemas.Event{Note: &schemas.Note{Text: strings.Repeat("x", 1<<20)}}
	as := &schemas.Record{Kind: schemas.KindNote, Patient: "p", Item: &schemas.Item{State: schemas.Present}}
	for range 200 {
		l.put(nil, note, as)
	}
	if l.bytes > mostLaterBytes || len(l.waiting)+l.dropped != 200 || l.dropped == 0 {
		t.Errorf("%d bytes in %d items, %d given up", l.bytes, len(l.waiting), l.dropped)
	}
	l = &later{}
	l.put(nil, &schemas.Event{Run: "r", Note: &schemas.Note{}}, as)
	if len(l.waiting) != 0 {
		t.Error("a recorded item waits")
	}
}

// Settings that cannot be meant are refused with what was found and expected.
func TestSplitEncoder(t *testing.T) {
	for setting, says := range map[string]string{
		"notes": "notes=DIR", "numeric=x": "notes=DIR", "genes=x": "notes=DIR", "ecg=": "a folder", "notes=https://models.ward": "encoder.json names the server",
	} {
		if _, _, err := SplitEncoder(setting); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", setting, err, says)
		}
	}
	if m, dir, err := SplitEncoder("ecg=a=b"); m != encoders.ECG || dir != "a=b" || err != nil {
		t.Errorf("%v %s %v", m, dir, err)
	}
	own := textFolder(t, "http://127.0.0.1:1")
	for _, c := range []struct {
		e    Encoders
		says string
	}{
		{Encoders{Folders: []string{"notes=" + own}}, "is not allowed"},
		{Encoders{Folders: []string{"ecg=" + own}, Hosts: []string{"127.0.0.1"}}, "not of ecg"},
		{Encoders{Folders: []string{"notes=" + own, "notes=" + own}, Hosts: []string{"127.0.0.1"}}, "two encoders of notes"},
	} {
		if _, err := c.e.Open(context.Background(), zerolog.Nop()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want %q", c.e, err, c.says)
		}
	}
}

// The same through a whole house: the log has the note without its vector first, and then with it.
func TestEncodedLaterThroughTheLog(t *testing.T) {
	var away atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if away.Load() {
			http.Error(w, "", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("[[1,2]]"))
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	h, err := Start(ctx, Config{
		Store: "miniredis", Partitions: 1, Workers: 1, State: t.TempDir(), LiveOnly: true, Log: zerolog.Nop(), ScoreInterval: schemas.Minute, Model: NoModel,
		Encoders: Encoders{Folders: []string{"notes=" + textFolder(t, server.URL)}, Hosts: []string{"127.0.0.1"}, pause: 50 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	worked := make(chan error, 1)
	go func() { worked <- h.Work(ctx) }()
	defer func() {
		cancel()
		<-worked
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	away.Store(true)
	note := schemas.Message{Key: []byte("site:42"), Headers: []schemas.Header{{Key: schemas.HeaderContentType, Value: schemas.ContentJSON}}, Value: []byte(
		`{"patient":"site:42","source":"ehr","seq":1,"kind":"nursing","text":"septic shock"}`)}
	if _, err := h.Cluster.NewProducer("test").Append(ctx, schemas.TopicNotes, 0, []schemas.Message{note}); err != nil {
		t.Fatal(err)
	}
	var first *schemas.Record
	done := errors.New("seen")
	err = h.Cluster.Follow(ctx, schemas.TopicLog, true, func(m *schemas.Message) error {
		r, err := schemas.DecodeRecord(m.Value)
		if err != nil || r.Kind != schemas.KindNote {
			return nil
		}
		switch {
		case first == nil && r.Item.Vector == nil:
			first = r
			away.Store(false)
		case first != nil && slices.Equal(r.Item.Vector, []float32{1, 2}) && r.Item.Encoder == "ward/1" && r.Hash == first.Hash && r.Item.Ref == first.Item.Ref:
			return done
		default:
			t.Errorf("the log has %+v", r.Item)
			return done
		}
		return nil
	})
	if !errors.Is(err, done) {
		t.Fatal(err)
	}
}
