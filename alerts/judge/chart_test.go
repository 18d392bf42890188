package judge

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// SOFA and what is missing are those of what had come by then: a value that is taken back, that
// came later, or that is of the stay before counts for nothing.
func TestChartTellsWhatWasKnown(t *testing.T) {
	const start = schemas.Time(1_700_000_000_000)
	at := func(hours float64) schemas.Time { return start + schemas.Time(hours*float64(schemas.Hour)) }
	channel := func(name string) schemas.Channel {
		ch, ok := schemas.ChannelByName(name)
		if !ok {
			t.Fatal(name)
		}
		return ch
	}
	data := func(known, measured float64, name string, value float32, flags schemas.Flag) *schemas.Record {
		return &schemas.Record{Kind: schemas.KindObservations, At: at(known), Observations: []schemas.Observation{{Channel: channel(name), EventTime: at(measured), Value: value, Flags: flags}}}
	}
	c := chart{modalities: modalitiesOf(fusion.Shipped())}
	c.begin()
	fill := func(hours float64, admitted float64) (p Point, without []string) {
		c.fill(&p, at(hours), at(admitted))
		for i := range c.modalities {
			if p.Without>>i&1 != 0 {
				without = append(without, c.modalities[i].name)
			}
		}
		return p, without
	}
	if p, without := fill(0, 0); p.SOFA != 0 || p.NoSOFA != 1<<alerts.SOFAComponents-1 || len(without) != len(c.modalities) {
		t.Errorf("before anything came: %+v without %v", p, without)
	}
	c.add(data(1, 0.5, "platelets", 40, 0))
	c.add(data(2, 1.5, "pao2", 60, 0))
	c.add(data(2, 1.5, "fio2", 0.5, 0)) // the ratio, 120, is derived
	if p, without := fill(2, 0); p.SOFA != 3+2 || strings.Join(without, " ") != "vital" || p.NoSOFA>>alerts.SOFARespiration&1 != 0 || p.NoSOFA>>alerts.SOFALiver&1 != 1 {
		t.Errorf("of platelets and a ratio: %+v without %v", p, without)
	}
	c.add(data(3, 0.5, "platelets", 0, schemas.Retracted))
	if p, _ := fill(3, 0); p.SOFA != 2 {
		t.Errorf("platelets that were taken back: %+v", p)
	}
	c.add(&schemas.Record{Kind: schemas.KindEnd, At: at(4)})
	if p, _ := fill(6, 5); p.SOFA != 0 {
		t.Errorf("of the stay before: %+v", p)
	}
}

// Plain scores stand beside the model, components that were not known are told, and those of whom
// a modality was missing are a group.
func TestSOFAStandsBesideTheModel(t *testing.T) {
	stays := ward()
	for i := range stays {
		for k := range stays[i].Points {
			p := &stays[i].Points[k]
			p.SOFA, p.NoSOFA = 3, 1<<alerts.SOFALiver
			if stays[i].Died {
				p.SOFA = 9
			}
			if i < 25 {
				p.Without = 2
			}
		}
	}
	r := Judge(stays, "mortality", Settings{Draws: 10, Modalities: []string{"vital", "lab"}})
	q := r.Baselines[TaskSOFA]
	if q.Hours["1"].AUROC != 1 || q.Alerts["policy"] != nil || q.Alerts["recall_0.95"].Threshold != 9 || len(q.Missing) != 1 || q.Missing["liver"] != 1 || !math.IsNaN(float64(q.Hours["1"].Brier)) {
		t.Errorf("%+v, missing %v", q.Hours["1"], q.Missing)
	}
	if g := r.Tasks["mortality"].Groups; g["missing: lab"] == nil || g["missing: lab"].N != 25 || g["missing: vital"] != nil {
		t.Errorf("groups %v", g)
	}
	var text, page strings.Builder
	if err := WriteText(&text, r); err != nil || !strings.Contains(text.String(), "counted 0, at this share of full hours: liver 100 %") || !strings.Contains(text.String(), "missing: lab") {
		t.Errorf("%v: %s", err, text.String())
	}
	if err := WriteHTML(&page, r); err != nil || !strings.Contains(page.String(), "liver 100 %") {
		t.Errorf("the page does not tell of it (%v)", err)
	}
}

// PhysioNet 2012 tells a SOFA of each stay, computed by others from the same hospital's data. At
// hour 24 ours goes with it, and lies below it: what became known later is not in ours.
func TestSOFAGoesWithThePublishers(t *testing.T) {
	path := filepath.Join(opendata.Dir(t), "physionet2012", "set-a.tar.gz")
	recorded, err := physionet.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := physionet.ReadOutcomes(path)
	if err != nil {
		t.Fatal(err)
	}
	var ours, theirs []float64
	var encoder record.Encoder
	var c chart
	for p, err := range recorded.Patients(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(ours) == 400 {
			break
		}
		at := physionet.Admitted + 24*schemas.Hour
		c.begin()
		for i := range p.Events {
			e := &p.Events[i]
			if e.AvailableTime >= at {
				break
			}
			if rec, _ := encoder.Record(e, &schemas.Message{Topic: e.Topic}, e.AvailableTime); rec != nil {
				c.add(rec)
			}
		}
		var point Point
		c.fill(&point, at, physionet.Admitted)
		if o := outcomes[p.Stays[0].ID]; !math.IsNaN(float64(o.SOFA)) {
			ours, theirs = append(ours, float64(point.SOFA)), append(theirs, float64(o.SOFA))
		}
	}
	with, below := stat.Correlation(ours, theirs, nil), stat.Mean(theirs, nil)-stat.Mean(ours, nil)
	t.Logf("correlation %.3f, %.2f points below, of %d stays", with, below, len(ours))
	if with < 0.9 || below < 0 || below > 1.5 {
		t.Errorf("correlation %.3f, %.2f points below", with, below)
	}
}
