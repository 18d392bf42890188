package fusion

import (
	"math"
	"strings"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

// Init draws the weights from a seed, each parameter by its place in the list, so that
// the same config and seed give the same weights.
//
// Gates of UTDE, self-attention, feed-forward networks and the second matrix of a now
// token are Xavier-uniform (Glorot and Bengio 2010), the outputs of attention and
// feed-forward networks half of that, with biases of 0. Experts are normal with variance
// 2/(in+out), the second matrix half of that, biases 0; their centres are standard
// normal, for a softmax gate over sqrt(in); weights of the router's noise are 0. Other
// dense layers and the time embedding are uniform within 1/sqrt(in), biases too. The
// output layer is 0.3 of that, its bias the task's. Positions are normal with deviation
// 0.02, types, missing embeddings and the rows of words with 0.1.
func (n *Network[F]) Init(seed uint64) {
	draw := nn.Draw{Seed: seed}
	for i, name := range n.params.Names {
		values, shape := n.params.Value(nn.Param(i)), n.params.Shapes[i]
		law := n.law(name, shape)
		row := draw.Row(uint64(i), 0)
		for j := range values {
			x := law.fixed
			switch {
			case law.uniform > 0:
				x = law.uniform * (float64(2*row.Uniform(uint64(j))) - 1)
			case law.normal > 0:
				x = law.normal * row.Normal(uint64(j))
			}
			values[j] = F(x)
		}
	}
	for k, task := range n.Config.Tasks {
		n.params.Value(n.head.Out.B)[k] = F(task.Bias)
	}
}

// law is how the elements of a parameter are drawn: uniform within plus or minus uniform,
// normal with the deviation normal, or all equal to fixed.
type law struct{ uniform, normal, fixed float64 }

// law is that of a parameter, by its name and shape.
func (n *Network[F]) law(name string, shape []int) law {
	first, last := float64(shape[0]), float64(shape[len(shape)-1])
	layer, at := strings.CutPrefix(name, "layer")
	suffix := layer[strings.LastIndexByte(layer, '.')+1:]
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.HasSuffix(name, part) {
				return true
			}
		}
		return false
	}
	xavier := math.Sqrt(6 / (first + last))
	switch {
	case suffix == "gain":
		return law{fixed: 1}
	case suffix == "bias" && !strings.HasSuffix(name, "attention.bias"):
		return law{}
	case name == "positions":
		return law{normal: 0.02}
	case suffix == "words" || suffix == "type" || suffix == "missing" || suffix == "states":
		return law{normal: 0.1}
	case strings.HasPrefix(name, "time."):
		return law{uniform: 1}
	case suffix == "centres" && n.Config.Gate == Softmax:
		return law{normal: 1 / math.Sqrt(last)}
	case suffix == "centres":
		return law{normal: 1}
	case suffix == "noise":
		return law{}
	case has("experts.w1", "experts.w2"):
		deviation := math.Sqrt(2 / (last + float64(shape[1])))
		if suffix == "w2" {
			deviation /= 2
		}
		return law{normal: deviation}
	case has("experts.b1", "experts.b2"):
		return law{}
	case at && has("out.w", "ffn2.w"):
		return law{uniform: xavier / 2}
	case at && has("keyvalue.w"):
		return law{uniform: math.Sqrt(6 / (2 * last))}
	case at && suffix == "w", has("utde.first.w", "utde.second.w", "now2.w"):
		return law{uniform: xavier}
	case at, has("utde.first.b", "utde.second.b", "now2.b"):
		return law{}
	case name == "head.out.w":
		return law{uniform: 0.3 / math.Sqrt(last)}
	case suffix == "b" || suffix == "bias": // of the fan-in of its weights, which stand before it
		return law{uniform: 1 / math.Sqrt(n.fanIn(name))}
	}
	return law{uniform: 1 / math.Sqrt(last)}
}

// fanIn is the width of the weights that a bias belongs to.
func (n *Network[F]) fanIn(bias string) float64 {
	weights := strings.TrimSuffix(bias, "b")
	if strings.HasSuffix(bias, "attention.bias") {
		weights = strings.TrimSuffix(bias, "bias") + "out."
	}
	i, ok := n.params.Named(weights + "w")
	if !ok {
		panic("fusion: Init: no weights for " + bias)
	}
	shape := n.params.Shapes[i]
	return float64(shape[len(shape)-1])
}

// UntrainedFile is the bytes of the shipped untrained model: weights drawn from a seed, so that the same
// seed gives the same bytes. Centres and scales are those of the public PhysioNet 2012
// training set where it has the channel, else plain typical values.
func UntrainedFile(seed uint64) ([]byte, error) {
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

// typicalEdges fills edges with the rows in turn, beginning again at the first.
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

// typical are the channels of the untrained model with centres and scales, after the
// transform of the channel table.
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
