package train

import (
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

// PhysioNetChannels are the numeric channels of PhysioNet 2012 with the ranges in
// which a model reads them, in the order of the recipe: 10 vital, 5 support, 22 lab.
// They are narrower than those of the channel table, which lets a heart rate of 0 in.
func PhysioNetChannels() []vitals.Channel {
	channels := make([]vitals.Channel, len(physionetRanges))
	for i, r := range physionetRanges {
		id, ok := schemas.ChannelByName(r.name)
		if !ok {
			panic("train: the channel table has no " + r.name)
		}
		channels[i] = vitals.Channel{ID: id, Low: r.low, High: r.high, Scale: 1}
	}
	return channels
}

var physionetRanges = [...]struct {
	name      string
	low, high float32
}{
	{"heart_rate", 10, 300}, {"mean_arterial", 10, 250}, {"systolic_arterial", 20, 300}, {"diastolic_arterial", 5, 200},
	{"systolic_cuff", 20, 300}, {"diastolic_cuff", 5, 200}, {"mean_cuff", 10, 250}, {"temperature", 25, 44},
	{"respiratory_rate", 1, 80}, {"arterial_saturation", 40, 100},
	{"urine_output", 0, 5000}, {"gcs_total", 3, 15}, {"fio2", 0.2, 1}, {"ventilated", 0, 1}, {"weight", 20, 300},
	{"ph", 6.5, 8}, {"paco2", 5, 200}, {"pao2", 15, 700}, {"hematocrit", 5, 70}, {"potassium", 1, 15}, {"platelets", 3, 2500},
	{"creatinine", 0.1, 30}, {"urea_nitrogen", 1, 250}, {"bicarbonate", 3, 60}, {"magnesium", 0.3, 12}, {"sodium", 90, 190},
	{"glucose", 10, 1500}, {"wbc", 0.1, 250}, {"lactate", 0.2, 35}, {"bilirubin", 0.1, 80}, {"ast", 3, 30000}, {"alt", 2, 20000},
	{"alkaline_phosphatase", 5, 3000}, {"albumin", 0.8, 6}, {"troponin_t", 0.01, 40}, {"troponin_i", 0.1, 80}, {"cholesterol", 20, 400},
}
