package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/vigil-icu/vigil/alerts/audit"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// start is the time in the unit of the tests.
const start = schemas.Time(1_900_000_000_000)

// world is a broker with the topics of a small unit, and a service that follows them.
type world struct {
	t       testing.TB
	cluster *kafka.Cluster
	outputs map[string]*kafka.Producer
	service *Service
	server  *httptest.Server

	mu      sync.Mutex
	audited []audit.Entry
	refuse  error // of the audit log
	told    []Command
}

// tokens of the tests, by role and unit: "viewer" sees all, "viewer-a" unit A.
var tokenText = map[string]string{}

func testTokens(t testing.TB) (tokens []Token) {
	t.Helper()
	for _, role := range []string{"viewer", "clinician", "admin"} {
		for _, unit := range []string{"", "A", "B"} {
			token, err := OneToken(role + ":" + role + "-0123456789-" + unit)
			if err != nil {
				t.Fatal(err)
			}
			token.Name = role + unit
			if unit != "" {
				token.Units = []string{unit}
			}
			tokens = append(tokens, token)
			tokenText[role+unit] = role + "-0123456789-" + unit
		}
	}
	return tokens
}

// newWorld has patients h:1 in unit A and h:2 in unit B, with a score and an alert each, and a dead letter.
func newWorld(t testing.TB, tokens []Token) *world {
	t.Helper()
	broker, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	w := &world{t: t, cluster: &kafka.Cluster{Brokers: broker.ListenAddrs()}, outputs: map[string]*kafka.Producer{}}
	t.Cleanup(w.cluster.Close)
	if _, err := w.cluster.CreateTopics(t.Context(), 2, 1); err != nil {
		t.Fatal(err)
	}
	for i, unit := range []string{"A", "B"} {
		patient := "h:" + string(rune('1'+i))
		w.event(schemas.Event{Topic: schemas.TopicADT, Patient: patient, Source: "his", EventTime: start, ADT: &schemas.ADT{Type: "admit", Stay: "s" + patient, Unit: unit, Bed: unit + "-1"}})
		w.score(patient, start+schemas.Minute, 0.25)
		w.alert(patient, "alert-"+unit, 1, schemas.PhaseStart, start+schemas.Minute)
	}
	w.put(schemas.TopicDeadLetters, "h:1", schemas.TypeDeadLetter, schemas.DeadLetter{Reason: schemas.Implausible, Field: "values.hart_rate", Found: "h:1", Payload: []byte("secret"), Topic: schemas.TopicVitals})
	w.service = New(Config{
		Topics: w.cluster, Partitions: 2, Title: "test", Version: "dev", Nonce: "one", Tokens: tokens, User: "anna", Model: json.RawMessage(`{"name":"m"}`),
		Now:   func(string) (schemas.Time, bool) { return 0, false },
		Clock: func() schemas.Time { return start },
		Audit: func(e audit.Entry) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.refuse == nil {
				w.audited = append(w.audited, e)
			}
			return w.refuse
		},
		Answer: func(_ context.Context, a *schemas.Alert, c Command) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told = append(w.told, c)
			return nil
		},
	})
	return w
}

// open follows the topics, serves, and returns when all that is there was seen.
func (w *world) open() {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := w.service.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	w.server = httptest.NewServer(w.service.Handler())
	w.t.Cleanup(func() {
		cancel()
		done.Wait()
		w.server.CloseClientConnections()
		w.server.Close()
	})
	w.until(func() bool {
		return w.service.live.unit.Counts().Scores >= 2 && len(w.service.letters.list(true)) == 1 && len(w.service.live.unit.Lines()) == 2
	}, func() bool {
		w.service.live.mu.Lock()
		defer w.service.live.mu.Unlock()
		return len(w.service.live.alerts) >= 2
	},
		func() bool {
			a, _ := w.service.live.unit.Line("h:1")
			b, _ := w.service.live.unit.Line("h:2")
			return a.Unit == "A" && b.Unit == "B"
		})
}

// until waits for conditions, for as long as a slow machine may need.
func (w *world) until(conditions ...func() bool) {
	w.t.Helper()
	limit := time.Now().Add(time.Minute)
	for i, c := range conditions {
		for !c() {
			if time.Now().After(limit) {
				w.t.Fatalf("condition %d does not come true", i)
			}
			_, _ = w.cluster.Partitions(w.t.Context()) // takes a while, and asks nobody to wait
		}
	}
}

// put writes an output.
func (w *world) put(topic, patient, kind string, body any) {
	w.t.Helper()
	value, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	w.append(topic, schemas.Message{Topic: topic, Key: []byte(patient), Value: value, Headers: []schemas.Header{{Key: schemas.HeaderType, Value: kind}}})
}

func (w *world) append(topic string, m schemas.Message) (partition int, offset int64) {
	w.t.Helper()
	p := w.outputs[topic]
	if p == nil {
		p = w.cluster.NewProducer("test-" + topic)
		w.outputs[topic] = p
	}
	partition = kafka.PartitionOf(m.Key, 2)
	offset, err := p.Append(w.t.Context(), topic, partition, []schemas.Message{m})
	if err != nil {
		w.t.Fatal(err)
	}
	return partition, offset
}

func (w *world) event(e schemas.Event) (partition int, offset int64) {
	w.t.Helper()
	m, err := schemas.EncodeEvent(&e)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.append(e.Topic, m)
}

func (w *world) record(r *schemas.Record) {
	w.t.Helper()
	w.append(schemas.TopicLog, schemas.Message{Key: []byte(r.Patient), Value: r.AppendBinary(nil), Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeLog}}})
}

func (w *world) score(patient string, at schemas.Time, risk float32) {
	w.t.Helper()
	age := int64(60)
	w.put(schemas.TopicScores, patient, schemas.TypeScore, schemas.Score{
		ID: "score", Patient: patient, Stay: "s" + patient, AsOf: at, Trained: true, Risks: map[string]schemas.Risk{"mortality": {Value: risk}},
		Modalities: map[string]schemas.ModalityState{"ecg": {State: schemas.Present, AgeS: &age}, "notes": {State: schemas.Absent}},
		NEWS2: schemas.NEWS2{Value: 7, Inputs: []schemas.NEWS2Input{
			{Component: "heart_rate", Channel: "heart_rate", Value: 131, Unit: "/min", EventTime: at - 10*schemas.Second, Points: 3},
		}},
	})
}

func (w *world) alert(patient, id string, revision int, phase schemas.Phase, at schemas.Time) {
	w.t.Helper()
	w.put(schemas.TopicAlerts, patient, schemas.TypeAlert, schemas.Alert{
		ID: id, Revision: revision, Phase: phase, Kind: "score", Task: "news2", Severity: "high", Patient: patient, Stay: "s" + patient,
		AsOf: at, Value: 7, Threshold: 7, Reason: "NEWS2 7, at or above 7",
	})
}

// ask makes a request; token is a name of tokenText, or empty.
func (w *world) ask(method, path, token, body string) (status int, answer []byte) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+tokenText[token])
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := w.server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return response.StatusCode, nil
	}
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, answer
}

// listener is a page that listens.
type listener struct {
	t     testing.TB
	body  io.ReadCloser
	lines *bufio.Reader
}

// listen opens a stream that had the named event last.
func (w *world) listen(last string) *listener {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.server.URL+Base+"/stream", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Last-Event-ID", last)
	response, err := w.server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = response.Body.Close() })
	return &listener{w.t, response.Body, bufio.NewReader(response.Body)}
}

// next is the next event that is no beat.
func (l *listener) next() (kind, id, data string) {
	l.t.Helper()
	for {
		kind, id, data = "", "", ""
		for {
			line, err := l.lines.ReadString('\n')
			if err != nil {
				l.t.Fatal(err)
			}
			if line == "\n" {
				break
			}
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			switch name {
			case "event":
				kind = value
			case "id":
				id = value
			case "data":
				data = value
			}
		}
		if kind != "" && kind != "beat" {
			return kind, id, data
		}
	}
}
