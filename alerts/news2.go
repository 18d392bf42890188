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

// Reading is the latest observation of an input, if there is one.
type Reading struct {
	Known     bool
	Value     float32 // in the channel's canonical unit
	Flags     schemas.Flag
	EventTime schemas.Time
	Ref       string
}

// Readings are the latest observations of all inputs as of one moment.
type Readings [Inputs]Reading

// Points are the points of each component, NotKnown where it is missing.
type Points [Components]int8
