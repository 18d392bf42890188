package alerts

import "github.com/vigil-icu/vigil/schemas"

// Input is one of the numbers that NEWS2 reads.
type Input uint8

// Inputs of NEWS2, in the order of its components.
const (
	RespiratoryRate Input = iota
	SpO2
	FiO2
	OxygenFlow
	Ventilated
	SystolicArterial
	SystolicCuff
	HeartRate
	GCSTotal
	GCSEye
	GCSVerbal
	GCSMotor
	AVPU
	Temperature
	Inputs // their number
)

// Component is one of the seven lines of the NEWS2 chart.
type Component uint8

// Components of NEWS2, in the order of the chart.
const (
	ComponentRespiratoryRate Component = iota
	ComponentSpO2
	ComponentOxygen
	ComponentSystolic
	ComponentHeartRate
	ComponentConsciousness
	ComponentTemperature
	Components // their number
)

// ComponentNames are the names in a score's inputs and missing.
var ComponentNames = [Components]string{
	"respiratory_rate", "spo2", "oxygen", "systolic", "heart_rate", "consciousness", "temperature",
}

// NotKnown stands for the points of a missing component.
const NotKnown = -1

// AVPUAlert is the value of the channel avpu for A.
const AVPUAlert = 0

// Reading is the latest observation of an input, if there is one.
type Reading struct {
	Known     bool
	Flags     schemas.Flag
	Value     float32 // in the channel's canonical unit
	EventTime schemas.Time
	Order     uint64 // of arrival: decides between event times that are the same
	Ref       string
}

// Readings are the latest observations of all inputs as of one moment: with
// event time in (as_of - Reach, as_of] and not before admission.
type Readings [Inputs]Reading

// Reach is how far back NEWS2 looks.
const Reach = 6 * schemas.Hour

// Points are the points of each component, NotKnown where it is missing.
type Points [Components]int8

// InputChannels are the channels of the inputs.
var InputChannels = [Inputs]schemas.ChannelInfo{
	RespiratoryRate:  {Name: "respiratory_rate", Unit: "/min"},
	SpO2:             {Name: "spo2", Unit: "%"},
	FiO2:             {Name: "fio2", Unit: "1"},
	OxygenFlow:       {Name: "o2_flow", Unit: "L/min"},
	Ventilated:       {Name: "ventilated", Unit: "1"},
	SystolicArterial: {Name: "systolic_arterial", Unit: "mm[Hg]"},
	SystolicCuff:     {Name: "systolic_cuff", Unit: "mm[Hg]"},
	HeartRate:        {Name: "heart_rate", Unit: "/min"},
	GCSTotal:         {Name: "gcs_total", Unit: "{score}"},
	GCSEye:           {Name: "gcs_eye", Unit: "{score}"},
	GCSVerbal:        {Name: "gcs_verbal", Unit: "{score}"},
	GCSMotor:         {Name: "gcs_motor", Unit: "{score}"},
	AVPU:             {Name: "avpu", Unit: "{score}"},
	Temperature:      {Name: "temperature", Unit: "Cel"},
}
