package bedside

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// at is eight in the morning of the stories below.
var at, _ = schemas.ParseTime("2026-01-01T08:00:00Z", nil)

// scored gives a unit a score.
func scored(u *Unit, patient string, news2 int, risk float32, as schemas.Time) {
	u.takeScore(&schemas.Score{
		ID: "x", Patient: patient, Stay: "s", AsOf: as, Model: "86d1cf01ec2b", Trained: true,
		Risks: map[string]schemas.Risk{"mortality": {Value: risk}},
		NEWS2: schemas.NEWS2{Value: news2, Partial: news2 == 2, Inputs: []schemas.NEWS2Input{
			{Channel: "heart_rate", Value: 90 + float32(news2), EventTime: as - 90*schemas.Second},
			{Channel: "spo2", Value: 98 - float32(news2)/2, EventTime: as - 30*schemas.Second},
			{Channel: "respiratory_rate", Value: 14 + float32(news2), EventTime: as - 30*schemas.Second},
			{Channel: "systolic_cuff", Value: 130 - 2*float32(news2), EventTime: as - 20*schemas.Minute},
			{Channel: "temperature", Value: 37.3, EventTime: as - 3*schemas.Hour},
		}},
	})
}

// moved gives a unit a movement.
func moved(u *Unit, patient, kind, bed string, as schemas.Time) {
	u.takeMove(&schemas.Event{Patient: patient, EventTime: as, ADT: &schemas.ADT{Type: kind, Stay: "s", Bed: bed}})
}

// alarmed gives a unit a revision of an alert.
func alarmed(u *Unit, id, patient, severity, reason string, phase schemas.Phase, as schemas.Time, flags ...string) {
	u.takeAlert(&schemas.Alert{ID: id, Patient: patient, Task: "news2", Phase: phase, Severity: severity, Reason: reason, AsOf: as, Flags: flags})
}

const points = "respiratory rate 3, SpO2 3, oxygen 2, systolic pressure 3, heart rate 2, consciousness 3, temperature 3"

// ward is a unit of fourteen beds in which much is going on: long alerts, several of one patient, one that is
// acknowledged, a patient who is silent and one who is not scored at all.
func ward() *Unit {
	u := NewUnit()
	for i := range 14 {
		patient := fmt.Sprintf("unit:%04d", i+1)
		moved(u, patient, "admit", fmt.Sprintf("Bed %d", i+1), at-schemas.Hour)
		scored(u, patient, []int{0, 9, 2, 5, 1, 0, 3, 6, 0, 2, 19, 4, 1, 7}[i], float32(i)/50, at)
	}
	alarmed(u, "a1", "unit:0011", "high", "NEWS2 19, at or above 7: "+points, schemas.PhaseStart, at-50*schemas.Minute)
	alarmed(u, "a2", "unit:0011", "high", "risk of mortality 0.828, at or above 0.59", schemas.PhaseStart, at-40*schemas.Minute)
	alarmed(u, "a3", "unit:0011", "low", "no temperature for 9 h", schemas.PhaseStart, at-10*schemas.Minute)
	alarmed(u, "b", "unit:0002", "high", "NEWS2 8, at or above 7: "+points, schemas.PhaseStart, at-3*schemas.Hour)
	alarmed(u, "b", "unit:0002", "high", "NEWS2 9, at or above 7: "+points, schemas.PhaseUpdate, at-2*schemas.Hour)
	alarmed(u, "b", "unit:0002", "high", "acknowledged by nurse: on my way", schemas.PhaseUpdate, at-schemas.Hour, "acknowledged")
	alarmed(u, "c", "unit:0014", "high", "NEWS2 7, at or above 7", schemas.PhaseStart, at)
	alarmed(u, "d", "unit:0008", "medium", "NEWS2 6, at or above 5", schemas.PhaseStart, at-5*schemas.Minute)
	alarmed(u, "e", "unit:0004", "medium", "NEWS2 5, at or above 5", schemas.PhaseStart, at-15*schemas.Minute)
	alarmed(u, "f", "unit:0099", "low", "no data for 4 h", schemas.PhaseStart, at-15*schemas.Minute)
	u.counts.Refused["unknown_channel"], u.counts.Refused["implausible"] = 2, 1
	return u
}

// shown is what stands beside the unit in the stories.
func shown() View {
	return View{
		Title: "synth", Progress: "8273/111473 events  12/12 patients  52m0s of 12h0m0s played  795/s",
		Next: []string{"vigil alerts tail --brokers 127.0.0.1:46791", "vigil deadletters tail --all --brokers 127.0.0.1:46791"},
		Keys: keyHelp, Model: "open-icu-1", Now: func(string) (schemas.Time, bool) { return at + schemas.Minute, true },
	}
}

// Pictures of the unit above on screens of several sizes, in testdata beside what was asked for.
func TestPictures(t *testing.T) {
	datadriven.RunTest(t, "testdata/pictures", func(t *testing.T, d *datadriven.TestData) string {
		var width, height int
		d.ScanArgs(t, "width", &width)
		d.ScanArgs(t, "height", &height)
		v, u := shown(), ward()
		for _, arg := range d.CmdArgs {
			switch arg.Key {
			case "choose":
				v.Selected = arg.Vals[0]
			case "empty":
				u, v.Model = NewUnit(), ""
			}
		}
		f := u.Frame(v, width, height)
		holds(t, f, width, height)
		return f.String()
	})
}

// holds wants a picture to fit its screen.
func holds(t *testing.T, f Frame, width, height int) {
	t.Helper()
	if len(f) > height {
		t.Errorf("%d lines on a screen of %d:\n%s", len(f), height, f)
	}
	for _, line := range f {
		if n := cells.StringWidth(joined(line)); n > width {
			t.Errorf("%d columns on a screen of %d: %q", n, width, plain(line))
		}
	}
}

// On a screen of any size the sickest come first, every open alert is there whole or counted, and no line is too long.
func TestNoAlertIsCutOrHidden(t *testing.T) {
	u, v := ward(), shown()
	words := strings.NewReplacer("\n", " ")
	counted := regexp.MustCompile(`\+(\d+) more alert`)
	for width := 40; width <= 220; width += 9 {
		for height := 14; height <= 70; height++ {
			f := u.Frame(v, width, height)
			holds(t, f, width, height)
			text := strings.Join(strings.Fields(words.Replace(f.String())), " ")
			hidden := 0
			for _, m := range counted.FindAllStringSubmatch(text, -1) {
				n := 0
				_, _ = fmt.Sscan(m[1], &n)
				hidden += n
			}
			if there := strings.Count(text, ", since "); there+hidden != 8 {
				t.Fatalf("%dx%d: %d alerts and %d counted, want 8:\n%s", width, height, there, hidden, f)
			}
			if width > 60 && height > 20 && (!strings.Contains(text, "*** HIGH NEWS2 19") || width < beside && !strings.Contains(text, points[len(points)-20:])) {
				t.Fatalf("%dx%d: the sickest is not there whole:\n%s", width, height, f)
			}
		}
	}
}

// The order is by the gravest open alert, NEWS2 and risk, and of the equally sick by the beds as people count.
func TestSickestFirstAndBedsAsPeopleCount(t *testing.T) {
	u := NewUnit()
	for _, bed := range []string{"Bed 10", "Bed 2", "Bed 2b", "A-7", "Bed 02"} {
		moved(u, "p:"+bed, "admit", bed, at)
		scored(u, "p:"+bed, 1, 0.1, at)
	}
	scored(u, "p:unnamed", 1, 0.1, at)
	scored(u, "p:risky", 1, 0.4, at)
	scored(u, "p:ill", 6, 0, at)
	scored(u, "p:alarmed", 0, 0, at)
	alarmed(u, "a", "p:alarmed", "low", "no data", schemas.PhaseStart, at)
	var order []string
	for _, b := range u.Lines() {
		order = append(order, strings.TrimPrefix(b.Patient, "p:"))
	}
	if got, want := strings.Join(order, ", "), "alarmed, ill, risky, A-7, Bed 02, Bed 2, Bed 2b, Bed 10, unnamed"; got != want {
		t.Errorf("the order is %s, want %s", got, want)
	}
}

// An alert stands since its start, whatever came of it later, and an answer hides neither what it is about nor since when. A
// snooze that ran out leaves it there, and an answer to one that is over does not bring it back.
func TestAlertsThroughTheirLives(t *testing.T) {
	u := NewUnit()
	scored(u, "p:1", 9, 0, at)
	picture := func() string { return u.Frame(View{}, 160, 30).String() }
	alarmed(u, "a", "p:1", "medium", "NEWS2 6", schemas.PhaseStart, at-2*schemas.Hour)
	alarmed(u, "a", "p:1", "high", "NEWS2 9", schemas.PhaseEscalate, at-schemas.Hour)
	if want := "*** HIGH   NEWS2 9, since 06:00 (2h)"; !strings.Contains(picture(), want) {
		t.Errorf("the picture lacks %q:\n%s", want, picture())
	}
	alarmed(u, "a", "p:1", "high", "snoozed until 09:00 by nurse: turning", schemas.PhaseUpdate, at, "snoozed")
	if want := "*** HIGH   NEWS2 9, since 06:00 (2h); snoozed until 09:00 by nurse: turning"; !strings.Contains(picture(), want) {
		t.Errorf("the picture lacks %q:\n%s", want, picture())
	}
	alarmed(u, "a", "p:1", "high", "the snooze ran out: NEWS2 9", schemas.PhaseReset, at)
	if !strings.Contains(picture(), "the snooze ran out: NEWS2 9, since 06:00") {
		t.Errorf("the alert is gone when its snooze runs out:\n%s", picture())
	}
	alarmed(u, "a", "p:1", "high", "NEWS2 3", schemas.PhaseEnd, at)
	alarmed(u, "a", "p:1", "high", "verdict by nurse: false alarm", schemas.PhaseUpdate, at, "ended")
	if strings.Contains(picture(), "***") {
		t.Errorf("an alert that has ended is shown again:\n%s", picture())
	}
}

// Who has left stays away, whichever topic is read first; a new stay, or a discharge that is taken back, shows the patient again.
func TestTheDischargedStayGone(t *testing.T) {
	u := NewUnit()
	there := func() bool { return len(u.Lines()) > 0 }
	moved(u, "p:1", "admit", "1", at)
	moved(u, "p:1", "discharge", "1", at+schemas.Hour)
	scored(u, "p:1", 5, 0, at+30*schemas.Minute)
	scored(u, "p:1", 5, 0, at+2*schemas.Hour) // the discharge was known late
	if there() {
		t.Error("a score of before the discharge, seen after it, brings the patient back")
	}
	moved(u, "p:1", "cancel-discharge", "1", at+3*schemas.Hour)
	if scored(u, "p:1", 5, 0, at+3*schemas.Hour); !there() {
		t.Error("whose discharge was taken back is not shown")
	}
	moved(u, "p:1", "discharge", "1", at+4*schemas.Hour)
	u.takeMove(&schemas.Event{Patient: "p:1", EventTime: at + 5*schemas.Hour, ADT: &schemas.ADT{Type: "admit", Stay: "again"}})
	if there() {
		t.Error("the last stay's score stands for a new one")
	}
	u.takeScore(&schemas.Score{ID: "y", Patient: "p:1", Stay: "again", AsOf: at + 5*schemas.Hour})
	if !there() {
		t.Error("the patient of a new stay is not shown")
	}
}

// While a patient is silent the ages of what was measured grow, and so does that of an alert.
func TestAgesGrowInSilence(t *testing.T) {
	u := NewUnit()
	scored(u, "p:1", 9, 0, at)
	alarmed(u, "a", "p:1", "high", "NEWS2 9", schemas.PhaseStart, at)
	now := at
	v := View{Now: func(string) (schemas.Time, bool) { return now, true }}
	for later, want := range map[schemas.Time][]string{0: {" 99  1m", "(0s)"}, 10 * schemas.Minute: {" 99 11m", "(10m)"}, 5 * schemas.Hour: {" 99  5h", "(5h)"}, 200 * schemas.Hour: {" 99  8d", "(8d)"}} {
		now = at + later
		for _, word := range want {
			if picture := u.Frame(v, 120, 30).String(); !strings.Contains(picture, word) {
				t.Errorf("after %s the picture lacks %q:\n%s", later, word, picture)
			}
		}
	}
}

// The footer says of the risks what is true of the model that made them.
func TestFooterIsTrueOfTheModel(t *testing.T) {
	for want, score := range map[string]schemas.Score{
		"* risk of death in hospital as the model abc sees the patient now":                      {Model: "abc", Trained: true, Risks: map[string]schemas.Risk{"mortality": {}}},
		"* risk of long stay as the model abc sees the patient now":                              {Model: "abc", Trained: true, Risks: map[string]schemas.Risk{"long_stay": {}}},
		"* risk of death in hospital by the untrained model abc: means nothing, raises no alert": {Model: "abc", Risks: map[string]schemas.Risk{"mortality": {}}},
		"* no model: NEWS2 alone": {},
	} {
		u := NewUnit()
		score.ID, score.Patient = "x", "p:1"
		u.takeScore(&score)
		if picture := u.Frame(View{}, 120, 30).String(); !strings.Contains(picture, want) {
			t.Errorf("the picture lacks %q:\n%s", want, picture)
		}
	}
}

// A terminal is sent colours and what places the picture, and nothing else; without colour the picture says the same.
func TestPaint(t *testing.T) {
	u := ward()
	moved(u, "unit:0001", "transfer", "B\x1b[2J7", at) // a name that would clear the screen
	f := u.Frame(shown(), 80, 24)
	places, colours := regexp.MustCompile(`\x1b\[[HKJ]`), regexp.MustCompile(`\x1b\[[0-9;]*m`)
	for _, colour := range []bool{true, false} {
		var out bytes.Buffer
		f.Paint(&out, colour)
		text := out.String()
		if colours.MatchString(text) != colour {
			t.Errorf("with colour %v: %q", colour, text)
		}
		text = colours.ReplaceAllString(places.ReplaceAllString(text, ""), "")
		if strings.Contains(text, "\x1b") {
			t.Errorf("what comes from outside moves the cursor: %q", text)
		}
		for i, line := range strings.Split(text, "\r\n") {
			if got := strings.TrimRight(line, " "); got != plain(f[i]) {
				t.Errorf("line %d is %q, want %q", i, got, plain(f[i]))
			}
		}
	}
}

// The keys choose a patient, who stays chosen where the order changes, and answer the gravest alert that nobody has seen.
func TestKeys(t *testing.T) {
	if got, want := fmt.Sprint(keysOf([]byte("j\x1b[A\x1bOBx\x1b[1;5Ca\x1bq\x03"))), fmt.Sprint([]key{keyDown, keyUp, keyDown, keyAcknowledge, keyTop, keyQuit, keyInterrupt}); got != want {
		t.Errorf("keys %s, want %s", got, want)
	}
	w := NewWard(nil, &replay.Plan{}, io.Discard, true, time.Now())
	w.unit = ward()
	w.screen = &screen{}
	for _, k := range []key{keyDown, keyDown, keyDown, keyUp} {
		w.choose(k, time.Now())
	}
	if w.selected != "unit:0002" {
		t.Errorf("%s is chosen, want the second sickest", w.selected)
	}
	alarmed(w.unit, "b", "unit:0002", "high", "NEWS2 3", schemas.PhaseEnd, at)
	if v := w.view(time.Now()); v.Selected != "unit:0002" {
		t.Errorf("when the order changes %q is chosen", v.Selected)
	}
	if v := w.view(time.Now().Add(lapse + time.Second)); v.Selected != "" {
		t.Errorf("%q is chosen although nobody has touched a key for %s", v.Selected, lapse)
	}
	var answered []string
	w.Acknowledge = func(_ context.Context, a *schemas.Alert) error {
		answered = append(answered, a.ID)
		alarmed(w.unit, a.ID, a.Patient, a.Severity, "acknowledged by nurse", schemas.PhaseUpdate, at, "acknowledged")
		return nil
	}
	press := func(k key) string {
		w.press(t.Context(), k)
		w.done.Wait()
		return w.view(time.Now()).Message
	}
	if said := press(keyAcknowledge); said != "choose a bed first: ↑ ↓" {
		t.Errorf("without a bed: %q", said)
	}
	press(keyDown)
	for _, want := range []string{"acknowledged: news2 of Bed 11", "acknowledged: news2 of Bed 11", "acknowledged: news2 of Bed 11", "Bed 11 has no open alert that nobody has seen"} {
		if said := press(keyAcknowledge); said != want {
			t.Errorf("said %q, want %q", said, want)
		}
	}
	if fmt.Sprint(answered) != "[a1 a2 a3]" {
		t.Errorf("answered %v, want the gravest first and each once", answered)
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

// An alert that goes on under another id of the patient stands there, and once, since its first start.
func TestPassedOnAlertStandsOnce(t *testing.T) {
	u := NewUnit()
	alarmed(u, "a", "p:tmp", "high", "NEWS2 9", schemas.PhaseStart, at-schemas.Hour)
	scored(u, "p:tmp", 9, 0, at)
	alarmed(u, "a", "p:tmp", "high", "NEWS2 9", schemas.PhaseUpdate, at, "passed_on")
	alarmed(u, "a", "p:real", "high", "NEWS2 9", schemas.PhaseUpdate, at)
	scored(u, "p:real", 9, 0, at)
	open := map[string][]OpenAlert{}
	for _, b := range u.Lines() {
		open[b.Patient] = b.Open
	}
	if starts := u.Counts().Phases[schemas.PhaseStart]; starts != 1 || len(open["p:tmp"]) != 0 || len(open["p:real"]) != 1 || open["p:real"][0].Started != at-schemas.Hour {
		t.Errorf("%d starts, open %v", starts, open)
	}
}

// The picture in the README is one that this code draws: its heads, its footnote and its keys.
func TestPictureInTheREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	u, v := NewUnit(), shown()
	moved(u, "synth:0003", "admit", "3", at)
	scored(u, "synth:0003", 9, 0, at)
	for line := range strings.Lines(u.Frame(v, 100, 26).String()) {
		if (strings.Contains(line, "NEWS2 Risk") || strings.HasPrefix(line, "* ") || strings.Contains(line, "choose a bed")) && !strings.Contains(string(readme), line) {
			t.Errorf("the picture in the README is an old one, it lacks %q: capture it anew", line)
		}
	}
}

// Warnings wait while a picture is drawn on their terminal, are told in it, and are there afterwards. A file gets them at once.
func TestWarningsWaitForThePicture(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		var out bytes.Buffer
		a := &Aside{to: &out, terminal: terminal}
		a.begin()
		line := `{"level":"warn","topic":"x","message":"waiting for Kafka"}` + "\n"
		if _, err := io.WriteString(a, line); err != nil {
			t.Fatal(err)
		}
		if held := out.String() == ""; held != terminal {
			t.Errorf("terminal %v: written meanwhile: %q", terminal, out.String())
		}
		if news := a.news(); terminal && news != "warning: waiting for Kafka" || a.news() != "" {
			t.Errorf("terminal %v: told %q", terminal, news)
		}
		if a.end(); out.String() != line {
			t.Errorf("terminal %v: written in the end: %q", terminal, out.String())
		}
	}
}
