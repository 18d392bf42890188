package api

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/audit"
	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// Base is where the API is.
const Base = "/api/v1"

// route is a call of the API. One of handle and raw is set.
type route struct {
	Method, Path string
	Role         Role
	What         string // for people
	Query        []parameter
	Body, Answer any // of which types they are; nil: none
	handle       func(*Service, *call) (any, error)
	raw          func(*Service, http.ResponseWriter, *http.Request, Principal)
}

// parameter is one of the query.
type parameter struct{ Name, Kind, What string }

var asOfParameter = parameter{"as_of", "time", "what was known then, RFC 3339; without it: now"}

// routes are all calls. The tests walk them with each role.
var routes []route

func init() {
	routes = []route{
		{Method: "GET", Path: "/openapi.json", Role: Nobody, What: "This description.", Answer: json.RawMessage{}, raw: (*Service).describe},
		{Method: "GET", Path: "/session", Role: Nobody, What: "Who asks, and whether a token is wanted.", Answer: Session{}, handle: (*Service).session},
		{Method: "POST", Path: "/session", Role: Nobody, What: "Log in: a cookie stands for the token.", Body: Login{}, Answer: Session{}, handle: (*Service).login},
		{Method: "DELETE", Path: "/session", Role: Nobody, What: "Log out.", Answer: Session{}, handle: (*Service).logout},
		{Method: "GET", Path: "/health", Role: Viewer, What: "How Vigil stands.", Answer: Health{}, handle: (*Service).health},
		{Method: "GET", Path: "/model", Role: Viewer, What: "What is to be known of the model.", Answer: json.RawMessage{}, handle: (*Service).model},
		{Method: "GET", Path: "/unit", Role: Viewer, What: "The whole unit as it was known at a moment: beds and alerts.", Query: []parameter{asOfParameter}, Answer: Unit{}, handle: (*Service).wholeUnit},
		{Method: "GET", Path: "/patients", Role: Viewer, What: "The patients of the unit, the sickest first.", Answer: []Bed{}, handle: (*Service).patients},
		{Method: "GET", Path: "/patients/{key}", Role: Viewer, What: "One patient as on the unit's page.", Answer: Bed{}, handle: (*Service).patient},
		{Method: "GET", Path: "/patients/{key}/stay", Role: Viewer, What: "The window of a patient as the log has it: channels, strips, notes, images.",
			Query: []parameter{asOfParameter, {"after", "integer", "the cursor of the call before: only what is new"}}, Answer: Stay{}, handle: (*Service).stay},
		{Method: "GET", Path: "/patients/{key}/scores", Role: Viewer, What: "How risk and NEWS2 went in the last 48 hours.", Query: []parameter{asOfParameter}, Answer: Trajectory{}, handle: (*Service).scores},
		{Method: "GET", Path: "/patients/{key}/alerts", Role: Viewer, What: "The alerts of the patient as they stood, the newest first.", Query: []parameter{asOfParameter}, Answer: []Alert{}, handle: (*Service).alertsOf},
		{Method: "GET", Path: "/patients/{key}/strip", Role: Viewer, What: "The samples of an ECG strip of the patient.", Query: []parameter{{"ref", "string", "of an item of the stay"}}, Answer: Strip{}, handle: (*Service).strip},
		{Method: "GET", Path: "/alerts", Role: Viewer, What: "Alerts, the newest first: those that are open, and the last that have ended.", Query: []parameter{{"open", "boolean", "true: open ones only"}}, Answer: []Alert{}, handle: (*Service).alerts},
		{Method: "GET", Path: "/alerts/{id}", Role: Viewer, What: "One alert.", Answer: Alert{}, handle: (*Service).oneAlert},
		{Method: "POST", Path: "/alerts/{id}/acknowledge", Role: Clinician, What: "Somebody has seen the alert; it stays open.", Body: Answer{}, Answer: Alert{}, handle: answers(alerts.VerbAcknowledge)},
		{Method: "POST", Path: "/alerts/{id}/snooze", Role: Clinician, What: "Keep the alert quiet for some minutes.", Body: Answer{}, Answer: Alert{}, handle: answers(alerts.VerbSnooze)},
		{Method: "POST", Path: "/alerts/{id}/verdict", Role: Clinician, What: "What the alert was worth.", Body: Answer{}, Answer: Alert{}, handle: answers(alerts.VerbVerdict)},
		{Method: "GET", Path: "/deadletters", Role: Viewer, What: "The last messages that were refused; what they hold is for admins.", Answer: []DeadLetter{}, handle: (*Service).deadLetters},
		{Method: "GET", Path: "/stream", Role: Viewer, What: "Server-sent events: unit (all, first), bed, gone, alert, and beat each second. Last-Event-ID goes on where a connection broke.", raw: (*Service).stream},
	}
}

// session tells who asks.
func (s *Service) session(c *call) (any, error) {
	return Session{Who: c.who.Name, Role: c.who.Role.String(), Units: orEmpty(c.who.Units), Login: !s.door.open()}, nil
}

// login changes a token for a cookie.
func (s *Service) login(c *call) (any, error) {
	var body Login
	if err := c.read(&body); err != nil {
		return nil, err
	}
	who, ok := s.door.byToken(body.Token)
	if s.door.open() || !ok {
		if err := s.audit(Principal{}, audit.Entry{What: "refused", Detail: "login"}); err != nil {
			return nil, err
		}
		return nil, &Refused{http.StatusUnauthorized, "this token is not known here"}
	}
	if err := s.audit(who, audit.Entry{What: "login"}); err != nil {
		return nil, err
	}
	c.header.Add("Set-Cookie", s.door.login(c.Request, who, s.config.Clock()).String())
	c.who = who
	return s.session(c)
}

// logout ends a session.
func (s *Service) logout(c *call) (any, error) {
	c.header.Add("Set-Cookie", s.door.logout(c.Request).String())
	if !s.door.open() {
		c.who = Principal{}
	}
	return s.session(c)
}

// health tells how Vigil stands.
func (s *Service) health(c *call) (any, error) {
	counts := s.live.unit.Counts()
	s.live.mu.Lock()
	streams, dropped := len(s.live.fan.pages), s.live.fan.dropped
	s.live.mu.Unlock()
	h := Health{
		Notice: schemas.Notice, Version: s.config.Version, Title: s.config.Title, Replay: s.config.Replay, Time: s.config.Clock(), Clock: counts.Clock,
		Patients: len(s.live.unit.Lines()), Scores: counts.Scores, Alerts: counts.Phases, Refused: counts.Refused, Streams: streams, Dropped: dropped,
		Partitions: []Partition{},
	}
	if s.config.Status != nil {
		h.Status = s.config.Status()
	}
	if s.config.Eyes == nil {
		return h, nil
	}
	ctx, cancel := context.WithTimeout(c.Context(), 3*time.Second)
	defer cancel()
	sight, err := s.config.Eyes.Look(ctx)
	if err != nil {
		h.Broker = "does not answer"
	}
	if sight.Store != nil {
		h.Store = "does not answer"
	}
	for i, p := range sight.Partitions {
		is := Partition{Partition: i, Owned: p.Owned, Here: p.Here, Waiting: map[string]int{}}
		for _, t := range p.Topics {
			is.Waiting[t.Name] = int(max(t.End-t.Next, 0))
		}
		h.Partitions = append(h.Partitions, is)
	}
	return h, nil
}

// model tells what is to be known of the model.
func (s *Service) model(*call) (any, error) {
	if s.config.Model == nil {
		return nil, &Refused{http.StatusNotFound, "there is no model: NEWS2 alone"}
	}
	return s.config.Model, nil
}

// patients lists the unit.
func (s *Service) patients(c *call) (any, error) {
	if err := s.sawUnit(c.who); err != nil {
		return nil, err
	}
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	return s.live.beds(c.who), nil
}

// sawUnit notes that somebody looks at the unit.
func (s *Service) sawUnit(who Principal) error {
	if !s.viewed.first("unit\x00"+who.Name, s.config.Clock()) {
		return nil
	}
	return s.audit(who, audit.Entry{What: "unit"})
}

// look finds the patient of a call, and notes that somebody looks at them.
func (s *Service) look(c *call) (bedside.Bed, error) {
	line, ok := s.live.find(c.PathValue("key"), c.who)
	if !ok {
		return line, &Refused{http.StatusNotFound, "there is no such patient here, or not for you; " + Base + "/patients lists those that there are"}
	}
	if s.viewed.first("view\x00"+c.who.Name+"\x00"+line.Patient, s.config.Clock()) {
		return line, s.audit(c.who, audit.Entry{What: "view", Patient: line.Patient})
	}
	return line, nil
}

// lookAsOf is look with the moment that the call asks for.
func (s *Service) lookAsOf(c *call) (line bedside.Bed, asOf schemas.Time, err error) {
	if line, err = s.look(c); err == nil {
		asOf, err = c.moment("as_of")
	}
	return line, asOf, err
}

// patient tells of one.
func (s *Service) patient(c *call) (any, error) {
	line, err := s.look(c)
	if err != nil {
		return nil, err
	}
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	return s.live.bed(&line), nil
}

// stay tells of a patient's window.
func (s *Service) stay(c *call) (any, error) {
	line, asOf, err := s.lookAsOf(c)
	if err != nil {
		return nil, err
	}
	after := int64(0)
	if text := c.FormValue("after"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil || after < 0 {
			return nil, &Refused{http.StatusBadRequest, "after: want the cursor of the call before, a number"}
		}
	}
	defer s.reading()()
	out, err := readStay(c.Context(), s.config.Topics, line.Patient, asOf, after)
	if err != nil {
		return nil, err
	}
	if out.Bed == "" {
		out.Bed, out.Unit = line.Bed, line.Unit
	}
	if out.Stay == "" {
		out.Stay = line.Stay
	}
	return out, nil
}

// reading bounds how many logs are read at a time. The function that it returns ends it.
func (s *Service) reading() func() {
	s.looks <- struct{}{}
	return func() { <-s.looks }
}

// scores tells how a patient's risk went.
func (s *Service) scores(c *call) (any, error) {
	line, asOf, err := s.lookAsOf(c)
	if err != nil {
		return nil, err
	}
	defer s.reading()()
	return readScores(c.Context(), s.config.Topics, line.Patient, asOf)
}

// alertsOf tells of a patient's alerts as they stood.
func (s *Service) alertsOf(c *call) (any, error) {
	line, asOf, err := s.lookAsOf(c)
	if err != nil {
		return nil, err
	}
	defer s.reading()()
	return readAlerts(c.Context(), s.config.Topics, &line, asOf)
}

// Strip is a stretch of ECG.
type Strip struct {
	At     schemas.Time `json:"at"`
	RateHz float64      `json:"rate_hz"`
	Gain   float64      `json:"gain" doc:"millivolt a unit"`
	Leads  []string     `json:"leads"`
	// Samples are of each lead.
	Samples []string `json:"samples" doc:"of each lead: 16 bits each, little-endian, in base64"`
}

// strip tells the samples of a strip, which are in the raw topic only.
func (s *Service) strip(c *call) (any, error) {
	line, err := s.look(c)
	if err != nil {
		return nil, err
	}
	missing := &Refused{http.StatusNotFound, "there is no such strip of this patient any more: raw messages are kept for some days"}
	topic, rest, _ := strings.Cut(c.FormValue("ref"), "/")
	number, at, _ := strings.Cut(rest, "/")
	partition, err1 := strconv.Atoi(number)
	offset, err2 := strconv.ParseInt(at, 10, 64)
	if topic != schemas.TopicECG || err1 != nil || err2 != nil || offset < 0 {
		return nil, &Refused{http.StatusBadRequest, "ref: want that of a strip among the items of the stay"}
	}
	defer s.reading()()
	first, next, err := s.config.Topics.Ends(c.Context(), schemas.TopicECG)
	if err != nil {
		return nil, err
	}
	if partition != kafka.PartitionOf([]byte(line.Patient), len(next)) || offset < first[partition] || offset >= next[partition] {
		return nil, missing
	}
	var found *schemas.Strip
	_, err = s.config.Topics.EachFrom(c.Context(), schemas.TopicECG, partition, offset, func(m *schemas.Message) error {
		if e, problem := schemas.DecodeEvent(m); m.Offset == offset && problem == nil && e.Patient == line.Patient {
			found = e.Strip
		}
		return io.EOF // it is the first, or it is not there
	})
	if err != nil && err != io.EOF {
		return nil, err
	}
	if found == nil {
		return nil, missing
	}
	out := Strip{RateHz: found.RateHz, Gain: found.Gain, Leads: found.Leads, Samples: []string{}}
	if found.EventTime != nil {
		out.At = *found.EventTime
	}
	for _, lead := range found.Samples {
		b := make([]byte, 0, 2*len(lead))
		for _, x := range lead {
			b = binary.LittleEndian.AppendUint16(b, uint16(x))
		}
		out.Samples = append(out.Samples, base64.StdEncoding.EncodeToString(b))
	}
	return out, nil
}

// alerts lists alerts.
func (s *Service) alerts(c *call) (any, error) {
	if err := s.sawUnit(c.who); err != nil {
		return nil, err
	}
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	list := []Alert{}
	for _, id := range slices.Backward(s.live.order) {
		if a := s.live.alerts[id]; c.who.sees(a.Unit) && (a.Open || c.FormValue("open") != "true") {
			list = append(list, *a)
		}
	}
	return list, nil
}

// noAlert is the answer where there is none.
var noAlert = &Refused{http.StatusNotFound, "there is no such alert here, or not for you; " + Base + "/alerts lists those that there are"}

// oneAlert tells of one.
func (s *Service) oneAlert(c *call) (any, error) {
	a, ok := s.live.alert(c.PathValue("id"), c.who)
	if !ok {
		return nil, noAlert
	}
	if s.viewed.first("view\x00"+c.who.Name+"\x00"+a.Patient, s.config.Clock()) {
		if err := s.audit(c.who, audit.Entry{What: "view", Patient: a.Patient, Alert: a.ID}); err != nil {
			return nil, err
		}
	}
	return a, nil
}

const (
	maxReason  = 500     // characters
	maxMinutes = 24 * 60 // of a snooze; the policy has a shorter longest
)

// answers brings an answer to where commands go. It stands in the audit log before it is sent.
func answers(verb string) func(*Service, *call) (any, error) {
	return func(s *Service, c *call) (any, error) {
		var body Answer
		if err := c.read(&body); err != nil {
			return nil, err
		}
		body.Reason = strings.TrimSpace(body.Reason)
		switch {
		case len([]rune(body.Reason)) > maxReason:
			return nil, &Refused{http.StatusBadRequest, fmt.Sprintf("reason: want %d characters at most", maxReason)}
		case body.Reason == "" && verb != alerts.VerbAcknowledge:
			return nil, &Refused{http.StatusBadRequest, "reason is missing: a " + verb + " wants one"}
		case verb == alerts.VerbSnooze && (body.Minutes < 1 || body.Minutes > maxMinutes):
			return nil, &Refused{http.StatusBadRequest, fmt.Sprintf("minutes: want 1 to %d", maxMinutes)}
		}
		a, ok := s.live.alert(c.PathValue("id"), c.who)
		switch {
		case !ok:
			return nil, noAlert
		case !a.Open && verb != alerts.VerbVerdict:
			return nil, &Refused{http.StatusConflict, "the alert has ended: only a verdict can be given"}
		}
		if err := s.audit(c.who, audit.Entry{What: verb, Patient: a.Patient, Alert: a.ID, Detail: body.Reason}); err != nil {
			return nil, err
		}
		last := &schemas.Alert{ID: a.ID, Patient: a.Patient, AsOf: a.AsOf, Phase: schemas.Phase(a.Phase)}
		command := Command{Verb: verb, Actor: c.who.Name, Reason: body.Reason, Lasts: time.Duration(body.Minutes) * time.Minute}
		if err := s.config.Answer(c.Context(), last, command); err != nil {
			return nil, err
		}
		now, _ := s.live.alert(a.ID, c.who)
		return now, nil
	}
}

// deadLetters lists what was refused. Who may see some units only is shown none, since nobody knows whose they are.
func (s *Service) deadLetters(c *call) (any, error) {
	if len(c.who.Units) > 0 {
		return []DeadLetter{}, nil
	}
	if c.who.Role == Admin {
		if err := s.audit(c.who, audit.Entry{What: "deadletters"}); err != nil {
			return nil, err
		}
	}
	return s.letters.list(c.who.Role == Admin), nil
}

// Beat tells a page each second that Vigil is there.
type Beat struct {
	Time  schemas.Time `json:"time" doc:"of this machine"`
	Speed float64      `json:"speed" doc:"how fast patients' time goes"`
	Clock schemas.Time `json:"clock" doc:"the latest moment of a score or an alert"`
}

// writeFor is how long a page may take for what is written to it.
const writeFor = 10 * time.Second

// stream tells a page what changes until it goes, or does not keep up.
func (s *Service) stream(w http.ResponseWriter, r *http.Request, who Principal) {
	if err := s.sawUnit(who); err != nil {
		fail(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.FormValue("last")
	}
	page, first, ok := s.live.join(who, last)
	if !ok {
		fail(w, http.StatusServiceUnavailable, "too many pages are open; close some")
		return
	}
	defer s.live.part(page)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	control := http.NewResponseController(w)
	send := func(frames ...[]byte) bool {
		_ = control.SetWriteDeadline(time.Now().Add(writeFor))
		for _, f := range frames {
			if _, err := w.Write(f); err != nil {
				return false
			}
		}
		return control.Flush() == nil
	}
	beat := func() []byte {
		return s.live.fan.frame("beat", 0, Beat{Time: s.config.Clock(), Speed: s.config.Speed(), Clock: s.live.unit.Counts().Clock})
	}
	if !send(append([][]byte{[]byte("retry: 1000\n\n"), beat()}, first...)...) {
		return
	}
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case f, ok := <-page.frames:
			if !ok || !send(f) {
				return
			}
		case <-ticks.C:
			if !send(beat()) {
				return
			}
		}
	}
}

// moment reads a time of the query; 0 without one.
func (c *call) moment(name string) (schemas.Time, error) {
	text := c.FormValue(name)
	if text == "" {
		return 0, nil
	}
	at, err := schemas.ParseTime(text, nil)
	if err != nil {
		return 0, &Refused{http.StatusBadRequest, name + ": want a time such as 2026-01-31T08:15:00.000Z"}
	}
	return at, nil
}

// read reads the body.
func (c *call) read(into any) error {
	if kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		return &Refused{http.StatusUnsupportedMediaType, "want a body of application/json"}
	}
	d := json.NewDecoder(io.LimitReader(c.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return &Refused{http.StatusBadRequest, "the body is not what is wanted: see " + Base + "/openapi.json"}
	}
	if _, err := d.Token(); err != io.EOF {
		return &Refused{http.StatusBadRequest, "the body holds more than one JSON value"}
	}
	return nil
}
