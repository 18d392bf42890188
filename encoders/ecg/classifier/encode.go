package classifier

import (
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/schemas"
)

// ID names the encoder of strips. With other detectors, features, weights or scales it gets
// another EncoderVersion, since what a log holds of a strip is by the one that it names.
const (
	ID             = "vigil-ecg"
	EncoderVersion = "1"
)

// Names of findings in the log, beside that of the rhythm, which is the item's label.
const (
	HeartRate        = "heart_rate" // /min
	Quality          = "quality"    // 0 to 1
	Pause            = "pause"      // s
	Irregular        = "irregular"  // 1 or 0
	Ventricular      = "ventricular_ectopy"
	Supraventricular = "supraventricular_ectopy"
	Fibrillation     = "atrial_fibrillation"
)

// Reading is what the encoder makes of a strip. A strip that cannot be used has its quality, and
// neither other findings nor a vector.
type Reading struct {
	ecg.Result
	Findings []schemas.Finding
	// Vector are numbers for a network, in the order of VectorNames.
	Vector []float32
}

// component is one number of the vector: what it is on the scale of a network, around 0 and a few
// units wide.
type component struct {
	name          string
	centre, scale float64
}

// components are those of the vector. Centres and scales are medians and spreads, rounded, over
// strips of the records that the weights were fitted to; the probabilities are taken as logits.
var components = []component{
	{HeartRate, 85, 25},
	{"rmssd_log", 4.7, 1.3}, // log(1+ms)
	{Quality, 0.9, 0.1},
	{Irregular, 0.5, 0.5},
	{Pause, 1, 1},
	{Ventricular, -3, 2.5},
	{Supraventricular, -3, 2},
	{Fibrillation, -1.5, 2.5},
	{"rr_cv", 0.12, 0.12},
	{"rr_rough", 0.15, 0.17},
	{"rr_entropy", 0.4, 0.3},
	{"rr_alike", 0.65, 0.35},
	{"rr_early", 0.1, 0.15},
	{"qrs_like_median", 0.97, 0.03},
	{"p_like_median", 0.75, 0.3},
	{"p_by_qrs", 0.09, 0.07},
	{"fine", 0.035, 0.02},
	{"steep_ms", 65, 24},
}

// measuredComponents are those that do not stand among ecg.StripFeatures.
const measuredComponents = 8

// VectorNames are the names of the numbers in a vector.
func VectorNames() []string {
	names := make([]string, len(components))
	for i := range components {
		names[i] = components[i].name
	}
	return names
}

// VectorWidth is how many numbers a vector has.
var VectorWidth = len(components)

// stripFeature is the place of a component among ecg.StripFeatures; a test holds that it is there.
var stripFeature = func() (at []int) {
	for _, c := range components[measuredComponents:] {
		at = append(at, slices.Index(ecg.StripFeatures, c.name))
	}
	return at
}()

// vectorLimit bounds the numbers of a vector, and logitLimit the logits in it: no strip may weigh
// more than all others.
const (
	vectorLimit = 4
	logitLimit  = 8
)

// Encode reads a strip as an encoder does. The reading is the caller's.
func (r *Reader) Encode(s *schemas.Strip) Reading {
	best := r.featurer.Analyse(s)
	out := Reading{Result: best}
	if best.State != schemas.Present {
		out.Beats = slices.Clone(best.Beats)
		if !best.Missing {
			out.Findings = []schemas.Finding{{Name: Quality, Value: best.Quality}}
		}
		return out
	}
	features := r.featurer.Of(s, &best)
	out.Beats = slices.Clone(best.Beats)
	found := r.classifier.Read(features)
	irregular := float32(0)
	if best.Irregular {
		irregular = 1
	}
	out.Findings = []schemas.Finding{{Name: HeartRate, Value: best.HeartRate}, {Name: Quality, Value: best.Quality}, {Name: Irregular, Value: irregular}}
	if best.Pause > 0 {
		out.Findings = append(out.Findings, schemas.Finding{Name: Pause, Value: best.Pause})
	}
	values := [measuredComponents]float64{
		float64(best.HeartRate), math.NaN(), float64(best.Quality), float64(irregular), float64(best.Pause), math.NaN(), math.NaN(), math.NaN(),
	}
	if best.RMSSD > 0 {
		values[1] = math.Log1p(float64(best.RMSSD))
	}
	if found.Told {
		out.Findings = append(out.Findings,
			schemas.Finding{Name: Ventricular, Value: float32(found.Ventricular)},
			schemas.Finding{Name: Supraventricular, Value: float32(found.Supraventricular)},
			schemas.Finding{Name: Fibrillation, Value: float32(found.Fibrillation)})
		values[5], values[6], values[7] = logit(found.Ventricular), logit(found.Supraventricular), logit(found.Fibrillation)
	}
	out.Vector = make([]float32, len(components))
	for i := range components {
		v := math.NaN()
		switch {
		case i < measuredComponents:
			v = values[i]
		case len(features.Strip) > 0:
			v = float64(features.Strip[stripFeature[i-measuredComponents]])
		}
		out.Vector[i] = components[i].scaled(v)
	}
	return out
}

// scaled is a value on the scale of a network. What is not known stands at the centre.
func (c *component) scaled(v float64) float32 {
	if v != v {
		return 0
	}
	return float32(max(-vectorLimit, min((v-c.centre)/c.scale, vectorLimit)))
}

func logit(p float64) float64 {
	if p <= 0 {
		return -logitLimit
	}
	if p >= 1 {
		return logitLimit
	}
	return max(-logitLimit, min(math.Log(p/(1-p)), logitLimit))
}
