package score

import "math"

// Brier is the mean squared difference of probability and outcome (Brier 1950); 0 is
// perfect.
func Brier(predicted []float64, outcome []bool) float64 {
	sum := 0.0
	for i, p := range predicted {
		d := p - number(outcome[i])
		sum += d * d
	}
	return sum / float64(len(predicted)) // 0/0 of no stays is NaN
}

// number is 1 for an outcome that came, else 0.
func number(outcome bool) float64 {
	if outcome {
		return 1
	}
	return 0
}

// CalibrationSlope is b of the logistic regression outcome ~ a + b logit(p) (Cox 1958).
// At 1 the predictions are right; below 1 they are too extreme. It is NaN where
// [Calibrate] finds no fit.
func CalibrationSlope(predicted []float64, outcome []bool) float64 {
	_, slope := Calibrate(predicted, outcome)
	return slope
}

// CalibrationIntercept is a of the same regression. Where the slope is 1, an intercept above
// 0 says that the predictions are too low.
func CalibrationIntercept(predicted []float64, outcome []bool) float64 {
	intercept, _ := Calibrate(predicted, outcome)
	return intercept
}

// Calibrate fits outcome ~ intercept + slope logit(p) by Newton's method; both are NaN
// where there is no finite maximum of the likelihood (one outcome only, or predictions
// that part the outcomes). Probabilities are kept within [1e-7, 1 - 1e-7].
func Calibrate(predicted []float64, outcome []bool) (intercept, slope float64) {
	const edge, steps, enough = 1e-7, 100, 1e-10
	x := make([]float64, len(predicted))
	for i, p := range predicted {
		p = max(edge, min(1-edge, p))
		x[i] = math.Log(p / (1 - p))
	}
	intercept, slope = 0, 1
	for range steps {
		var g0, g1, h00, h01, h11 float64
		for i, v := range x {
			p := 1 / (1 + math.Exp(-intercept-slope*v))
			d, w := number(outcome[i])-p, p*(1-p)
			g0, g1 = g0+d, g1+d*v
			h00, h01, h11 = h00+w, h01+w*v, h11+w*v*v
		}
		det := h00*h11 - h01*h01
		if !(det > 1e-12*h00*h11) {
			break
		}
		da, db := (h11*g0-h01*g1)/det, (h00*g1-h01*g0)/det
		if size := math.Hypot(da, db); size > 5 {
			da, db = da*5/size, db*5/size // Newton overshoots far from the maximum
		}
		intercept, slope = intercept+da, slope+db
		if math.Hypot(da, db) < enough*(1+math.Hypot(intercept, slope)) {
			return intercept, slope
		}
	}
	return math.NaN(), math.NaN()
}
