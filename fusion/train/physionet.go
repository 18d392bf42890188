package train

import (
	"slices"

	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

// PhysioNetChannels are the numeric channels of PhysioNet 2012 with the ranges in
// which models read them, in the order of the recipe: 10 vital, 5 support, 22 lab.
func PhysioNetChannels() []vitals.Channel {
	var channels []vitals.Channel
	for _, name := range physionetChannels {
		id, ok := schemas.ChannelByName(name)
		if !ok {
			panic("train: the channel table has no " + name)
		}
		read := id.Info().Read
		channels = append(channels, vitals.Channel{ID: id, Low: read.Low, High: read.High, Scale: 1})
	}
	return slices.Clip(channels)
}

var physionetChannels = [...]string{
	"heart_rate", "mean_arterial", "systolic_arterial", "diastolic_arterial", "systolic_cuff", "diastolic_cuff", "mean_cuff",
	"temperature", "respiratory_rate", "arterial_saturation",
	"urine_output", "gcs_total", "fio2", "ventilated", "weight",
	"ph", "paco2", "pao2", "hematocrit", "potassium", "platelets", "creatinine", "urea_nitrogen", "bicarbonate", "magnesium", "sodium",
	"glucose", "wbc", "lactate", "bilirubin", "ast", "alt", "alkaline_phosphatase", "albumin", "troponin_t", "troponin_i", "cholesterol",
}
