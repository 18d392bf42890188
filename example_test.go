package vigil_test

import (
	"context"
	"fmt"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Messages as senders write them go in, alerts come out, without Kafka and without a store: a message becomes a
// record of the patient log, and the monitor steps by it.
func Example_events() {
	messages := []schemas.Message{
		{Topic: schemas.TopicADT, Key: []byte("site:42"), Value: []byte(`{"patient":"site:42","source":"his","event_time":"2030-01-01T08:00:00Z","type":"admit","stay":"S1"}`)},
		{Topic: schemas.TopicVitals, Key: []byte("site:42"), Value: []byte(`{"patient":"site:42","source":"gateway","event_time":"2030-01-01T08:01:00Z","has_adt":true,
			"values":{"heart_rate":118,"respiratory_rate":26,"spo2":91,"systolic_cuff":114,"temperature":38.6}}`)},
		{Topic: schemas.TopicVitals, Key: []byte("site:42"), Value: []byte(`{"patient":"site:42","source":"gateway","event_time":"2030-01-01T08:30:00Z","has_adt":true,
			"values":{"heart_rate":84,"respiratory_rate":15,"spo2":97,"systolic_cuff":122,"temperature":37.1}}`)},
	}
	var encoder record.Encoder
	watch := &monitor.Monitor{Policy: alerts.DefaultPolicy()} // Model: fusion.Shipped() for its risk beside NEWS2
	patients := monitor.NewPartition()
	for offset := range messages {
		m := &messages[offset]
		event, wrong := schemas.DecodeEvent(m)
		if wrong != nil {
			fmt.Println(wrong)
			continue
		}
		rec, problems := encoder.Record(event, m, event.EventTime)
		for _, p := range problems { // a value that is wrong; the others go on
			fmt.Println(p)
		}
		if rec == nil {
			continue
		}
		outputs, err := watch.Step(patients, rec, int64(offset), nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, o := range outputs {
			if o.Topic == schemas.TopicAlerts {
				a, _ := schemas.DecodeAlert(o.Value)
				fmt.Println(a.AsOf, a.Phase, a.Severity, a.Reason)
			}
		}
	}
	// Output:
	// 2030-01-01T08:01:00.000Z start high NEWS2 9, at or above 7: respiratory rate 3, SpO2 3, heart rate 2, temperature 1; not known: oxygen, consciousness
	// 2030-01-01T08:30:00.000Z end high NEWS2 0, below 4; not known: oxygen, consciousness
}

// A whole source takes the same way: here half an hour of an invented unit; mimic.Open and physionet.Open read recorded ones.
func Example_source() {
	unit, err := synth.New(synth.Config{Seed: 1, Beds: 3, Duration: 30 * time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := replay.NewPlan(context.Background(), unit, replay.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	encoder := record.Encoder{Strip: record.AnalyseStrip}
	watch := &monitor.Monitor{Policy: alerts.DefaultPolicy()}
	patients, scores, starts := monitor.NewPartition(), 0, 0
	var outputs []monitor.Output
	for i := range plan.Len() {
		event := plan.Event(i)
		rec, _ := encoder.Record(event, &schemas.Message{Topic: event.Topic}, event.AvailableTime)
		if rec == nil {
			continue
		}
		if outputs, err = watch.Step(patients, rec, int64(i), outputs[:0]); err != nil {
			fmt.Println(err)
			return
		}
		for _, o := range outputs {
			switch o.Topic {
			case schemas.TopicScores:
				scores++
			case schemas.TopicAlerts:
				if a, _ := schemas.DecodeAlert(o.Value); a.Phase == schemas.PhaseStart {
					starts++
				}
			}
		}
	}
	fmt.Println(plan.Patients, "patients:", scores > 50, starts > 0)
	// Output: 3 patients: true true
}

// A model says the risk of death in hospital as of a moment, from the observations of a window. fusion.Load reads
// one from a file.
func Example_predict() {
	model := fusion.Shipped()
	admitted, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	observed := window.New()
	for n, o := range []struct {
		channel string
		after   schemas.Time
		value   float32
	}{
		{"heart_rate", 5 * schemas.Minute, 124}, {"systolic_arterial", 5 * schemas.Minute, 78}, {"gcs_total", 10 * schemas.Minute, 6},
		{"lactate", schemas.Hour, 7.4}, {"heart_rate", 2 * schemas.Hour, 131},
	} {
		channel, _ := schemas.ChannelByName(o.channel)
		observed.Add(schemas.Observation{Channel: channel, EventTime: admitted + o.after, Value: o.value}, uint32(n+1))
	}
	age := float32(79)
	for _, hour := range []schemas.Time{1, 3} {
		input, risks := model.Shape().New(), make([]float32, len(model.Config().Tasks))
		now := vitals.Moment{AsOf: admitted + hour*schemas.Hour, From: admitted, Admission: admitted}
		vitals.NewReader(model.Channels(), model.Statics()).Fill(input, observed, now, &schemas.Statics{AgeYears: &age})
		model.Predict(fusion.NewScratch(model), []*encoders.Input{input}, risks)
		fmt.Printf("after %d h: %s %.2f\n", hour, model.Config().Tasks[0].Name, risks[0])
	}
	// Output:
	// after 1 h: mortality 0.67
	// after 3 h: mortality 0.63
}

// A policy is tried on numbers, without a model and without patients: when does a risk become an alert?
func Example_policy() {
	policy, err := alerts.ParsePolicy([]byte(`
version: 1
rules:
  - task: mortality
    kind: risk
    levels:
      - {severity: medium, at: 0.3, clear: 0.2}
    dwell: 10m
technical:
  no_data: {after: 0s, severity: low}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var state alerts.State
	begin, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	policy.Step(&state, alerts.Event{Kind: alerts.Opened, At: begin, Patient: "site:42", Stay: "S1"}, nil)
	for i, risk := range []float32{0.1, 0.35, 0.4, 0.36, 0.25, 0.1} {
		at := begin + schemas.Time(i)*5*schemas.Minute
		score := &alerts.Score{Trained: true, Risks: []alerts.TaskRisk{{Task: "mortality", Value: risk}}}
		for _, a := range policy.Step(&state, alerts.Event{Kind: alerts.Scored, At: at, Score: score}, nil) {
			fmt.Println(at.Std().Format("15:04"), a.Phase, a.Severity, a.Reason)
		}
	}
	// Output:
	// 08:15 start medium risk of mortality 0.36, at or above 0.3
	// 08:25 end medium risk of mortality 0.1, below 0.2
}
