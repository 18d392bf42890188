package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion/score"
	"github.com/vigil-icu/vigil/schemas"
)

// Hours are those of a stay at which it is judged.
var Hours = []int{1, 2, 4, 8, 12, 24, 36, 48}

// groupHour is the hour at which groups of patients and net benefit are judged.
const groupHour = 24

// TaskSOFA is what SOFA is called in a report.
const TaskSOFA = "sofa"

// Settings are how a report is made.
type Settings struct {
	// Draws is over how many resamples of patients intervals are; 1,000 in Vigil's tables.
	Draws int
	Seed  uint64
	// Modalities are what the bits of Point.Without stand for.
	Modalities []string
}

// pooledDraws is over how many the intervals are where all hours of all stays count.
const pooledDraws = 100

// number is what of a point is judged.
type number struct {
	of          func(*Point) float64
	probability bool
	// grid are thresholds to choose from, ascending, clear is where an alarm at one ends.
	grid  []float64
	clear func(at float64) float64
	task  string // of the policy's alerts; empty where it has none
}

// riskOf, news2 and sofa are the numbers that a point has.
func riskOf(task string) *number {
	n := &number{of: func(p *Point) float64 { return float64(p.Risk) }, probability: true, task: task}
	for k := 1; k < 200; k++ {
		n.grid = append(n.grid, float64(k)/200)
	}
	n.clear = func(at float64) float64 { return 0.8 * at }
	return n
}

func news2() *number {
	return points(20, alerts.TaskNEWS2, func(p *Point) int { return p.NEWS2 })
}

func sofa() *number { return points(24, "", func(p *Point) int { return p.SOFA }) }

// points is a plain score of at most so many.
func points(most int, task string, of func(*Point) int) *number {
	n := &number{of: func(p *Point) float64 { return float64(of(p)) }, task: task}
	for k := 1; k <= most; k++ {
		n.grid = append(n.grid, float64(k))
	}
	n.clear = func(at float64) float64 { return at - 1 }
	return n
}

// Judge makes the report of stays. The fields that say what was judged are the caller's.
func Judge(stays []Stay, task string, s Settings) *Report {
	r := &Report{Version: version, Tasks: map[string]*Quality{}, Baselines: map[string]*Quality{}, Notice: schemas.Notice}
	r.Tasks[task] = s.quality(stays, riskOf(task))
	r.Baselines[alerts.TaskNEWS2] = s.quality(stays, news2())
	r.Baselines[TaskSOFA] = s.quality(stays, sofa())
	r.Baselines[TaskSOFA].Missing = missingOfSOFA(stays)
	return r
}

// quality judges one number.
func (s Settings) quality(stays []Stay, n *number) *Quality {
	q := &Quality{N: len(stays), Hours: map[string]*AtHour{}, Alerts: map[string]*Operating{}}
	patients, hours := map[string]bool{}, 0
	for i := range stays {
		patients[stays[i].Patient] = true
		hours += len(stays[i].Points)
		if stays[i].Died {
			q.Events++
		}
	}
	q.Patients, q.PatientDays = len(patients), Number(float64(hours)/24)
	var work errgroup.Group
	at := make([]*AtHour, len(Hours))
	for i, h := range Hours {
		work.Go(func() error {
			at[i] = s.at(samplesAt(stays, n, h, nil), n.probability, s.Draws)
			return nil
		})
	}
	work.Go(func() error {
		q.All = s.at(pooled(stays, n), n.probability, min(s.Draws, pooledDraws))
		return nil
	})
	names, groups := groupsOf(stays, s.Modalities)
	within := make([]*AtHour, len(names))
	for i, name := range names {
		work.Go(func() error {
			within[i] = s.at(samplesAt(stays, n, groupHour, groups[name]), n.probability, s.Draws)
			return nil
		})
	}
	work.Go(func() error {
		s.alerts(q.Alerts, stays, n)
		return nil
	})
	_ = work.Wait() // none fails
	for i, h := range Hours {
		q.Hours[strconv.Itoa(h)] = at[i]
	}
	if len(names) > 0 {
		q.Groups = map[string]*AtHour{}
	}
	for i, name := range names {
		q.Groups[name] = within[i]
	}
	if n.probability {
		q.NetBenefit = netBenefit(samplesAt(stays, n, groupHour, nil))
	}
	return q
}

// samples are numbers, outcomes and whose they are.
type samples struct {
	value   []float64
	died    []bool
	patient []string
	stays   int
	deaths  int // of the stays
	none    int // moments without a number
}

func (x *samples) add(v float64, s *Stay) {
	x.value, x.died, x.patient = append(x.value, v), append(x.died, s.Died), append(x.patient, s.Patient)
}

func (x *samples) count(s *Stay) {
	x.stays++
	if s.Died {
		x.deaths++
	}
}

// samplesAt are what was last said at an hour or in the one before, of the stays that last until
// then, and of a group of them where one is given.
func samplesAt(stays []Stay, n *number, hour int, in func(*Stay) bool) *samples {
	x := &samples{}
	for i := range stays {
		s := &stays[i]
		if in != nil && !in(s) {
			continue
		}
		switch p := s.at(float64(hour)); {
		case p == nil:
		case math.IsNaN(n.of(p)):
			x.none++
		default:
			x.add(n.of(p), s)
			x.count(s)
		}
	}
	return x
}

// at is the point at an hour, or the last of the hour before it; nil where the stay is over, or
// has said nothing then.
func (s *Stay) at(hour float64) *Point {
	if s.Hours > 0 && s.Hours < hour {
		return nil
	}
	for i := len(s.Points) - 1; i >= 0; i-- {
		if p := &s.Points[i]; p.Hour <= hour {
			if p.Hour > hour-1 {
				return p
			}
			return nil
		}
	}
	return nil
}

// pooled are all points of all stays.
func pooled(stays []Stay, n *number) *samples {
	x := &samples{}
	for i := range stays {
		s, some := &stays[i], false
		for k := range s.Points {
			if v := n.of(&s.Points[k]); !math.IsNaN(v) {
				x.add(v, s)
				some = true
			} else {
				x.none++
			}
		}
		if some {
			x.count(s)
		}
	}
	return x
}

// at judges samples.
func (s Settings) at(x *samples, probability bool, draws int) *AtHour {
	a := &AtHour{N: x.stays, Events: x.deaths, Indeterminate: x.none}
	if len(x.value) != x.stays {
		a.Scores = len(x.value)
	}
	none := Number(math.NaN())
	a.measured = measured{none, none, none, none, none, none, none, none, none, none, none, none, none, none, none}
	a.Mean, a.Observed = none, none
	b := score.Bootstrap{Draws: draws, Seed: s.Seed}
	take := func(m score.Metric, v, low, high *Number) {
		i := b.Interval(m, x.value, x.died, x.patient)
		*v, *low, *high = Number(i.Value), Number(i.Low), Number(i.High)
	}
	take(score.AUROC, &a.AUROC, &a.AUROCLow, &a.AUROCHigh)
	take(score.AveragePrecision, &a.AUPRC, &a.AUPRCLow, &a.AUPRCHigh)
	if len(x.value) > 0 {
		a.Observed = Number(mean(len(x.value), func(i int) float64 { return one0(x.died[i]) }))
	}
	if !probability || len(x.value) == 0 {
		return a
	}
	take(score.Brier, &a.Brier, &a.BrierLow, &a.BrierHigh)
	take(score.CalibrationSlope, &a.Slope, &a.SlopeLow, &a.SlopeHigh)
	take(score.CalibrationIntercept, &a.Intercept, &a.InterceptLow, &a.InterceptHigh)
	a.Mean = Number(mean(len(x.value), func(i int) float64 { return x.value[i] }))
	a.Curve = curve(x)
	return a
}

// one0 is 1 for yes.
func one0(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func mean(n int, of func(i int) float64) float64 {
	sum := 0.0
	for i := range n {
		sum += of(i)
	}
	return sum / float64(n)
}

// curve parts samples into tenths by their number.
func curve(x *samples) (bins []Bin) {
	order := make([]int, len(x.value))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(x.value[a], x.value[b]), a-b) })
	const tenths = 10
	for k := range tenths {
		part := order[len(order)*k/tenths : len(order)*(k+1)/tenths]
		if len(part) == 0 {
			continue
		}
		bins = append(bins, Bin{
			N:        len(part),
			Mean:     Number(mean(len(part), func(i int) float64 { return x.value[part[i]] })),
			Observed: Number(mean(len(part), func(i int) float64 { return one0(x.died[part[i]]) })),
		})
	}
	return bins
}

// netBenefit is the decision curve.
func netBenefit(x *samples) (list []Benefit) {
	n := float64(len(x.value))
	for _, at := range []float64{0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5} {
		var hits, wrong, deaths float64
		for i, v := range x.value {
			deaths += one0(x.died[i])
			if v >= at {
				hits += one0(x.died[i])
				wrong += one0(!x.died[i])
			}
		}
		odds := at / (1 - at)
		list = append(list, Benefit{Number(at), Number(hits/n - float64(wrong/n*odds)), Number(deaths/n - float64((n-deaths)/n*odds))})
	}
	return list
}

// leastGroup is how many stays a group has at least.
const leastGroup = 20

// groupsOf are the groups of the stays that have enough of them: kinds of unit, bands of age, sex,
// and those of whom nothing of a modality was known then.
func groupsOf(stays []Stay, modalities []string) (names []string, in map[string]func(*Stay) bool) {
	of := func(s *Stay) (list []string) {
		if s.Statics.Unit != "" {
			list = append(list, "unit: "+s.Statics.Unit)
		}
		if s.Statics.Sex != "" {
			list = append(list, "sex: "+s.Statics.Sex)
		}
		if age := s.Statics.AgeYears; age != nil {
			bands := []float32{45, 65, 75, 85}
			k := 0
			for k < len(bands) && *age >= bands[k] {
				k++
			}
			switch k {
			case 0:
				list = append(list, "age: below 45")
			case len(bands):
				list = append(list, "age: 85 and above")
			default:
				list = append(list, fmt.Sprintf("age: %.0f to %.0f", bands[k-1], bands[k]-1))
			}
		}
		if p := s.at(groupHour); p != nil {
			for i, name := range modalities {
				if p.Without>>i&1 != 0 {
					list = append(list, "missing: "+name)
				}
			}
		}
		return list
	}
	count := map[string]int{}
	for i := range stays {
		for _, name := range of(&stays[i]) {
			count[name]++
		}
	}
	in = map[string]func(*Stay) bool{}
	for name, n := range count {
		if n >= leastGroup {
			names = append(names, name)
			in[name] = func(s *Stay) bool { return slices.Contains(of(s), name) }
		}
	}
	slices.Sort(names)
	return names, in
}
