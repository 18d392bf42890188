package bedside

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// A picture fits the screen, says what it is not, and shows the sickest where not
// all fit.
func TestPictureFitsTheScreen(t *testing.T) {
	u := NewUnit()
	at, _ := schemas.ParseTime("2026-01-01T08:00:00Z", nil)
	for i := range 40 {
		s := &schemas.Score{ID: "x", Patient: fmt.Sprintf("p:%02d", i), Stay: "s", AsOf: at, Risks: map[string]schemas.Risk{"mortality": {Value: 0.25}}}
		s.NEWS2 = schemas.NEWS2{Value: i, Partial: i%2 == 0, Inputs: []schemas.NEWS2Input{{Channel: "heart_rate", Value: 93, EventTime: at - 90*schemas.Second}}}
		u.takeScore(s)
	}
	u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:39", Phase: schemas.PhaseStart, Severity: "high", Reason: "NEWS2 39", AsOf: at})
	var out bytes.Buffer
	u.Draw(&out, "Vigil "+schemas.Notice, "half way", 100, 20)
	picture := out.String()
	lines := strings.Split(picture, "\n")
	if len(lines) > 20 {
		t.Errorf("%d lines on a screen of 20", len(lines))
	}
	for _, line := range lines {
		if n := len([]rune(strings.NewReplacer("\x1b[K", "", "\x1b[J", "", "\r", "").Replace(line))); n > 100 {
			t.Errorf("%d columns on a screen of 100: %q", n, line)
		}
	}
	for _, word := range []string{schemas.Notice, "half way", "p:39", "93", "1m", "*** NEWS2 39 since 08:00", "25 %", "and 30 more", "untrained"} {
		if !strings.Contains(picture, word) {
			t.Errorf("the picture does not show %q:\n%s", word, picture)
		}
	}
	if strings.Contains(picture, "p:00") {
		t.Error("the healthiest is shown in place of a sicker one")
	}
	u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:39", Phase: schemas.PhaseEnd, AsOf: at})
	out.Reset()
	u.Draw(&out, "", "", 100, 20)
	if strings.Contains(out.String(), "***") {
		t.Error("an alert that has ended is still shown")
	}
	u.takeScore(&schemas.Score{ID: "y", Patient: "p:39", Stay: "s", AsOf: at, Trained: true})
	out.Reset()
	u.Draw(&out, "", "", 100, 20)
	if strings.Contains(out.String(), "untrained") || !strings.Contains(out.String(), "risk of death in hospital") {
		t.Error("the risks of a trained model are said to mean nothing")
	}
}

// A snooze that ran out leaves the alert on the screen, and an answer to an alert that is over
// does not bring it back.
func TestAnswersOnTheScreen(t *testing.T) {
	at, _ := schemas.ParseTime("2026-01-01T08:00:00Z", nil)
	unit := func() *Unit {
		u := NewUnit()
		u.takeScore(&schemas.Score{ID: "x", Patient: "p:1", Stay: "s", AsOf: at, NEWS2: schemas.NEWS2{Value: 9}})
		u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:1", Phase: schemas.PhaseStart, Severity: "high", Reason: "NEWS2 9", AsOf: at})
		return u
	}
	picture := func(u *Unit) string {
		var out bytes.Buffer
		u.Draw(&out, "", "", 160, 30)
		return out.String()
	}
	u := unit()
	u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:1", Phase: schemas.PhaseUpdate, Severity: "high", Reason: "snoozed", AsOf: at})
	u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:1", Phase: schemas.PhaseReset, Severity: "high", Reason: "the snooze ran out: NEWS2 9", AsOf: at + schemas.Hour})
	if !strings.Contains(picture(u), "*** the snooze ran out") {
		t.Errorf("the alert is gone when its snooze runs out:\n%s", picture(u))
	}
	u = unit()
	u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:1", Phase: schemas.PhaseEnd, Severity: "high", AsOf: at})
	u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:1", Phase: schemas.PhaseUpdate, Severity: "high", Reason: "verdict by nurse: false alarm", Flags: []string{"ended"}, AsOf: at})
	if strings.Contains(picture(u), "***") {
		t.Errorf("an alert that has ended is shown again:\n%s", picture(u))
	}
}

// The first alert is that of this process, also where the topics hold older ones.
func TestFirstAlertOfThisStart(t *testing.T) {
	start := time.Now()
	w := NewWard(nil, &replay.Plan{}, io.Discard, true, start)
	see := func(at time.Time) {
		_ = w.take(&schemas.Message{Value: []byte(`{"id":"a","phase":"start","patient":"p:1"}`), Appended: at.UnixMilli(),
			Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeAlert}}})
	}
	see(start.Add(-time.Hour))
	if w.FirstAlert() != nil {
		t.Error("an alert of an earlier process counts")
	}
	see(start.Add(time.Second))
	if ms := w.FirstAlert(); ms == nil || *ms != 1000 {
		t.Errorf("first alert %v, want 1000 ms", ms)
	}
}

// An alert that goes on under another id of the patient stands there, and once.
func TestPassedOnAlertStandsOnce(t *testing.T) {
	u := NewUnit()
	u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:tmp", Phase: schemas.PhaseStart, Severity: "high"})
	u.takeScore(&schemas.Score{ID: "x", Patient: "p:tmp", Stay: "s"})
	u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:tmp", Phase: schemas.PhaseUpdate, Severity: "high", Flags: []string{"passed_on"}})
	u.takeAlert(&schemas.Alert{ID: "a", Patient: "p:real", Phase: schemas.PhaseUpdate, Severity: "high"})
	u.takeScore(&schemas.Score{ID: "y", Patient: "p:real", Stay: "r"})
	lines, _, _, starts := u.Lines()
	open := map[string]int{}
	for _, b := range lines {
		open[b.Score.Patient] = len(b.Open)
	}
	if starts != 1 || open["p:tmp"] != 0 || open["p:real"] != 1 {
		t.Errorf("%d starts, open %v", starts, open)
	}
}
