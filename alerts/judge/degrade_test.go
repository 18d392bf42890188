package judge

import (
	"math"
	"testing"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// degraded plays 4,000 records of a heart rate and a lactate, every six minutes from admission on.
func degraded(plan Plan) (sent int, rates, lactates []float32) {
	rate, _ := schemas.ChannelByName("heart_rate")
	lactate, _ := schemas.ChannelByName("lactate")
	p := &source.Patient{ID: "x:1", Stays: []source.Stay{{ID: "1", Admit: schemas.Hour}}}
	for i := range 4000 {
		rec := &schemas.Record{Kind: schemas.KindObservations, At: schemas.Hour + schemas.Time(i)*6*schemas.Minute, Observations: []schemas.Observation{{Channel: rate, Value: 80}, {Channel: lactate, Value: 2}}}
		if !plan.degrade(rec, p, i) {
			continue
		}
		sent++
		for _, o := range rec.Observations {
			switch o.Channel {
			case rate:
				rates = append(rates, o.Value)
			case lactate:
				lactates = append(lactates, o.Value)
			}
		}
	}
	return sent, rates, lactates
}

// What is taken away is as much as was asked for, and only that.
func TestDegrade(t *testing.T) {
	near := func(what string, got int, want float64) {
		t.Helper()
		if math.Abs(float64(got)-want) > 5*math.Sqrt(want) {
			t.Errorf("%s: %d, want about %.0f", what, got, want)
		}
	}
	if sent, rates, lactates := degraded(Plan{}); sent != 4000 || len(rates) != 4000 || len(lactates) != 4000 {
		t.Errorf("nothing less: %d records", sent)
	}
	_, rates, lactates := degraded(Plan{Dropped: 0.3, Seed: 1})
	near("kept rates", len(rates), 2800)
	near("kept lactates", len(lactates), 2800)
	// Six hours before hour 24 are 60 records.
	if sent, _, _ := degraded(Plan{Gap: 6 * schemas.Hour}); sent != 4000-60 {
		t.Errorf("a gap of six hours: %d records, want %d", sent, 4000-60)
	}
	_, rates, lactates = degraded(Plan{Corrupted: 0.05, Seed: 1})
	artefacts := 0
	for _, v := range rates {
		if v != 80 {
			artefacts++
		}
	}
	near("artefacts", artefacts, 200)
	for _, v := range lactates {
		if v != 2 {
			t.Fatalf("a lactate of %v: only vital signs are sensors'", v)
		}
	}
	rate, _ := schemas.ChannelByName("heart_rate")
	for _, v := range rates {
		if !rate.Info().Models.Has(v) {
			t.Fatalf("a rate of %v is none that models read", v)
		}
	}
	withheld := Plan{Withheld: []schemas.Channel{rate}}
	if sent, rates, lactates := degraded(withheld); sent != 4000 || len(rates) != 0 || len(lactates) != 4000 {
		t.Errorf("no rate: %d records, %d rates, %d lactates", sent, len(rates), len(lactates))
	}
	// The seed decides, and nothing else does.
	_, first, _ := degraded(Plan{Corrupted: 0.5, Seed: 1})
	_, again, _ := degraded(Plan{Corrupted: 0.5, Seed: 1})
	_, other, _ := degraded(Plan{Corrupted: 0.5, Seed: 2})
	same, unlike := 0, 0
	for i := range first {
		same += whole(first[i] == again[i])
		unlike += whole(first[i] != other[i])
	}
	if same != len(first) || unlike == 0 {
		t.Errorf("%d of %d are the same with the same seed, %d unlike with another", same, len(first), unlike)
	}
}
