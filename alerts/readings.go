package alerts

import "github.com/vigil-icu/vigil/schemas"

// Input is one of the numbers that NEWS2 reads. Several may serve one component, as a
// pressure from a cuff and one from an arterial line do.
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
	Inputs // how many there are
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
	Components // how many there are
)

// ComponentNames are the names of the components in the inputs and the missing of a score.
var ComponentNames = [Components]string{
	"respiratory_rate", "spo2", "oxygen", "systolic", "heart_rate", "consciousness", "temperature",
}

// NotKnown stands in [Points] for a component that nothing was known of.
const NotKnown = -1

// AVPUAlert is the value that the channel avpu has for A, alert. Any other value is one of
// the chart's CVPU.
const AVPUAlert = 0

// Reading is the latest observation of an input. Its zero value says that there is none.
type Reading struct {
	Known     bool
	Flags     schemas.Flag // of which NEWS2 reads Untestable
	Value     float32      // in the channel's canonical unit
	EventTime schemas.Time
	Order     uint64 // of arrival, which decides between equal event times
	Stale     bool   // measured NEWS2Reach or longer ago: the last that is known, and no fresh number
	Ref       string // the message that it came from, for a score's inputs
}

// Readings are the latest observations of all inputs as of one moment. The caller sees to it
// that their event times are not after as_of and not before admission, and marks as Stale
// those that are not in (as_of - NEWS2Reach, as_of].
type Readings [Inputs]Reading

// NEWS2Reach is how far back NEWS2 looks for fresh numbers, 6 h in milliseconds: an older
// observation is stale. The chart itself says nothing of it.
const NEWS2Reach = 6 * schemas.Hour

// Points are the points of each component, NotKnown where it was never measured.
type Points [Components]int8

// Standing is what is known of the components of NEWS2 as of one moment.
type Standing struct {
	// Points are those of the last known values, of the stale components too.
	Points Points
	// Stale are the components that are not known any more: all that is known of them was
	// measured too long ago. A stale component with points may hold an alert and starts none.
	Stale [Components]bool
	// Measured is when each component was last measured, by whichever of its inputs; never
	// where it was not.
	Measured Measured
}

// Measured is a time for each component, the smallest time for one that was never measured.
type Measured [Components]schemas.Time

// NeverMeasured is what is known where nothing has come.
func NeverMeasured() (m Measured) {
	for c := range m {
		m[c] = never
	}
	return m
}

// Fresh is what is left of a NEWS2 without the points of stale components, and says whether a
// single fresh component has 3 points.
func (s *Standing) Fresh(value int) (fresh int, singleThree bool) {
	for c, points := range s.Points {
		switch {
		case points > 0 && s.Stale[c]:
			value -= int(points)
		case points == 3:
			singleThree = true
		}
	}
	return value, singleThree
}

// Holds says whether a component that had points is not known any more.
func (s *Standing) Holds() bool {
	for c, points := range s.Points {
		if points > 0 && s.Stale[c] {
			return true
		}
	}
	return false
}

// componentInputs are the inputs that a component is read from.
var componentInputs = [Components][]Input{
	ComponentRespiratoryRate: {RespiratoryRate},
	ComponentSpO2:            {SpO2},
	ComponentOxygen:          {FiO2, OxygenFlow, Ventilated},
	ComponentSystolic:        {SystolicArterial, SystolicCuff},
	ComponentHeartRate:       {HeartRate},
	ComponentConsciousness:   {GCSTotal, GCSEye, GCSVerbal, GCSMotor, AVPU},
	ComponentTemperature:     {Temperature},
}

// Measured is when each component was last measured.
func (r *Readings) Measured() Measured {
	m := NeverMeasured()
	for c, inputs := range componentInputs {
		for _, i := range inputs {
			if r[i].Known {
				m[c] = max(m[c], r[i].EventTime)
			}
		}
	}
	return m
}

// InputChannels are the channels behind the inputs, with their names and units.
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

// input looks up a channel. One that is missing from the program's own table is a mistake
// that every start of the program shows.
func input(name string) schemas.ChannelInfo {
	c, ok := schemas.ChannelByName(name)
	if !ok {
		panic("alerts: the channel table has no " + name)
	}
	return *c.Info()
}
