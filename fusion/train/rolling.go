package train

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/score"
)

// HourQuality is how good a model is at its first task when it is asked at an hour of the stay,
// on the stays that training never saw.
type HourQuality struct {
	Hour int `json:"hour"`
	TaskQuality
	Intercept Quality `json:"calibration_intercept"`
	// Mean is the mean risk, Observed the share of stays with the outcome.
	Mean     float64 `json:"mean_risk"`
	Observed float64 `json:"observed"`
}

// JudgeHours scores the result on the test examples as of each of the recipe's rolling hours.
func (p *Plan) JudgeHours(ctx context.Context, result *Result) (list []HourQuality, err error) {
	params := p.paramsOf(result)
	for _, hour := range p.Recipe.Rolling.Hours {
		examples := p.Stays.Set.at(p.Test, hour)
		logits, err := p.Stays.Logits(ctx, params, examples)
		if err != nil {
			return nil, err
		}
		set, tasks := p.Stays.Set, p.Recipe.Model.Tasks
		q := HourQuality{Hour: hour}
		probabilities := p.Stays.served(logits, examples)
		q.TaskQuality = set.judge(tasks[:1], probabilities, examples, p.Seed)[0]
		predicted, outcome, patient := set.known(probabilities, examples, 0)
		i := score.Bootstrap{Draws: resamples, Seed: p.Seed}.Interval(score.CalibrationIntercept, predicted, outcome, patient)
		q.Intercept = Quality{i.Value, i.Low, i.High}
		for i, v := range predicted {
			q.Mean += v / float64(len(predicted))
			if outcome[i] {
				q.Observed += 1 / float64(len(predicted))
			}
		}
		list = append(list, q)
	}
	return list, nil
}

// paramsOf are the network's parameters with the values of a result.
func (p *Plan) paramsOf(result *Result) *nn.Params[float32] {
	params := *p.Stays.Params()
	params.Values = result.Weights
	return &params
}

// served are the probabilities [examples][tasks] of logits as they would be served: with the
// tasks' calibration. Those of regressions mean nothing.
func (p *Stays) served(logits []float32, examples []int) []float64 {
	out := make([]float64, len(logits))
	tasks := p.Network.Config.Tasks
	for i, v := range logits {
		out[i] = float64(tasks[i%len(tasks)].Probability(v, float32(p.Set.Examples[examples[i/len(tasks)]].Hours)))
	}
	return out
}

// at are those of the examples that were made at an hour of the stay.
func (s *Set) at(examples []int, hour int) (list []int) {
	for _, i := range examples {
		if s.Examples[i].At == hour {
			list = append(list, i)
		}
	}
	return list
}

// judged are the test examples that the tables of a result are of: all of them, but of a model
// that is asked at many moments of a stay only those of the last hour.
func (p *Plan) judged() []int {
	if hours := p.Recipe.Data.Hours; p.Recipe.Augmentation.OneMoment && len(hours) > 0 {
		return p.Stays.Set.at(p.Test, hours[len(hours)-1])
	}
	return p.Test
}

// calibrate fits the first task's calibration at the rolling hours to what the models of the
// folds said of stays that they had not seen.
func (o *outOfFold) calibrate(set *Set, hours []int) ([]fusion.CalibrationPoint, error) {
	var points []fusion.CalibrationPoint
	for _, h := range hours {
		var predicted []float64
		var outcome []bool
		for i, p := range Probabilities(o.logits) {
			e := &set.Examples[o.examples[i]]
			if label := e.Labels[0]; e.At == h && label == label {
				predicted, outcome = append(predicted, p), append(outcome, label == 1)
			}
		}
		shift, scale := score.Calibrate(predicted, outcome)
		if !sound(shift) || !(scale > 0) {
			return nil, fmt.Errorf("the risks of hour %d cannot be calibrated: their order says nothing of the outcome (slope %v), or there are too few stays", h, scale)
		}
		points = append(points, fusion.CalibrationPoint{Hours: float64(h), Scale: scale, Shift: shift})
	}
	return points, nil
}

// courses are the calibrated risks of the stays hour by hour from the first moment to the last;
// between two moments the risk is that of the earlier one.
func (o *outOfFold) courses(set *Set, task *fusion.Task) [][]float32 {
	var courses [][]float32
	var upTo []int // the hour that each reaches
	at := map[string]int{}
	for i, k := range o.examples { // those of a stay are ordered by their moments
		e := &set.Examples[k]
		key := e.Patient + " " + e.Stay
		c, known := at[key]
		if !known {
			c = len(courses)
			at[key] = c
			courses, upTo = append(courses, nil), append(upTo, e.At-1)
		}
		for ; upTo[c]+1 < e.At; upTo[c]++ {
			courses[c] = append(courses[c], courses[c][len(courses[c])-1])
		}
		courses[c], upTo[c] = append(courses[c], task.Probability(o.logits[i], float32(e.Hours))), e.At
	}
	return courses
}

// thresholds are the lowest of whole hundredths at which the calibrated risks of the folds
// alarm no more often than wanted. Every level is below 1, and above the one before.
func (o *outOfFold) thresholds(set *Set, task *fusion.Task, alarms []Alarm) (list []fusion.Threshold, err error) {
	courses := o.courses(set, task)
	for k := len(alarms) - 1; k >= 0; k-- {
		a := alarms[k]
		found := fusion.Threshold{Severity: a.Severity, Wanted: a.PerPatientDay}
		for at := 99; at >= 1; at-- {
			if len(list) > 0 && float64(at) >= math.Round(100*list[0].At) {
				continue
			}
			t := fusion.Threshold{Severity: a.Severity, At: float64(at) / 100, Clear: math.Round(a.Clear*float64(at)) / 100, Wanted: a.PerPatientDay}
			t.Found = score.AlarmRate(courses, t.At, t.Clear)
			if t.Found > a.PerPatientDay || t.Clear <= 0 {
				break
			}
			found = t
		}
		if found.At == 0 {
			return nil, fmt.Errorf("no threshold of %s alarms at most %v times a patient-day: ask for more", a.Severity, a.PerPatientDay)
		}
		found.Found = math.Round(1e4*found.Found) / 1e4
		list = slices.Insert(list, 0, found)
	}
	return list, nil
}

// fewest is the number of observed channels that a share of the examples does not have; 0 for a
// share of 0.
func (s *Set) fewest(examples []int, share float64) int {
	if share == 0 || len(examples) == 0 {
		return 0
	}
	series := s.Shape().New().Series
	counts := make([]int, len(examples))
	for k, i := range examples {
		s.Examples[i].Series.Unpack(&series)
		counts[k] = fusion.Observed(&series)
	}
	slices.Sort(counts)
	return counts[int(share*float64(len(counts)))]
}
