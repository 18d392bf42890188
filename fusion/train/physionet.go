package train

import (
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

// PhysioNetChannels are the numeric channels of PhysioNet 2012 with the ranges in
// which a model reads them, in the order of the recipe: 10 vital, 5 support, 22 lab.
func PhysioNetChannels() []vitals.Channel {
	channels := make([]vitals.Channel, len(physionetNames))
	for i, name := range physionetNames {
		id, ok := schemas.ChannelByName(name)
		if !ok {
			panic("train: the channel table has no " + name)
		}
		r := id.Info().Models
		channels[i] = vitals.Channel{ID: id, Low: r.Low, High: r.High, Scale: 1}
	}
	return channels
}

var physionetNames = [...]string{
	"heart_rate", "mean_arterial", "systolic_arterial", "diastolic_arterial",
	"systolic_cuff", "diastolic_cuff", "mean_cuff", "temperature",
	"respiratory_rate", "arterial_saturation",
	"urine_output", "gcs_total", "fio2", "ventilated", "weight",
	"ph", "paco2", "pao2", "hematocrit", "potassium", "platelets",
	"creatinine", "urea_nitrogen", "bicarbonate", "magnesium", "sodium",
	"glucose", "wbc", "lactate", "bilirubin", "ast", "alt",
	"alkaline_phosphatase", "albumin", "troponin_t", "troponin_i", "cholesterol",
}
