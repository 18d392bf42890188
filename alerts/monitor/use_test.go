package monitor

import (
	"errors"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Every setting stands in what the log asks for: a monitor with another one refuses at the use
// record, and behind it also after a restart. A log that names no settings is served by any.
func TestSettingsAreAskedForByTheLog(t *testing.T) {
	here := &Monitor{Policy: alerts.DefaultPolicy()}
	asked := here.Use()
	for name, other := range map[string]Settings{
		"score interval": {ScoreInterval: 2 * schemas.Minute}, "every record": {ScoreInterval: EveryRecord}, "inputs": {Inputs: InputsAlerting},
	} {
		m := &Monitor{Policy: here.Policy, Settings: other}
		if _, err := m.Step(NewPartition(), &schemas.Record{Kind: schemas.KindUse, Use: &asked}, 0, nil); !errors.Is(err, ErrUnknownUse) {
			t.Errorf("another %s: %v", name, err)
		}
		s := NewPartition()
		steps(t, here, s, append([]*schemas.Record{{Kind: schemas.KindUse, Use: &asked}}, ward12(2)[:12]...), 0)
		stored := &window.StoredPartition{}
		for _, w := range s.Writes(nil) {
			stored.Patients = append(stored.Patients, window.StoredPatient{Patient: w.Patient, State: w.State})
		}
		s, err := m.LoadPartition(stored)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Asks(); got != asked {
			t.Errorf("%s: the store gives back %+v, want %+v", name, got, asked)
		}
		if _, err := m.Step(s, ward12(2)[12], 50, nil); !errors.Is(err, ErrUnknownUse) {
			t.Errorf("another %s behind the use record: %v", name, err)
		}
		old := asked
		old.Settings = ""
		if _, err := m.Step(NewPartition(), &schemas.Record{Kind: schemas.KindUse, Use: &old}, 0, nil); err != nil {
			t.Errorf("a log without settings: %v", err)
		}
		shelf := Shelf{Policies: []*alerts.Policy{here.Policy}}
		if found := shelf.Find(asked); found == nil || !found.Has(asked) {
			t.Errorf("%+v is not found on the shelf", asked)
		}
		if theirs := m.Use(); shelf.Find(theirs) == nil || shelf.Find(theirs).Use() != theirs {
			t.Errorf("%+v is not found on the shelf", theirs)
		}
	}
	if (Settings{}).String() != (Settings{ScoreInterval: schemas.Minute, Inputs: InputsAll}).String() {
		t.Error("settings that do the same are asked for by other words")
	}
	if (&Shelf{}).Find(asked) != nil || (&Shelf{Policies: []*alerts.Policy{here.Policy}}).Find(schemas.Use{Settings: "new=1"}) != nil {
		t.Error("found what is not there")
	}
}
