package score

import (
	"math"
	"testing"
)

// pinned is 200 stays with many ties, made of whole numbers so that Python makes the
// same: y = (i*7919) % 101 < 25, p = (((i*i*31 + 17*i) % 97)*2//5 + 12*y + 1) / 64.
func pinned() (predicted []float64, outcome []bool) {
	for i := range 200 {
		y := i*7919%101 < 25
		p := (i*i*31+17*i)%97*2/5 + 1
		if y {
			p += 12
		}
		predicted, outcome = append(predicted, float64(p)/64), append(outcome, y)
	}
	return predicted, outcome
}

// The values are scikit-learn 1.9.1's: roc_auc_score, average_precision_score, auc of
// precision_recall_curve, brier_score_loss, f1_score and LogisticRegression(C=inf).
func TestAgainstScikitLearn(t *testing.T) {
	p, y := pinned()
	intercept, slope := Calibrate(p, y)
	for _, c := range []struct {
		name            string
		got, want, near float64
	}{
		{"AUROC", AUROC(p, y), 0.7454385727801054, 1e-14},
		{"average precision", AveragePrecision(p, y), 0.5618590099721473, 1e-14},
		{"trapezoid", TrapezoidPRC(p, y), 0.5663053263813982, 1e-14},
		{"Brier", Brier(p, y), 0.162783203125, 1e-14},
		{"F1", F1(p, y), 0.3695652173913043, 1e-14},
		{"calibration slope", slope, 1.2848645956630602, 1e-6},
		{"calibration intercept", intercept, -0.3794304158395559, 1e-6},
	} {
		if !(math.Abs(c.got-c.want) <= c.near) {
			t.Errorf("%s %v, want %v", c.name, c.got, c.want)
		}
	}
	if CalibrationSlope(p, y) != slope || CalibrationIntercept(p, y) != intercept {
		t.Error("the two metrics are not those of the fit")
	}
}

func TestTasksAgainstScikitLearn(t *testing.T) {
	p, y := pinned()
	tasks, outcomes := [][]float64{p[:80], p[80:140], p[140:]}, [][]bool{y[:80], y[80:140], y[140:]}
	want := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-14 {
			t.Errorf("%s %v, want %v", name, got, want)
		}
	}
	macro, used := Macro(AUROC, tasks, outcomes)
	want("macro AUROC", macro, 0.7541466353183376)
	if used != 3 {
		t.Errorf("%d tasks used", used)
	}
	macro, _ = Macro(F1, tasks, outcomes)
	want("macro F1", macro, 0.3758974358974359)
	want("micro AUROC", Micro(AUROC, tasks, outcomes), 0.7454385727801054)

	// A task without a positive stay has no AUROC and does not count.
	tasks, outcomes = append(tasks, []float64{0.5, 0.6}), append(outcomes, []bool{false, false})
	macro, used = Macro(AUROC, tasks, outcomes)
	want("macro AUROC without the fourth", macro, 0.7541466353183376)
	if used != 3 {
		t.Errorf("%d tasks used", used)
	}
}

// By hand: of the four pairs two are right, one is tied, one is wrong.
func TestByHand(t *testing.T) {
	p, y := []float64{0.9, 0.5, 0.5, 0.1}, []bool{false, true, false, false}
	if got := AUROC(p, y); got != 0.5 {
		t.Errorf("AUROC %v, want (1 + 1/2 + 0)/3", got)
	}
	if got := AveragePrecision(p, y); got != 1.0/3 {
		t.Errorf("average precision %v, want 1/3: the tie is one threshold", got)
	}
	if got := TrapezoidPRC(p, y); got != (0+1.0/3)/2 {
		t.Errorf("trapezoid %v, want 1/6", got)
	}
	if got := Brier(p, y); math.Abs(got-(0.81+0.25+0.25+0.01)/4) > 1e-15 {
		t.Errorf("Brier %v", got)
	}
	if got := F1(p, y); got != 0.5 {
		t.Errorf("F1 %v, want 2*1/(2*1 + 2 false)", got)
	}
	same := []float64{0.3, 0.3, 0.3, 0.3}
	if AUROC(same, y) != 0.5 || AveragePrecision(same, y) != 0.25 {
		t.Errorf("constant predictions: %v, %v, want 0.5 and the base rate", AUROC(same, y), AveragePrecision(same, y))
	}
	if AUROC([]float64{0, 1}, []bool{false, true}) != 1 || AUROC([]float64{1, 0}, []bool{false, true}) != 0 {
		t.Error("perfect and reversed")
	}
}

func TestUndefinedIsNaN(t *testing.T) {
	none := []bool{false, false}
	for name, got := range map[string]float64{
		"AUROC of one outcome":           AUROC([]float64{0.1, 0.2}, none),
		"average precision without ones": AveragePrecision([]float64{0.1, 0.2}, none),
		"trapezoid without ones":         TrapezoidPRC([]float64{0.1, 0.2}, none),
		"Brier of nothing":               Brier(nil, nil),
		"slope of one outcome":           CalibrationSlope([]float64{0.1, 0.2}, none),
		"slope where outcomes are parted": CalibrationSlope([]float64{0.1, 0.2, 0.8, 0.9},
			[]bool{false, false, true, true}),
		"AUROC of a NaN": AUROC([]float64{math.NaN(), 0.2}, []bool{true, false}),
	} {
		if !math.IsNaN(got) {
			t.Errorf("%s: %v, want NaN", name, got)
		}
	}
	if F1([]float64{0.1}, none[:1]) != 0 {
		t.Error("F1 without positives is 0")
	}
}
