package api

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/schemas"
)

const (
	spacing   = 5 * schemas.Minute  // between two kept points of a trajectory
	reach     = 24 * schemas.Hour   // how far back they go
	trendStep = 30 * schemas.Minute // between two that a tile is shown
	maxAlerts = 2000                // that are kept, ended ones too
	intervals = 8                   // between values of a channel that are kept, to know how often it comes
)

// live is what pages are shown, as the topics tell it. It is safe for concurrent use.
type live struct {
	unit  *bedside.Unit
	shows func(patient string) bool // nil: all
	now   func(patient string) (schemas.Time, bool)

	mu      sync.Mutex
	trails  map[string]*trail // by patient
	patient map[string]string // by key
	alerts  map[string]*Alert // by id, the last revision
	order   []string          // of alerts, the oldest first
	dirty   map[string]bool   // patients of whom pages must be told
	fan     fan
}

// trail is what is kept of a patient beside the unit's own view.
type trail struct {
	key    string
	points []Point
	inputs []schemas.NEWS2Input // of the last score that listed some
	came   map[string]*arrivals // by channel
}

// arrivals are when values of a channel were measured, the last ones.
type arrivals struct {
	last schemas.Time
	gaps []schemas.Time
}

func newLive(shows func(string) bool, now func(string) (schemas.Time, bool), nonce string) *live {
	return &live{
		unit: bedside.NewUnit(), shows: shows, now: now, trails: map[string]*trail{}, patient: map[string]string{},
		alerts: map[string]*Alert{}, dirty: map[string]bool{}, fan: newFan(nonce),
	}
}

// keyOf names a patient in addresses, which stand in histories and logs and must tell nobody who that is.
func keyOf(patient string) string {
	sum := sha256.Sum256([]byte("vigil page\x00" + patient))
	return hex.EncodeToString(sum[:8])
}

// see takes in a record.
func (l *live) see(m *schemas.Message) {
	kind, _ := m.Header(schemas.HeaderType)
	if kind != schemas.TypeDeadLetter && l.shows != nil && !l.shows(string(m.Key)) {
		return
	}
	l.unit.See(m)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch kind {
	case schemas.TypeScore:
		if s, err := schemas.DecodeScore(m.Value); err == nil {
			l.takeScore(s)
			l.dirty[s.Patient] = true
		}
	case schemas.TypeAlert:
		if a, err := schemas.DecodeAlert(m.Value); err == nil {
			l.takeAlert(a)
			l.dirty[a.Patient] = true
		}
	case schemas.TypeADT:
		l.dirty[string(m.Key)] = true
		l.moveAlerts(string(m.Key))
	}
}

// moveAlerts lets open alerts go with their patient, and gives a place to those that were seen before the
// patient's admission: topics are read side by side. The lock is held.
func (l *live) moveAlerts(patient string) {
	line, ok := l.unit.Line(patient)
	if !ok {
		return
	}
	for _, a := range l.alerts {
		if a.Patient == patient && (a.Open || a.Unit == "") {
			a.Bed, a.Unit = line.Bed, line.Unit
		}
	}
}

// trailOf finds or makes a patient's trail; the lock is held.
func (l *live) trailOf(patient string) *trail {
	t := l.trails[patient]
	if t == nil {
		t = &trail{key: keyOf(patient), came: map[string]*arrivals{}}
		l.trails[patient], l.patient[t.key] = t, patient
	}
	return t
}

// takeScore keeps the point and when values came; the lock is held.
func (l *live) takeScore(s *schemas.Score) {
	t := l.trailOf(s.Patient)
	p := pointOf(s, taskOf(s))
	n := len(t.points)
	switch {
	case n > 0 && p.T < t.points[n-1].T: // of an earlier stay, or told again
	case n > 1 && p.T <= t.points[n-2].T+int64(spacing): // the last one is always there, and moves on
		t.points[n-1] = p
	default:
		t.points = append(t.points, p)
	}
	old := 0
	for old < len(t.points)-1 && t.points[old].T < p.T-int64(reach) {
		old++
	}
	t.points = slices.Delete(t.points, 0, old)
	if len(s.NEWS2.Inputs) > 0 {
		t.inputs = s.NEWS2.Inputs
	}
	for i := range s.NEWS2.Inputs {
		in := &s.NEWS2.Inputs[i]
		a := t.came[in.Channel]
		if a == nil {
			t.came[in.Channel] = &arrivals{last: in.EventTime}
			continue
		}
		if in.EventTime > a.last {
			a.gaps = append(a.gaps[max(0, len(a.gaps)-intervals+1):], in.EventTime-a.last)
			a.last = in.EventTime
		}
	}
}

// pointOf is a score as a point of the trajectory.
func pointOf(s *schemas.Score, task string) Point {
	p := Point{T: int64(s.AsOf), NEWS2: s.NEWS2.Value}
	if r, ok := s.Risks[task]; ok {
		p.Risk, p.Low, p.High = &r.Value, r.Low, r.High
	}
	return p
}

// takeAlert keeps the last revision of an alert; the lock is held.
func (l *live) takeAlert(a *schemas.Alert) {
	t := l.trailOf(a.Patient)
	bed, _ := l.unit.Line(a.Patient)
	v := viewOf(a, &bed, t.key)
	if last := l.alerts[a.ID]; last != nil {
		if last.Revision > a.Revision {
			return
		}
		v.follow(last, a)
	} else {
		l.order = append(l.order, a.ID)
	}
	v.answered(a)
	l.alerts[a.ID] = &v
	l.dropAlerts()
	l.fan.send("alert", v.Unit, v)
}

// dropAlerts drops the oldest that have ended where there are too many, and open ones where nothing else is left.
func (l *live) dropAlerts() {
	for len(l.order) > maxAlerts {
		at := max(slices.IndexFunc(l.order, func(id string) bool { return !l.alerts[id].Open }), 0)
		delete(l.alerts, l.order[at])
		l.order = slices.Delete(l.order, at, at+1)
	}
}

// tell sends the beds that have changed to the pages.
func (l *live) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, patient := range sortedKeys(l.dirty) {
		delete(l.dirty, patient)
		line, ok := l.unit.Line(patient)
		if t := l.trails[patient]; !ok && t != nil {
			l.fan.send("gone", "", Gone{Key: t.key})
			t.points, t.inputs, t.came = nil, nil, map[string]*arrivals{}
		}
		if ok {
			bed := l.bed(&line)
			l.fan.send("bed", bed.Unit, bed)
		}
	}
}

// Gone says that a patient is not shown any more.
type Gone struct {
	Key string `json:"key"`
}

// Snapshot is the first event of a stream: all that there is.
type Snapshot struct {
	Beds   []Bed   `json:"beds" doc:"the sickest first"`
	Alerts []Alert `json:"alerts" doc:"the newest first"`
}

// snapshot is what who asks may see; the lock is held.
func (l *live) snapshot(p Principal) Snapshot {
	s := Snapshot{Beds: l.beds(p), Alerts: []Alert{}}
	for i := len(l.order) - 1; i >= 0 && len(s.Alerts) < 300; i-- {
		if a := l.alerts[l.order[i]]; p.sees(a.Unit) {
			s.Alerts = append(s.Alerts, *a)
		}
	}
	return s
}

// beds are those that who asks may see, the sickest first; the lock is held.
func (l *live) beds(p Principal) []Bed {
	beds := []Bed{}
	for _, line := range l.unit.Lines() {
		if p.sees(line.Unit) {
			beds = append(beds, l.bed(&line))
		}
	}
	return beds
}

// bed makes the view of a bed; the lock is held.
func (l *live) bed(line *bedside.Bed) Bed {
	t := l.trailOf(line.Patient)
	s := &line.Score
	b := Bed{
		Key: t.key, Bed: line.Bed, Unit: line.Unit, Patient: line.Patient, Stay: line.Stay, Vitals: []Vital{}, Modalities: map[string]Modality{},
		Alerts: []Alert{}, Trend: trend(t.points), Flags: orEmpty(s.Flags), Now: s.AsOf,
	}
	for i := range line.Open {
		o := &line.Open[i]
		v := viewOf(&o.Alert, line, t.key)
		v.Started, v.Reason, v.Answer = o.Started, o.Why, o.Answer
		if kept := l.alerts[o.ID]; kept != nil && len(v.Drivers) == 0 {
			v.Drivers, v.Change = kept.Drivers, kept.Change
		}
		b.Alerts = append(b.Alerts, v)
		b.Now = max(b.Now, o.AsOf)
	}
	if now, ok := l.now(line.Patient); ok {
		b.Now = max(b.Now, now)
	}
	if s.ID == "" {
		return b
	}
	b.AsOf = &s.AsOf
	b.NEWS2 = &NEWS2{Value: s.NEWS2.Value, Partial: s.NEWS2.Partial, Missing: orEmpty(s.NEWS2.Missing), Stale: orEmpty(s.NEWS2.Stale)}
	task := line.Task()
	if r, ok := s.Risks[task]; ok {
		b.Risk = &Risk{Task: task, Value: r.Value, Low: r.Low, High: r.High, Trained: s.Trained}
		if then, ok := before(t.points, int64(s.AsOf-6*schemas.Hour)); ok {
			change := r.Value - then
			b.Change = &change
		}
	}
	b.Indeterminate = slices.Contains(s.Flags, alerts.FlagIndeterminate)
	for name, m := range s.Modalities {
		v := Modality{State: string(m.State)}
		if m.AgeS != nil {
			at := s.AsOf - schemas.Time(*m.AgeS)*schemas.Second
			v.At = &at
		}
		b.Modalities[name] = v
	}
	for i := range t.inputs {
		b.Vitals = append(b.Vitals, t.vital(&t.inputs[i]))
	}
	return b
}

// vital is an input of NEWS2 with how often it comes.
func (t *trail) vital(in *schemas.NEWS2Input) Vital {
	v := Vital{Channel: in.Channel, Value: in.Value, Unit: in.Unit, At: in.EventTime, Points: in.Points, Stale: in.Stale, Flags: orEmpty(in.Flags), Period: 3600}
	if c, ok := schemas.ChannelByName(in.Channel); ok {
		v.Digits = c.Info().Decimals
	}
	if a := t.came[in.Channel]; a != nil && len(a.gaps) > 0 {
		gaps := slices.Clone(a.gaps)
		slices.Sort(gaps)
		v.Period = max(int64(gaps[len(gaps)/2]/schemas.Second), 60) // scores come once a minute
	}
	return v
}

// trend thins a trajectory for a tile.
func trend(points []Point) []Point {
	out := []Point{}
	for i, p := range points {
		if n := len(out); i == len(points)-1 || n == 0 || p.T >= out[n-1].T+int64(trendStep) {
			out = append(out, p)
		}
	}
	return out
}

// before is the risk at a moment, by the last point of the hour before it.
func before(points []Point, at int64) (risk float32, ok bool) {
	for i := len(points) - 1; i >= 0; i-- {
		if p := &points[i]; p.T <= at && p.T > at-int64(schemas.Hour) && p.Risk != nil {
			return *p.Risk, true
		}
	}
	return 0, false
}

// find is the patient of a key, where who asks may see them.
func (l *live) find(key string, p Principal) (line bedside.Bed, ok bool) {
	l.mu.Lock()
	patient := l.patient[key]
	l.mu.Unlock()
	if patient == "" {
		return line, false
	}
	line, ok = l.unit.Line(patient)
	return line, ok && p.sees(line.Unit)
}

// alert is one by its id, where who asks may see it.
func (l *live) alert(id string, p Principal) (Alert, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.alerts[id]
	if a == nil || !p.sees(a.Unit) {
		return Alert{}, false
	}
	return *a, true
}

// sortedKeys are the keys of a set in their order.
func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// taskOf is the task of which a score's risk is shown.
func taskOf(s *schemas.Score) string {
	b := bedside.Bed{Score: *s}
	return b.Task()
}
