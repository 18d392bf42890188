package judge

import (
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion/score"
)

// The points at which alarms are judged: event recalls that are wanted at least, and alarms in a
// patient-day that are wanted at most.
var (
	recalls = []float64{0.8, 0.9, 0.95}
	rates   = []float64{0.1, 0.2, 0.5, 1, 2}
)

// tally is what the alarms of one stay come to at a threshold.
type tally struct {
	patient string
	died    bool
	alarms  int
	first   float64 // hour of the first alarm
	lead    float64 // from it to death; NaN where that is not known
}

// alerts fills in the operating points: those of the thresholds that reach the recalls and keep to
// the rates, and that of the policy as it is.
func (s Settings) alerts(into map[string]*Operating, stays []Stay, n *number) {
	hours := 0
	courses := make([][]float32, len(stays))
	for i := range stays {
		hours += len(stays[i].Points)
		for k := range stays[i].Points {
			courses[i] = append(courses[i], float32(n.of(&stays[i].Points[k])))
		}
	}
	days := float64(hours) / 24
	all := make([][]tally, len(n.grid))
	for k, at := range n.grid {
		all[k] = tallies(stays, courses, at, n.clear(at))
	}
	put := func(name, chosen string, k int) {
		if k < 0 {
			return
		}
		o := s.operate(all[k], days)
		o.Chosen, o.Threshold, o.Clear = chosen, Number(n.grid[k]), Number(n.clear(n.grid[k]))
		into[name] = o
	}
	for _, want := range recalls {
		best := -1
		for k := range n.grid {
			if recall(all[k]) >= want {
				best = k
			}
		}
		put(fmt.Sprintf("recall_%.2f", want), fmt.Sprintf("the highest threshold with an event recall of at least %.2f", want), best)
	}
	for _, want := range rates {
		best := -1
		for k := len(n.grid) - 1; k >= 0 && float64(alarms(all[k]))/days <= want; k-- {
			best = k
		}
		put(fmt.Sprintf("per_patient_day_%g", want), fmt.Sprintf("the lowest threshold with at most %g alarms in a patient-day", want), best)
	}
	if n.task == "" {
		return
	}
	o := s.operate(byPolicy(stays, n.task), days)
	o.Chosen, o.Threshold, o.Clear = "the policy: its thresholds, times and levels", Number(math.NaN()), Number(math.NaN())
	into["policy"] = o
}

// tallies are those of all stays at a threshold.
func tallies(stays []Stay, courses [][]float32, at, end float64) []tally {
	list := make([]tally, len(stays))
	for i := range stays {
		s := &stays[i]
		list[i] = tally{patient: s.Patient, died: s.Died, alarms: score.Alarms(courses[i], at, end), lead: math.NaN()}
		if list[i].alarms == 0 {
			continue
		}
		first := slices.IndexFunc(courses[i], func(v float32) bool { return float64(v) >= at })
		list[i].first = s.Points[first].Hour
		list[i].lead = s.lead(list[i].first)
	}
	return list
}

// lead is the time from an hour of the stay to death, NaN where that is not known.
func (s *Stay) lead(from float64) float64 {
	if !s.Died || s.Death == 0 {
		return math.NaN()
	}
	return max(0, hours(s.Death)-from)
}

// byPolicy are the alerts that the policy started.
func byPolicy(stays []Stay, task string) []tally {
	list := make([]tally, len(stays))
	for i := range stays {
		s := &stays[i]
		list[i] = tally{patient: s.Patient, died: s.Died, lead: math.NaN()}
		for _, a := range s.Alarms {
			if a.Task != task {
				continue
			}
			if list[i].alarms++; list[i].alarms == 1 {
				list[i].first, list[i].lead = a.Hour, s.lead(a.Hour)
			}
		}
	}
	return list
}

func alarms(list []tally) (n int) {
	for i := range list {
		n += list[i].alarms
	}
	return n
}

// recall is the share of stays with the outcome that had an alarm.
func recall(list []tally) float64 {
	return share(list, func(t *tally) (int, int) { return whole(t.died && t.alarms > 0), whole(t.died) })
}

// share is the sum of the firsts over that of the seconds; NaN of nothing.
func share(list []tally, of func(*tally) (part, all int)) float64 {
	a, b := 0, 0
	for i := range list {
		p, q := of(&list[i])
		a, b = a+p, b+q
	}
	return float64(a) / float64(b)
}

func whole(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// operate sums tallies up, with intervals over patients.
func (s Settings) operate(list []tally, days float64) *Operating {
	o := &Operating{Alarms: alarms(list)}
	o.PerPatientDay = Number(float64(o.Alarms) / days)
	o.Alerted = Number(share(list, func(t *tally) (int, int) { return whole(t.alarms > 0), 1 }))
	take := func(of func(*tally) (int, int), v, low, high *Number) {
		value, l, h := s.interval(list, of)
		*v, *low, *high = Number(value), Number(l), Number(h)
	}
	take(func(t *tally) (int, int) { return whole(t.died && t.alarms > 0), whole(t.died) }, &o.Recall, &o.RecallLow, &o.RecallHigh)
	take(func(t *tally) (int, int) { return t.alarms * whole(t.died), t.alarms }, &o.Precision, &o.PrecisionLow, &o.PrecisionHigh)
	take(func(t *tally) (int, int) { return whole(t.died && t.alarms > 0), whole(t.alarms > 0) }, &o.FirstPPV, &o.FirstPPVLow, &o.FirstPPVHigh)
	var leads []float64
	for i := range list {
		if v := list[i].lead; !math.IsNaN(v) {
			leads = append(leads, v)
		}
	}
	slices.Sort(leads)
	o.Lead = Number(math.NaN())
	if n := len(leads); n > 0 {
		o.Lead = Number((leads[(n-1)/2] + leads[n/2]) / 2)
	}
	return o
}

// interval is a share and its 2.5th and 97.5th percentiles over resamples of patients.
func (s Settings) interval(list []tally, of func(*tally) (part, all int)) (value, low, high float64) {
	var parts, wholes []int // by patient
	at := map[string]int{}
	for i := range list {
		t := &list[i]
		k, known := at[t.patient]
		if !known {
			k = len(parts)
			at[t.patient] = k
			parts, wholes = append(parts, 0), append(wholes, 0)
		}
		p, w := of(t)
		parts[k], wholes[k] = parts[k]+p, wholes[k]+w
	}
	var values []float64
	for draw := range s.Draws {
		chance := nn.Draw{Seed: s.Seed, Step: uint64(draw)}.Row(0, 0)
		a, b := 0, 0
		for i := range parts {
			k := int(chance.Uniform(uint64(i)) * float64(len(parts)))
			a, b = a+parts[k], b+wholes[k]
		}
		if b > 0 {
			values = append(values, float64(a)/float64(b))
		}
	}
	if len(values) == 0 {
		return share(list, of), math.NaN(), math.NaN()
	}
	slices.Sort(values)
	quantile := func(q float64) float64 { return values[int(math.Round(q*float64(len(values)-1)))] }
	return share(list, of), quantile(0.025), quantile(0.975)
}
