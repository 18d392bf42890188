package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// A page that comes again gets what it missed, each event once and none left out; one of an earlier process gets all.
func TestStreamGoesOn(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	page := w.listen("")
	kind, last, data := page.next()
	var all Snapshot
	if err := json.Unmarshal([]byte(data), &all); err != nil || kind != "unit" || len(all.Beds) != 2 || len(all.Alerts) != 2 {
		t.Fatalf("%s %v: %s", kind, err, data)
	}
	want := 0
	seen := map[string]bool{}
	for round := range 5 {
		for i := range 4 {
			w.alert("h:1", fmt.Sprintf("more-%d-%d", round, i), 1, schemas.PhaseStart, start+schemas.Minute)
			want++
		}
		for len(seen) < want { // before it breaks, or after it came again: in the odd rounds
			if round%2 == 1 && len(seen) == want-2 {
				_ = page.body.Close()
				page = w.listen(last)
			}
			kind, id, data := page.next()
			last = id
			if kind == "unit" {
				t.Fatal("a page that came again was told everything")
			}
			var a Alert
			if kind == "alert" && json.Unmarshal([]byte(data), &a) == nil {
				if seen[a.ID] {
					t.Errorf("%s was told twice", a.ID)
				}
				seen[a.ID] = true
			}
		}
	}
	if kind, _, _ := w.listen("other-" + strings.TrimPrefix(last, "one-")).next(); kind != "unit" {
		t.Errorf("a page of another process was told %s first, want all", kind)
	}
	if kind, _, _ := w.listen("one-999999").next(); kind != "unit" {
		t.Errorf("a page with a number that is not there yet was told %s first, want all", kind)
	}
}

// A page that does not read is dropped; the others hear everything.
func TestStalledPageIsDropped(t *testing.T) {
	l := newLive(nil, func(string) (schemas.Time, bool) { return 0, false }, "one")
	who := Principal{Role: Viewer}
	stalled, _, _ := l.join(who, "")
	reader, _, _ := l.join(who, "")
	for i := range 3 * waiting {
		l.mu.Lock()
		l.fan.send("gone", "", Gone{Key: fmt.Sprint(i)})
		l.mu.Unlock()
		if frame := string(<-reader.frames); !strings.Contains(frame, fmt.Sprintf(`"%d"`, i)) {
			t.Fatalf("event %d came as %s", i, frame)
		}
	}
	n := 0
	for range stalled.frames { // ends, as it is closed
		n++
	}
	if n != waiting || l.fan.dropped != 1 || len(l.fan.pages) != 1 {
		t.Errorf("the stalled page has %d events, %d were dropped, %d are left; want %d, 1, 1", n, l.fan.dropped, len(l.fan.pages), waiting)
	}
	l.part(stalled) // its handler ends too
	l.part(reader)
}

// There is an end to how many pages may listen.
func TestTooManyPages(t *testing.T) {
	l := newLive(nil, nil, "one")
	for range maxStreams {
		if _, _, ok := l.join(Principal{Role: Viewer}, ""); !ok {
			t.Fatal("refused too early")
		}
	}
	if _, _, ok := l.join(Principal{Role: Viewer}, ""); ok {
		t.Error("one more was let in")
	}
}

// What is kept of alerts has a bound, and open ones are kept the longest.
func TestAlertsAreBounded(t *testing.T) {
	l := newLive(nil, nil, "one")
	for i := range maxAlerts + 50 {
		phase := schemas.PhaseStart
		if i%2 == 1 {
			phase = schemas.PhaseEnd
		}
		l.mu.Lock()
		l.takeAlert(&schemas.Alert{ID: fmt.Sprint(i), Revision: 1, Phase: phase, Patient: "h:1"})
		l.mu.Unlock()
	}
	open := 0
	for _, a := range l.alerts {
		if a.Open {
			open++
		}
	}
	if len(l.alerts) != maxAlerts || len(l.order) != maxAlerts || open != maxAlerts/2+25 || len(l.fan.ring) != ringed {
		t.Errorf("%d alerts, %d in order, %d open, %d events kept", len(l.alerts), len(l.order), open, len(l.fan.ring))
	}
}

// A tile has the change of six hours and a thinned trajectory of a day.
func TestTrend(t *testing.T) {
	l := newLive(nil, func(string) (schemas.Time, bool) { return 0, false }, "one")
	for i := range 26 * 60 {
		at := start + schemas.Time(i)*schemas.Minute
		l.unit.See(scored("h:1", at, float32(i)/10000))
		l.mu.Lock()
		s := schemas.Score{ID: "x", Patient: "h:1", AsOf: at, Trained: true, Risks: map[string]schemas.Risk{"mortality": {Value: float32(i) / 10000}}}
		l.takeScore(&s)
		l.mu.Unlock()
	}
	line, _ := l.unit.Line("h:1")
	b := l.bed(&line)
	if b.Change == nil || *b.Change < 0.0355 || *b.Change > 0.0366 {
		t.Errorf("the change of 6 h is %v, want 0.036", b.Change)
	}
	if n := len(l.trails["h:1"].points); n < 280 || n > 295 {
		t.Errorf("%d points are kept of a day", n)
	}
	if n := len(b.Trend); n < 48 || n > 50 {
		t.Errorf("%d points are shown of a day", n)
	}
}

// scored is a score as a subscriber gets it.
func scored(patient string, at schemas.Time, risk float32) *schemas.Message {
	body, err := json.Marshal(schemas.Score{ID: "x", Patient: patient, AsOf: at, Trained: true, Risks: map[string]schemas.Risk{"mortality": {Value: risk}}})
	if err != nil {
		panic(err)
	}
	return &schemas.Message{Key: []byte(patient), Value: body, Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeScore}}}
}
