package policylab

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas"
)

// Options are what is counted.
type Options struct {
	// Task is the rule whose alarms count; empty for those of all rules. Technical alerts never do.
	Task string
	// Severity is the lowest that counts; empty for low. An alert that reaches it by an escalation
	// counts from then on.
	Severity string
	// Draws is over how many resamples of patients the intervals of recall are, of the policies on
	// the frontier and the one in force.
	Draws int
	Seed  uint64
	// Progress is told how many policies were tried, one call at a time; it may be nil.
	Progress func(policies int)
}

// version is that of the report's form.
const version = 1

// Report is what became of policies.
type Report struct {
	Version  int      `json:"version"`
	Data     []string `json:"data"`
	Task     string   `json:"task"`
	Severity string   `json:"severity"`
	// Stays were played; Events of them came to the outcome, which of Unknown is not known.
	Stays       int          `json:"stays"`
	Patients    int          `json:"patients"`
	Events      int          `json:"events"`
	Unknown     int          `json:"stays_without_outcome"`
	PatientDays judge.Number `json:"patient_days"`
	Tried       int          `json:"policies_tried"`
	LeftOut     int          `json:"combinations_that_are_no_policy"`
	// Policies are in the order in which they were given.
	Policies []Result `json:"policies"`
	Notice   string   `json:"notice"`
}

// Result is what became of one policy.
type Result struct {
	ID       string `json:"id"`
	Hash     string `json:"policy"`
	Name     string `json:"name"`
	InForce  bool   `json:"in_force,omitempty"`
	Frontier bool   `json:"frontier,omitempty"` // no policy that rings less finds as many
	// Alarms are alerts that started; Calls also count each escalation, reminder and end of a snooze, but
	// none that the policy groups with another alert of the patient.
	Alarms        int          `json:"alarms"`
	PerPatientDay judge.Number `json:"alarms_per_patient_day"`
	Calls         judge.Number `json:"calls_per_patient_day"`
	// Recall is the share of stays with the outcome that had an alarm, before it.
	Recall     judge.Number `json:"event_recall"`
	RecallLow  judge.Number `json:"event_recall_low"`
	RecallHigh judge.Number `json:"event_recall_high"`
	// Precision is the share of alarms in stays with the outcome, FirstPPV the share of stays with
	// an alarm that come to it, Alerted the share of stays that ever had one.
	Precision judge.Number `json:"precision"`
	FirstPPV  judge.Number `json:"first_alert_ppv"`
	Alerted   judge.Number `json:"ever_alerted"`
	// Lead is from the first alarm to the outcome where its time is known: the median and the quartiles.
	Lead     judge.Number `json:"lead_hours_median"`
	LeadLow  judge.Number `json:"lead_hours_lower_quartile"`
	LeadHigh judge.Number `json:"lead_hours_upper_quartile"`
}

// tally is what a policy's alarms of one course come to.
type tally struct {
	alarms, calls int
	lead          float64 // from the first alarm; NaN where the time of the outcome is not known
}

// rank orders severities.
func rank(severity string) int {
	return slices.Index([]string{"", "low", "medium", "high"}, severity)
}

// count counts the alarms among the revisions of a course.
func (o *Options) count(c *Course, revisions []schemas.Alert) tally {
	t := tally{lead: math.NaN()}
	least := max(rank(o.Severity), 1)
	for i := range revisions {
		a := &revisions[i]
		if a.Kind == alerts.KindTechnical || o.Task != "" && a.Task != o.Task || rank(a.Severity) < least {
			continue
		}
		alarm := false
		switch a.Phase {
		case schemas.PhaseStart:
			alarm = true
		case schemas.PhaseEscalate:
			alarm = below(revisions[:i], a, least)
		case schemas.PhaseContinue, schemas.PhaseReset:
		default:
			continue
		}
		if !slices.Contains(a.Flags, alerts.FlagGrouped) {
			t.calls++
		}
		if !alarm {
			continue
		}
		if t.alarms++; t.alarms == 1 && c.Died && c.Death > 0 {
			t.lead = max(0, float64(c.Death-(a.AsOf-c.Admitted))/float64(schemas.Hour))
		}
	}
	return t
}

// below says whether the alert of a revision was below a severity in the revision before it.
func below(before []schemas.Alert, a *schemas.Alert, least int) bool {
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].ID == a.ID {
			return rank(before[i].Severity) < least
		}
	}
	return true
}

// Try plays all courses by each of the policies, on all cores, and says what became of them.
func Try(ctx context.Context, courses []*Course, policies []Candidate, o Options) (*Report, error) {
	r := &Report{Version: version, Task: cmp.Or(o.Task, "all"), Severity: cmp.Or(o.Severity, "low"), Stays: len(courses), Tried: len(policies), Policies: make([]Result, len(policies)), Notice: schemas.Notice}
	patients, hours := map[string]int{}, 0
	of := make([]int, len(courses)) // the patient of each course
	for i, c := range courses {
		k, known := patients[c.Patient]
		if !known {
			k = len(patients)
			patients[c.Patient] = k
		}
		of[i] = k
		hours += c.FullHours
		switch {
		case !c.OutcomeKnown:
			r.Unknown++
		case c.Died:
			r.Events++
		}
	}
	r.Patients, r.PatientDays = len(patients), judge.Number(float64(hours)/24)
	var mu sync.Mutex
	finished := 0
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for k := range policies {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.Policies[k] = sum(&policies[k], courses, o.tallies(courses, policies[k].Policy), float64(hours)/24)
			mu.Lock()
			defer mu.Unlock()
			if finished++; o.Progress != nil {
				o.Progress(finished)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	markFrontier(r.Policies)
	for k := range r.Policies {
		if p := &r.Policies[k]; o.Draws > 0 && (p.Frontier || p.InForce) { // played again, since the tallies of all would take much memory
			p.RecallLow, p.RecallHigh = o.interval(courses, o.tallies(courses, policies[k].Policy), of, len(patients))
		}
	}
	return r, nil
}

// tallies plays all courses by a policy.
func (o *Options) tallies(courses []*Course, p *alerts.Policy) []tally {
	list := make([]tally, len(courses))
	var revisions []schemas.Alert
	for i, c := range courses {
		revisions = c.Play(p, revisions[:0])
		list[i] = o.count(c, revisions)
	}
	return list
}

// sum sums the tallies of a policy up.
func sum(p *Candidate, courses []*Course, list []tally, days float64) Result {
	none := judge.Number(math.NaN())
	r := Result{ID: p.ID(), Hash: p.Policy.Hash(), Name: p.Name, InForce: p.InForce, RecallLow: none, RecallHigh: none, Lead: none, LeadLow: none, LeadHigh: none}
	events, found, known, knownAlarms, right, alerted, calls := 0, 0, 0, 0, 0, 0, 0
	var leads []float64
	for i, c := range courses {
		t := &list[i]
		r.Alarms += t.alarms
		calls += t.calls
		if t.alarms > 0 {
			alerted++
		}
		if c.OutcomeKnown {
			knownAlarms += t.alarms
			if t.alarms > 0 {
				known++
			}
		}
		if c.OutcomeKnown && c.Died {
			events++
			right += t.alarms
			if t.alarms > 0 {
				found++
			}
			if !math.IsNaN(t.lead) {
				leads = append(leads, t.lead)
			}
		}
	}
	share := func(a, b int) judge.Number { return judge.Number(float64(a) / float64(b)) }
	r.PerPatientDay, r.Calls = judge.Number(float64(r.Alarms)/days), judge.Number(float64(calls)/days)
	r.Recall, r.Precision, r.FirstPPV, r.Alerted = share(found, events), share(right, knownAlarms), share(found, known), share(alerted, len(courses))
	if len(leads) > 0 {
		slices.Sort(leads)
		quantile := func(q float64) judge.Number { return judge.Number(leads[int(math.Round(q*float64(len(leads)-1)))]) }
		r.LeadLow, r.LeadHigh = quantile(0.25), quantile(0.75)
		r.Lead = judge.Number((leads[(len(leads)-1)/2] + leads[len(leads)/2]) / 2)
	}
	return r
}

// markFrontier marks the policies of which none other finds as many events with fewer alarms, or more with as many.
// Of several that are alike the first is on it.
func markFrontier(list []Result) {
	order := make([]int, 0, len(list))
	for i := range list {
		if !math.IsNaN(float64(list[i].Recall)) && !math.IsNaN(float64(list[i].PerPatientDay)) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(list[a].Alarms, list[b].Alarms), cmp.Compare(list[b].Recall, list[a].Recall))
	})
	best := judge.Number(-1)
	for _, i := range order {
		if list[i].Recall > best {
			best = list[i].Recall
			list[i].Frontier = true
		}
	}
}

// Frontier are the policies on the frontier, those that ring least first.
func (r *Report) Frontier() (list []*Result) {
	for i := range r.Policies {
		if r.Policies[i].Frontier {
			list = append(list, &r.Policies[i])
		}
	}
	slices.SortStableFunc(list, func(a, b *Result) int { return cmp.Compare(a.Alarms, b.Alarms) })
	return list
}

// interval are the 2.5th and 97.5th percentiles of recall over resamples of patients.
func (o *Options) interval(courses []*Course, list []tally, of []int, patients int) (low, high judge.Number) {
	found, events := make([]int, patients), make([]int, patients)
	for i, c := range courses {
		if c.OutcomeKnown && c.Died {
			events[of[i]]++
			if list[i].alarms > 0 {
				found[of[i]]++
			}
		}
	}
	var values []float64
	for draw := range o.Draws {
		chance := nn.Draw{Seed: o.Seed, Step: uint64(draw)}.Row(0, 0)
		a, b := 0, 0
		for i := range patients {
			k := int(chance.Uniform(uint64(i)) * float64(patients))
			a, b = a+found[k], b+events[k]
		}
		if b > 0 {
			values = append(values, float64(a)/float64(b))
		}
	}
	if len(values) == 0 {
		return judge.Number(math.NaN()), judge.Number(math.NaN())
	}
	slices.Sort(values)
	quantile := func(q float64) judge.Number {
		return judge.Number(values[int(math.Round(q*float64(len(values)-1)))])
	}
	return quantile(0.025), quantile(0.975)
}
