package fusion

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
)

// Untrained makes the shipped file: weights drawn from a seed, scaled by fan-in.
// The same seed gives the same bytes. Centres and scales are those of the public
// PhysioNet 2012 training set where it has the channel, else plain typical values.
func Untrained(seed uint64) ([]byte, error) {
	c := config{
		Format: 1, Name: "vigil untrained token 16", Form: "token", Gate: "laplace",
		Width: 16, Layers: 1, Heads: 2, TimeDim: 16, TimeHead: 2, Experts: 8, TopK: 2, Hidden: 32,
		Channels: typical, Licence: "none: no data went into it", Training: "none",
	}
	random := rand.New(rand.NewPCG(seed, 0x7669676c))
	values := map[string][]float32{}
	for _, t := range c.shapes() {
		v := make([]float32, t.size())
		last := t.name[strings.LastIndexByte(t.name, '.')+1:]
		for i := range v {
			switch {
			case last == "gain":
				v[i] = 1
			case last == "bias", strings.HasPrefix(last, "b") && t.name != "time.b":
				v[i] = 0
			default:
				fan := float64(t.shape[len(t.shape)-1])
				if len(t.shape) == 1 {
					fan = 1
				}
				v[i] = float32(random.NormFloat64() / math.Sqrt(fan))
			}
		}
		values[t.name] = v
	}
	text, err := json.Marshal(&c)
	if err != nil {
		return nil, err
	}
	return writeSafetensors(c.shapes(), values, map[string]string{"vigil": string(text)})
}

var typical = []channel{
	{"heart_rate", "id", 86, 17.6}, {"respiratory_rate", "id", 19, 5.07}, {"spo2", "id", 97, 2.5}, {"temperature", "id", 37.2, 0.78},
	{"systolic_arterial", "id", 117, 21.7}, {"diastolic_arterial", "id", 58, 11.7}, {"mean_arterial", "id", 78, 13.8},
	{"systolic_cuff", "id", 117, 21.1}, {"diastolic_cuff", "id", 57, 14.4}, {"mean_cuff", "id", 75.3, 14.4},
	{"gcs_total", "id", 13, 3.51}, {"gcs_eye", "id", 3, 1}, {"gcs_verbal", "id", 3, 1.8}, {"gcs_motor", "id", 5, 1.5},
	{"fio2", "id", 0.5, 0.215}, {"peep", "id", 6, 3}, {"weight", "id", 81, 22}, {"urine_output", "log1p", 4.26, 0.983},
	{"norepinephrine", "log1p", 0.05, 0.1}, {"ph", "id", 7.38, 0.0702}, {"paco2", "log", 3.66, 0.194}, {"pao2", "log", 4.79, 0.516},
	{"lactate", "log", 0.693, 0.679}, {"hematocrit", "id", 30.3, 4.88}, {"hemoglobin", "id", 10, 1.7}, {"platelets", "log", 5.15, 0.546},
	{"wbc", "log", 2.43, 0.484}, {"sodium", "id", 139, 4.68}, {"potassium", "log", 1.41, 0.143}, {"chloride", "id", 105, 6},
	{"bicarbonate", "id", 23, 4.68}, {"creatinine", "log", 0, 0.628}, {"urea_nitrogen", "log", 3, 0.72}, {"glucose", "log", 4.84, 0.326},
	{"magnesium", "log", 0.693, 0.174}, {"calcium", "id", 8.3, 0.8}, {"bilirubin", "log", -0.105, 1.22}, {"albumin", "id", 2.9, 0.663},
	{"ecg_heart_rate", "id", 86, 17.6},
}
