package fusion

import (
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

// Untrained makes the shipped file: weights drawn from a seed. The same seed gives the
// same bytes. Centres and scales are those of the public PhysioNet 2012 training set
// where it has the channel, else plain typical values.
func Untrained(seed uint64) ([]byte, error) {
	c := &Config{
		Format: Format, Name: "vigil untrained token 16",
		Modalities: []Modality{{Name: "numeric", Kind: KindSeries}, {Name: "ecg", Kind: KindItems}, {Name: "notes", Kind: KindItems}, {Name: "imaging", Kind: KindItems}},
		Channels:   typical, Statics: vitals.StaticNames[:],
		Points: 48, Cells: 48, Reference: ReferenceEnds, TimeWidth: 16, TimeHeads: 2, SoftCap: true,
		Values: ValuesID, Intensity: true, Regular: Published, UTDE: GateFeature, Now: 8,
		Width: 16, Layers: 1, Heads: 2, FFN: 32, Missing: MissingLearned, States: true, Pool: PoolLast,
		Form: FormToken, Router: Joint, Gate: Laplace, Experts: 8, TopK: 2, Hidden: 32, Expert: ExpertFFN, BalanceOf: BalanceSoftmax,
		Tasks: []Task{
			{Name: "mortality", Kind: TaskBinary, Weight: 1, Report: ReportRisk},
			{Name: "decompensation", Kind: TaskBinary, Weight: 1, Report: ReportRisk},
			{Name: "length_of_stay", Kind: TaskRegression, Weight: 1},
		},
		Training: "none", Licence: "none: no data went into it",
	}
	for _, name := range schemas.Phenotypes {
		c.Tasks = append(c.Tasks, Task{Name: name, Kind: TaskBinary, Weight: 1, Report: ReportPhenotype})
	}
	n, err := NewNetwork[float32](c)
	if err != nil {
		return nil, err
	}
	n.Init(seed)
	typicalEdges(n.StatEdges, statEdges[:])
	typicalEdges(n.StaticEdges, staticEdges[:])
	return n.Marshal(nil)
}

// typicalEdges fills edges with rows in turn.
func typicalEdges(e vitals.Edges, rows [][vitals.Encoded]float32) {
	for f := range len(e) / vitals.Encoded {
		copy(e[f*vitals.Encoded:], rows[f%len(rows)][:])
	}
}

// statEdges of the 12 statistics of a channel (see vitals.Statistics): values in scales,
// the age in hours, a deviation, counts.
var (
	scaled  = [vitals.Encoded]float32{-3, -2, -1, -0.5, 0, 0.5, 1, 2, 3}
	counted = [vitals.Encoded]float32{0, 1, 2, 4, 8, 16, 24, 48, 96}

	statEdges = [...][vitals.Encoded]float32{
		scaled, {0, 1, 2, 4, 8, 12, 24, 36, 47}, scaled, {0, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3},
		scaled, scaled, scaled, scaled, scaled, counted, counted, counted,
	}
	staticEdges = [...][vitals.Encoded]float32{ // in the order of vitals.StaticNames
		{16, 30, 40, 50, 60, 70, 75, 80, 90}, {0, 1, 1, 1, 1, 1, 1, 1, 1}, {140, 155, 160, 165, 170, 175, 180, 185, 200},
		{1, 2, 3, 4, 4, 4, 4, 4, 4}, {40, 55, 62, 70, 78, 85, 95, 110, 160},
	}
)

var typical = numeric([]Channel{
	{Name: "heart_rate", Centre: 86, Scale: 17.6},
	{Name: "respiratory_rate", Centre: 19, Scale: 5.07},
	{Name: "spo2", Centre: 97, Scale: 2.5},
	{Name: "temperature", Centre: 37.2, Scale: 0.78},
	{Name: "systolic_arterial", Centre: 117, Scale: 21.7},
	{Name: "diastolic_arterial", Centre: 58, Scale: 11.7},
	{Name: "mean_arterial", Centre: 78, Scale: 13.8},
	{Name: "systolic_cuff", Centre: 117, Scale: 21.1},
	{Name: "diastolic_cuff", Centre: 57, Scale: 14.4},
	{Name: "mean_cuff", Centre: 75.3, Scale: 14.4},
	{Name: "gcs_total", Centre: 13, Scale: 3.51},
	{Name: "gcs_eye", Centre: 3, Scale: 1},
	{Name: "gcs_verbal", Centre: 3, Scale: 1.8},
	{Name: "gcs_motor", Centre: 5, Scale: 1.5},
	{Name: "fio2", Centre: 0.5, Scale: 0.215},
	{Name: "peep", Centre: 6, Scale: 3},
	{Name: "weight", Centre: 81, Scale: 22},
	{Name: "urine_output", Centre: 4.26, Scale: 0.983},
	{Name: "norepinephrine", Centre: 0.05, Scale: 0.1},
	{Name: "ph", Centre: 7.38, Scale: 0.0702},
	{Name: "paco2", Centre: 3.66, Scale: 0.194},
	{Name: "pao2", Centre: 4.79, Scale: 0.516},
	{Name: "lactate", Centre: 0.693, Scale: 0.679},
	{Name: "hematocrit", Centre: 30.3, Scale: 4.88},
	{Name: "hemoglobin", Centre: 10, Scale: 1.7},
	{Name: "platelets", Centre: 5.15, Scale: 0.546},
	{Name: "wbc", Centre: 2.43, Scale: 0.484},
	{Name: "sodium", Centre: 139, Scale: 4.68},
	{Name: "potassium", Centre: 1.41, Scale: 0.143},
	{Name: "chloride", Centre: 105, Scale: 6},
	{Name: "bicarbonate", Centre: 23, Scale: 4.68},
	{Name: "creatinine", Centre: 0, Scale: 0.628},
	{Name: "urea_nitrogen", Centre: 3, Scale: 0.72},
	{Name: "glucose", Centre: 4.84, Scale: 0.326},
	{Name: "magnesium", Centre: 0.693, Scale: 0.174},
	{Name: "calcium", Centre: 8.3, Scale: 0.8},
	{Name: "bilirubin", Centre: -0.105, Scale: 1.22},
	{Name: "albumin", Centre: 2.9, Scale: 0.663},
	{Name: "ecg_heart_rate", Centre: 86, Scale: 17.6},
})

// numeric puts channels into the modality of that name.
func numeric(channels []Channel) []Channel {
	for i := range channels {
		channels[i].Modality = "numeric"
	}
	return channels
}
