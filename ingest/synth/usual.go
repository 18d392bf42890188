package synth

// How a channel is measured.
const (
	monitor = iota // every tick of the bedside monitor
	cuff           // every 15 min
	chart          // by a nurse, every hour or half hour
	lab            // in the laboratory, with a delay
)

// usualValue is a healthy patient's value of a channel, its scatter, the step that
// it is shown in, and hard bounds of the scatter around its target.
type usualValue struct {
	kind    int
	value   float64
	scatter float64
	step    float64
}

// usual are the channels that the unit measures. With these values and twice this
// scatter NEWS2 is 0, so that a healthy patient never alerts.
var usual = map[string]usualValue{
	"heart_rate":         {monitor, 74, 2, 1},
	"respiratory_rate":   {monitor, 15, 0.8, 1},
	"spo2":               {monitor, 98, 0.4, 1},
	"systolic_arterial":  {monitor, 126, 3, 1},
	"diastolic_arterial": {monitor, 70, 2, 1},
	"mean_arterial":      {monitor, 88, 2, 1},
	"systolic_cuff":      {cuff, 127, 3, 1},
	"diastolic_cuff":     {cuff, 71, 2, 1},
	"temperature":        {chart, 36.9, 0.1, 0.1},
	"gcs_eye":            {chart, 4, 0, 1},
	"gcs_verbal":         {chart, 5, 0, 1},
	"gcs_motor":          {chart, 6, 0, 1},
	"fio2":               {chart, 0.21, 0, 0.01},
	"urine_output":       {chart, 80, 10, 5},
	"norepinephrine":     {chart, 0, 0, 0.01},
	"lactate":            {lab, 1.1, 0.1, 0.1},
	"creatinine":         {lab, 0.9, 0.05, 0.1},
	"wbc":                {lab, 8, 0.6, 0.1},
	"hemoglobin":         {lab, 13, 0.2, 0.1},
	"platelets":          {lab, 230, 10, 1},
	"potassium":          {lab, 4.1, 0.1, 0.1},
	"sodium":             {lab, 140, 1, 1},
	"bicarbonate":        {lab, 25, 0.6, 1},
	"urea_nitrogen":      {lab, 15, 1, 1},
	"glucose":            {lab, 110, 8, 1},
	"ph":                 {lab, 7.4, 0.01, 0.01},
	"paco2":              {lab, 40, 1, 1},
	"pao2":               {lab, 95, 4, 1},
}

// Channels by how they are measured, each list in a fixed order.
var (
	monitorChannels = []string{"heart_rate", "respiratory_rate", "spo2", "systolic_arterial", "diastolic_arterial", "mean_arterial"}
	cuffChannels    = []string{"systolic_cuff", "diastolic_cuff"}
	chartChannels   = []string{"temperature", "gcs_eye", "gcs_verbal", "gcs_motor", "fio2", "urine_output", "norepinephrine"}
	labChannels     = []string{"lactate", "creatinine", "wbc", "hemoglobin", "platelets", "potassium", "sodium", "bicarbonate", "urea_nitrogen", "glucose"}
	gasChannels     = []string{"ph", "paco2", "pao2", "lactate"}
)
