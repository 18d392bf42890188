package judge

import (
	_ "embed"
	"encoding/json"
	"math"
)

// Schema is the JSON Schema of a report (draft 2020-12).
//
//go:embed report.schema.json
var Schema []byte

// version is that of the form which Schema describes.
const version = 1

// Report is what [Judge] finds. In JSON it is one object; a number that is not defined, as an
// AUROC without deaths, is null.
type Report struct {
	// Model is the hash of the file, Policy that of the policy's.
	Model string `json:"model"`
	// Version is that of this form: see Schema.
	Version int      `json:"version"`
	Name    string   `json:"name,omitempty"`
	Policy  string   `json:"policy"`
	Data    []string `json:"data"`
	// TimeBasis is "available" where each value counts from when it was known, "charted" where
	// from when it was measured. Charted is the report of the latter beside that of the former.
	TimeBasis string  `json:"time_basis"`
	Charted   *Report `json:"charted,omitempty"`
	// Withheld are modalities that nobody sent, Dropped is the share of the other observations
	// that were lost, and Delays is by how much values took longer to become known. Corrupted is
	// the share of vital signs that were artefacts, Gap how many hours before hour 24 were lost.
	Withheld  []string `json:"withheld,omitempty"`
	Dropped   float64  `json:"dropped,omitempty"`
	Delays    float64  `json:"delays,omitempty"`
	Corrupted float64  `json:"corrupted,omitempty"`
	Gap       float64  `json:"gap_hours,omitempty"`
	// Skipped counts patients that were left out because the model has seen them, Unknown
	// stays without an outcome.
	Skipped int `json:"patients_seen_in_training"`
	Unknown int `json:"stays_without_outcome"`
	// Tasks are those of the model, Baselines scores that need none.
	Tasks     map[string]*Quality `json:"tasks"`
	Baselines map[string]*Quality `json:"baselines,omitempty"`
	Notice    string              `json:"notice"`
}

// Quality is how good one number is: a risk, or the points of a plain score.
type Quality struct {
	N        int `json:"n"`        // stays
	Patients int `json:"patients"` // of whom they are
	Events   int `json:"events"`   // stays that end in the outcome
	// PatientDays are those of the stays' courses.
	PatientDays Number `json:"patient_days"`
	// Hours are by the hour of the stay, All over all full hours of all stays.
	Hours map[string]*AtHour `json:"hours"`
	All   *AtHour            `json:"all"`
	// Alerts are by operating point.
	Alerts map[string]*Operating `json:"alerts"`
	// Groups are at hour 24, by "kind: group".
	Groups map[string]*AtHour `json:"groups,omitempty"`
	// Missing is, of a plain score whose unknown components count 0, the share of full hours at
	// which a component was unknown.
	Missing map[string]Number `json:"missing,omitempty"`
	// NetBenefit is at hour 24, by the threshold probability; of a risk only.
	NetBenefit []Benefit `json:"net_benefit,omitempty"`
}

// AtHour is how good a number is that is asked once in each stay that lasts until then.
// Calibration and error are of probabilities only.
type AtHour struct {
	N      int `json:"n"`
	Events int `json:"events"`
	Scores int `json:"scores,omitempty"` // where a stay counts with several
	// Indeterminate are the moments at which the model gave no number, which are left out.
	Indeterminate int `json:"indeterminate,omitempty"`
	measured
	Mean     Number `json:"mean_risk"`
	Observed Number `json:"observed"`
	// Curve are tenths of the stays by their risk.
	Curve []Bin `json:"curve,omitempty"`
}

// measured are the measures with their 95 % intervals over patients.
type measured struct {
	AUROC         Number `json:"auroc"`
	AUROCLow      Number `json:"auroc_low"`
	AUROCHigh     Number `json:"auroc_high"`
	AUPRC         Number `json:"auprc"`
	AUPRCLow      Number `json:"auprc_low"`
	AUPRCHigh     Number `json:"auprc_high"`
	Brier         Number `json:"brier"`
	BrierLow      Number `json:"brier_low"`
	BrierHigh     Number `json:"brier_high"`
	Slope         Number `json:"calibration_slope"`
	SlopeLow      Number `json:"calibration_slope_low"`
	SlopeHigh     Number `json:"calibration_slope_high"`
	Intercept     Number `json:"calibration_intercept"`
	InterceptLow  Number `json:"calibration_intercept_low"`
	InterceptHigh Number `json:"calibration_intercept_high"`
}

// Bin is a part of a calibration curve.
type Bin struct {
	N        int    `json:"n"`
	Mean     Number `json:"mean_risk"`
	Observed Number `json:"observed"`
}

// Operating is what alarms at one threshold come to. An alarm starts where the number reaches the
// threshold while none is open, and ends where it falls below Clear.
type Operating struct {
	// Chosen says how the threshold was found.
	Chosen    string `json:"chosen"`
	Threshold Number `json:"threshold"`
	Clear     Number `json:"clear"`
	Alarms    int    `json:"alarms"`
	// Recall is the share of stays with the outcome that had an alarm, Precision the share of
	// alarms in stays with the outcome.
	Recall        Number `json:"event_recall"`
	RecallLow     Number `json:"event_recall_low"`
	RecallHigh    Number `json:"event_recall_high"`
	Precision     Number `json:"precision"`
	PrecisionLow  Number `json:"precision_low"`
	PrecisionHigh Number `json:"precision_high"`
	PerPatientDay Number `json:"alarms_per_patient_day"`
	// FirstPPV is the share of stays with an alarm that end in the outcome, which is the
	// precision of first alarms; Alerted the share of all stays that ever had one.
	FirstPPV     Number `json:"first_alert_ppv"`
	FirstPPVLow  Number `json:"first_alert_ppv_low"`
	FirstPPVHigh Number `json:"first_alert_ppv_high"`
	Alerted      Number `json:"ever_alerted"`
	// Lead is the median time from the first alarm to death, where that time is known.
	Lead Number `json:"lead_hours_median"`
}

// Benefit is the net benefit of a decision curve (Vickers and Elkin 2006): of acting on the
// number, and of acting on everybody.
type Benefit struct {
	Threshold Number `json:"threshold"`
	Model     Number `json:"model"`
	All       Number `json:"all"`
}

// Number is a float64 that is null in JSON where it is none.
type Number float64

// MarshalJSON writes at most six digits behind the point.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.Marshal(math.Round(v*1e6) / 1e6)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads null as no number.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}
