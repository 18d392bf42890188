package evaluate

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/schemas"
)

// Usefulness counts what alerts were worth, rule by rule: how many there were, what people said of them, and what
// came of the stays. Alerts, scores and outcomes may come in any order, the revisions of an alert in theirs and so the outcomes of a stay. What
// comes twice counts once.
type Usefulness struct {
	alerts   map[string]*toldAlert
	stays    map[[2]string]bool // with a score
	hours    map[string]bool    // full hours that were scored, by patient and time
	outcomes map[[2]string]bool // whether a stay ended in death
}

// toldAlert is what is kept of an alert.
type toldAlert struct {
	patient, stay, task, kind string
	severity                  int // the highest
	revision                  int // the last that was counted
	began, seen, ended        schemas.Time
	verdict                   string
}

// Worth is what the alerts of one rule were worth; Severity is the highest that an alert reached. Shares of nothing
// are null in JSON.
type Worth struct {
	Task          string       `json:"task"`
	Severity      string       `json:"severity"`
	Alerts        int          `json:"alerts"`
	Stays         int          `json:"stays"`
	PerPatientDay judge.Number `json:"alarms_per_patient_day"`
	// Acknowledged is the share that somebody acknowledged, AckMinutes the median time until then, OpenMinutes that
	// until the end.
	Acknowledged judge.Number `json:"acknowledged"`
	AckMinutes   judge.Number `json:"minutes_to_acknowledgement_median"`
	OpenMinutes  judge.Number `json:"minutes_open_median"`
	// Verdicts are the last that was given of each alert: useful, not useful, known, or other words.
	Useful    int          `json:"verdicts_useful"`
	NotUseful int          `json:"verdicts_not_useful"`
	Known     int          `json:"verdicts_known"`
	Other     int          `json:"verdicts_in_other_words"`
	Share     judge.Number `json:"useful_of_judged"`
	// PPV is the share of alerts in stays that ended in death, of those whose end is known; Recall is the share of the
	// stays that ended so which had an alert of the rule.
	PPV    judge.Number `json:"ppv"`
	Recall judge.Number `json:"event_recall"`
}

// UsefulnessReport is what was counted.
type UsefulnessReport struct {
	Version     int          `json:"version"`
	Stays       int          `json:"stays"` // with a score or an alert
	Outcomes    int          `json:"stays_with_outcome"`
	Deaths      int          `json:"deaths"`
	PatientDays judge.Number `json:"patient_days"`
	Rules       []Worth      `json:"rules"`
	Notice      string       `json:"notice"`
}

// NewUsefulness has counted nothing.
func NewUsefulness() *Usefulness {
	return &Usefulness{alerts: map[string]*toldAlert{}, stays: map[[2]string]bool{}, hours: map[string]bool{}, outcomes: map[[2]string]bool{}}
}

// stayOf names a stay as the admission system does: one that was opened again is the same.
func stayOf(patient, stay string) [2]string {
	announced, _, _ := strings.Cut(stay, "#")
	return [2]string{patient, announced}
}

// Score counts a score.
func (u *Usefulness) Score(s *schemas.Score) {
	u.stays[stayOf(s.Patient, s.Stay)] = true
	if s.Due == schemas.DueHour {
		u.hours[s.Patient+" "+s.AsOf.String()] = true
	}
}

// Outcome notes what came of a stay. One of which it is said twice has died if one of them says so.
func (u *Usefulness) Outcome(patient, stay string, died bool) {
	key := stayOf(patient, stay)
	u.outcomes[key] = u.outcomes[key] || died
}

// NoOutcome takes back what came of a stay, since it has not ended after all.
func (u *Usefulness) NoOutcome(patient, stay string) { delete(u.outcomes, stayOf(patient, stay)) }

// severities in their order.
var severities = []string{"", "low", "medium", "high"}

// Alert counts a revision.
func (u *Usefulness) Alert(a *schemas.Alert) {
	t := u.alerts[a.ID]
	if t == nil {
		t = &toldAlert{patient: a.Patient, stay: a.Stay, task: a.Task, kind: a.Kind, began: a.AsOf, revision: -1}
		u.alerts[a.ID] = t
	}
	if a.Revision <= t.revision {
		return
	}
	t.revision = a.Revision
	t.severity = max(t.severity, slices.Index(severities, a.Severity))
	switch {
	case a.Phase == schemas.PhaseEnd:
		t.ended = a.AsOf
	case !alerts.TellsAnswer(a):
	case strings.HasPrefix(a.Reason, "acknowledged") && t.seen == 0:
		t.seen = a.AsOf
	case strings.HasPrefix(a.Reason, "verdict"):
		_, t.verdict, _ = strings.Cut(a.Reason, ": ")
	}
}

// Kinds of verdicts by their first words.
var verdicts = []struct {
	words []string
	into  func(*Worth) *int
}{
	{[]string{"not useful", "false", "no"}, func(w *Worth) *int { return &w.NotUseful }},
	{[]string{"useful", "true", "yes"}, func(w *Worth) *int { return &w.Useful }},
	{[]string{"known"}, func(w *Worth) *int { return &w.Known }},
}

// judged counts a verdict.
func (w *Worth) judged(verdict string) {
	said := strings.ToLower(strings.TrimSpace(verdict))
	for _, v := range verdicts {
		for _, word := range v.words {
			if rest, ok := strings.CutPrefix(said, word); ok && (rest == "" || strings.ContainsAny(rest[:1], " :,;.-")) {
				*v.into(w)++
				return
			}
		}
	}
	w.Other++
}

// Report sums up, by task and the highest severity that an alert reached.
func (u *Usefulness) Report() *UsefulnessReport {
	r := &UsefulnessReport{Version: 1, PatientDays: judge.Number(float64(len(u.hours)) / 24), Notice: schemas.Notice}
	of := map[[2]string][]*toldAlert{}
	all := map[[2]string]bool{}
	for key := range u.stays {
		all[key] = true
	}
	for _, t := range u.alerts {
		all[stayOf(t.patient, t.stay)] = true
		key := [2]string{t.task, severities[t.severity]}
		of[key] = append(of[key], t)
	}
	r.Stays = len(all)
	for key := range all {
		if died, known := u.outcomes[key]; known {
			r.Outcomes++
			if died {
				r.Deaths++
			}
		}
	}
	for key, list := range of {
		r.Rules = append(r.Rules, u.worth(key[0], key[1], list, r))
	}
	slices.SortFunc(r.Rules, func(a, b Worth) int {
		return cmp.Or(cmp.Compare(a.Task, b.Task), cmp.Compare(slices.Index(severities, b.Severity), slices.Index(severities, a.Severity)))
	})
	return r
}

// worth sums the alerts of a rule up.
func (u *Usefulness) worth(task, severity string, list []*toldAlert, r *UsefulnessReport) Worth {
	w := Worth{Task: task, Severity: severity, Alerts: len(list)}
	stays, found := map[[2]string]bool{}, map[[2]string]bool{}
	seen, known, right := 0, 0, 0
	var untilSeen, untilEnd []float64
	minutes := func(from, to schemas.Time) float64 { return float64(to-from) / float64(schemas.Minute) }
	for _, t := range list {
		key := stayOf(t.patient, t.stay)
		stays[key] = true
		if t.seen != 0 {
			seen++
			untilSeen = append(untilSeen, minutes(t.began, t.seen))
		}
		if t.ended != 0 {
			untilEnd = append(untilEnd, minutes(t.began, t.ended))
		}
		if t.verdict != "" {
			w.judged(t.verdict)
		}
		if died, ok := u.outcomes[key]; ok {
			if known++; died {
				right++
				found[key] = true
			}
		}
	}
	share := func(a, b int) judge.Number { return judge.Number(float64(a) / float64(b)) }
	w.Stays = len(stays)
	w.PerPatientDay = judge.Number(float64(len(list)) / float64(r.PatientDays))
	w.Acknowledged, w.AckMinutes, w.OpenMinutes = share(seen, len(list)), median(untilSeen), median(untilEnd)
	w.Share = share(w.Useful, w.Useful+w.NotUseful+w.Known)
	w.PPV, w.Recall = judge.Number(math.NaN()), judge.Number(math.NaN())
	if list[0].kind != alerts.KindTechnical {
		w.PPV, w.Recall = share(right, known), share(len(found), r.Deaths)
	}
	return w
}

// median is the middle of a list, none of an empty one.
func median(list []float64) judge.Number {
	if len(list) == 0 {
		return judge.Number(math.NaN())
	}
	slices.Sort(list)
	return judge.Number((list[(len(list)-1)/2] + list[len(list)/2]) / 2)
}
