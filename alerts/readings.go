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

// InputChannels are the lines of the channel table behind the inputs.
var InputChannels = [Inputs]schemas.ChannelInfo{
	RespiratoryRate:  input("respiratory_rate"),
	SpO2:             input("spo2"),
	FiO2:             input("fio2"),
	OxygenFlow:       input("oxygen_flow"),
	Ventilated:       input("ventilated"),
	SystolicArterial: input("systolic_arterial"),
	SystolicCuff:     input("systolic_cuff"),
	HeartRate:        input("heart_rate"),
	GCSTotal:         input("gcs_total"),
	GCSEye:           input("gcs_eye"),
	GCSVerbal:        input("gcs_verbal"),
	GCSMotor:         input("gcs_motor"),
	AVPU:             input("avpu"),
	Temperature:      input("temperature"),
}

func input(name string) schemas.ChannelInfo {
	c, ok := schemas.ChannelByName(name)
	if !ok {
		panic("alerts: the channel table has no " + name)
	}
	return *c.Info()
}
