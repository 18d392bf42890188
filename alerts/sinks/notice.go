package sinks

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// Notice is one revision of an alert on its way to a receiver.
type Notice struct {
	schemas.Alert
	// Told is when the alert's topic took the revision, by the broker's clock. Beside AsOf, which is
	// the patient's time and of a recorded patient long past, it is the time that a receiver lives in.
	Told schemas.Time
	// Test marks a notice that means no patient, see TestNotices.
	Test bool
}

// Key names a revision for ever: a receiver that knows it has been told. Two alerts never share one.
func (n *Notice) Key() string { return fmt.Sprintf("%s.%d", n.ID, n.Revision) }

// short is a hash of the key of n letters, for receivers that take no longer ones.
func (n *Notice) short(length int) string {
	sum := sha256.Sum256([]byte(n.Key()))
	return hex.EncodeToString(sum[:])[:length]
}

// Open says whether the alert stands after this revision, and under this patient: where one id of a patient goes on
// under another, it stands under the other one.
func (n *Notice) Open() bool { return n.Phase != schemas.PhaseEnd && !n.ended() && !n.passedOn() }

// ended marks an answer that came after the alert's end.
func (n *Notice) ended() bool    { return slices.Contains(n.Flags, alerts.FlagEnded) }
func (n *Notice) passedOn() bool { return slices.Contains(n.Flags, alerts.FlagPassedOn) }

// calls says whether the revision asks for attention, as one that tells an answer or a new number does not, nor one of a
// patient for whom the policy has called already.
func (n *Notice) calls() bool {
	switch n.Phase {
	case schemas.PhaseStart, schemas.PhaseEscalate, schemas.PhaseReset, schemas.PhaseContinue:
		return !slices.Contains(n.Flags, alerts.FlagGrouped)
	}
	return false
}

func (n *Notice) acknowledged() bool { return slices.Contains(n.Flags, alerts.FlagAcknowledged) }
func (n *Notice) snoozed() bool      { return slices.Contains(n.Flags, alerts.FlagSnoozed) }

// technical says that the alert is about data that do not come, and not about the patient.
func (n *Notice) technical() bool { return n.Kind == alerts.KindTechnical }

// number is the value as the shortest decimal that stands for it.
func number(v float32) string { return strconv.FormatFloat(float64(v), 'f', -1, 32) }

// domain and local are the two parts of a patient's id, domain:id.
func (n *Notice) domain() string { d, _, _ := strings.Cut(n.Patient, ":"); return d }
func (n *Notice) local() string {
	_, id, _ := strings.Cut(n.Patient, ":")
	return id
}

// body is the alert as JSON, with the word on what Vigil is not.
func (n *Notice) body() ([]byte, error) {
	a := n.Alert
	a.Notice = schemas.Notice
	return schemas.EncodeAlert(&a)
}

// ErrRefused is in the error of a receiver that has read a notice and does not take it. It will not take the same one
// later either, unless somebody mends it; all other errors of a sink may pass.
var ErrRefused = errors.New("the receiver refuses it")

// Refusal is an ErrRefused with what the receiver said.
type Refusal struct {
	What   string // what was answered, in words without a patient: HTTP 422, MSA-1 AR
	Answer string // the beginning of the answer, which may quote the notice: for dead letters, never for a log
}

func (r *Refusal) Error() string { return fmt.Sprintf("%v: %s", ErrRefused, r.What) }

// Is makes a Refusal an ErrRefused.
func (r *Refusal) Is(err error) bool { return err == ErrRefused }

// refuse makes a Refusal, cutting a long answer.
func refuse(answer []byte, what string, args ...any) error {
	return &Refusal{What: fmt.Sprintf(what, args...), Answer: strings.ToValidUTF8(string(answer[:min(len(answer), 300)]), "?")}
}

// testPatient is the patient of test notices, a domain that no site has.
const testPatient = "vigil-test:0"

// TestNotices are an alert that begins and ends at once and says that it is a test, so that nothing stays open at the
// receiver. At different times they have different keys.
func TestNotices(name string, at time.Time) []Notice {
	now := schemas.Time(at.UnixMilli())
	sum := sha256.Sum256([]byte(fmt.Sprintf("test %s %d", name, now)))
	start := Notice{Test: true, Told: now, Alert: schemas.Alert{
		ID: hex.EncodeToString(sum[:]), Revision: 1, N: 1, Phase: schemas.PhaseStart, Kind: alerts.KindTechnical, Task: "sink_test",
		Severity: "low", Patient: testPatient, Stay: "vigil-test", AsOf: now, Flags: []string{"test"},
		Reason: fmt.Sprintf("TEST of the sink %s: this is no alert and means no patient", name),
	}}
	end := start
	end.Revision, end.N, end.Phase, end.Reason = 2, 2, schemas.PhaseEnd, fmt.Sprintf("TEST of the sink %s is over: it was no alert and meant no patient", name)
	return []Notice{start, end}
}
