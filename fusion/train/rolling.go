package train

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
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
		logits, err := p.Stays.LogitsAt(ctx, params, p.Test, hour)
		if err != nil {
			return nil, err
		}
		set, tasks := p.Stays.Set, p.Recipe.Model.Tasks
		q := HourQuality{Hour: hour}
		probabilities := p.Stays.probabilities(logits, func(i int) int { return min(hour, set.Examples[p.Test[i]].Hours) })
		q.TaskQuality = set.judge(tasks[:1], probabilities, p.Test, p.Seed)[0]
		predicted, outcome, patient := set.known(probabilities, p.Test, 0)
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
	return p.probabilities(logits, func(i int) int { return p.Set.Examples[examples[i]].Hours })
}

// probabilities are [examples][tasks] of logits that were made with so many hours of data.
func (p *Stays) probabilities(logits []float32, hours func(i int) int) []float64 {
	out := make([]float64, len(logits))
	tasks := p.Network.Config.Tasks
	for i, v := range logits {
		out[i] = float64(tasks[i%len(tasks)].Probability(v, float32(hours(i/len(tasks)))))
	}
	return out
}

// calibrate fits the first task's calibration at the rolling hours to what the models of the
// folds said of stays that they had not seen.
func (o *outOfFold) calibrate(set *Set, hours []int) ([]fusion.CalibrationPoint, error) {
	var points []fusion.CalibrationPoint
	for _, h := range hours {
		var predicted []float64
		var outcome []bool
		for i, p := range Probabilities(o.logits[h-1]) {
			if label := set.Examples[o.examples[i]].Labels[0]; label == label {
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

// thresholds are the lowest of whole hundredths at which the calibrated risks of the folds,
// asked at every full hour, alarm no more often than wanted. Every level is below 1, and above
// the one before.
func (o *outOfFold) thresholds(task *fusion.Task, alarms []Alarm) (list []fusion.Threshold, err error) {
	courses := make([][]float32, len(o.examples))
	for i := range courses {
		courses[i] = make([]float32, encoders.Bins)
		for h := range courses[i] {
			courses[i][h] = task.Probability(o.logits[h][i], float32(h+1))
		}
	}
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
