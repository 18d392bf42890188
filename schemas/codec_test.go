package schemas

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func ptr[T any](v T) *T { return &v }

// examples are one good event of each kind.
func examples() []*Event {
	at, seen := Time(1767225600000), Time(1767225660125)
	n := json.Number("97.5")
	head := Head{EventTime: &at, HasADT: true, Provenance: []string{"invented"}}
	events := []*Event{
		{Topic: TopicVitals, Vitals: &Vitals{Head: head, Values: map[string]json.Number{"heart_rate": "93", "spo2": "97"},
			Observations: []VitalsObservation{{Channel: "temperature", Value: &n, Unit: "degF", EventTime: &at, Ref: "CHARTEVENTS:12", Status: "corrected"},
				{Code: "211", System: "mimic-iii", Value: &n}, {Channel: "gcs_verbal", Text: "1.0 ET/Trach"}}}},
		{Topic: TopicECG, Strip: &Strip{Head: head, RateHz: 250, Gain: 0.005, Leads: []string{"II", "V1"}, Samples: [][]int16{{1, -2, 3}, {4, 5, 6}}}},
		{Topic: TopicNotes, Note: &Note{Head: head, Kind: "nursing", Text: "Resting. Ünïcode."}},
		{Topic: TopicImaging, Image: &Image{Head: head, Modality: "DX", Embedding: []float32{0.5, -1}, Encoder: "x"}},
		{Topic: TopicADT, ADT: &ADT{Head: head, Type: "admit", Stay: "s1", Bed: "4", Statics: Statics{AgeYears: ptr(float32(71)), Sex: "female"}}},
		{Topic: TopicCommands, Command: &CommandEvent{Head: head, Verb: "snooze", Alert: "a", Actor: "nurse", Reason: "known", Until: &seen}},
	}
	for i, e := range events {
		if e.ADT == nil { // a movement has its own
			e.Head().Stay = "s1"
		}
		e.Patient, e.Source, e.Seq, e.HasSeq, e.AvailableTime = "run/d:1", "test@1", uint64(i+1), true, seen
		e.Run, e.Play, e.EventTime = "run@1", 17, at
	}
	return events
}

func TestEventsComeBack(t *testing.T) {
	for _, e := range examples() {
		m, err := EncodeEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		got, problem := DecodeEvent(&m)
		if problem != nil {
			t.Fatalf("%s: %v", e.Topic, problem)
		}
		if ContentHash(got) != ContentHash(e) {
			t.Errorf("%s: the hash of what came back differs", e.Topic)
		}
		h := e.head()
		h.Patient, h.Source, h.Seq, h.AvailableTime = e.Patient, e.Source, &e.Seq, &e.AvailableTime
		if diff := cmp.Diff(e, got); diff != "" {
			t.Errorf("%s came back changed (-sent +got):\n%s", e.Topic, diff)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, e := range map[string]*Event{
		"no topic":     {Vitals: &Vitals{}},
		"no body":      {Topic: TopicVitals},
		"another body": {Topic: TopicVitals, Note: &Note{}},
		"uneven leads": {Topic: TopicECG, Strip: &Strip{Leads: []string{"I", "II"}, Samples: [][]int16{{1}, {1, 2}}}},
		"leads alone":  {Topic: TopicECG, Strip: &Strip{Leads: []string{"I", "II"}}},
		"no number":    {Topic: TopicVitals, Vitals: &Vitals{Values: map[string]json.Number{"spo2": "NaN"}}},
	} {
		if _, err := EncodeEvent(e); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
}

func TestRecordsComeBack(t *testing.T) {
	for _, r := range []*Record{
		{Kind: KindTick, Provenance: Recorded, Play: 99},
		{Kind: KindUse, Use: &Use{Model: "m", Policy: "p"}},
		{Kind: KindUse, Use: &Use{Model: NoModel, Policy: "p", Settings: "inputs=all score_interval=1m0s"}},
		{Kind: KindGap, TopicIndex: 3, At: 1_700_000_000_000, Available: 1_700_000_000_000},
		{Kind: KindObservations, Patient: "d:1", At: -5, Available: 7, Source: "s", TopicIndex: 1, Seq: 1 << 40, HasSeq: true, Hash: 1 << 63,
			Observations: []Observation{{Channel: 4, Flags: Corrected | Untestable, EventTime: -77, Value: 0.25, Ref: "T:1"}, {Channel: 90, Value: -1}}},
		{Kind: KindNote, Patient: "d:1", Stay: "S1", Item: &Item{EventTime: 4, State: Present, Encoder: "e", Vector: []float32{1, 2}, Ref: "r", Label: "l"}},
		{Kind: KindNote, Patient: "d:1", Item: &Item{State: Present, Encoder: "e/1", Label: "nursing", Note: &NoteView{
			Document: "r:7", Addendum: true, Findings: []NoteFinding{{"fever", NoteAbsent, 2}, {"cough", NotePresent, 1}},
			Features: []NoteFeature{{0, 1}, {1, 255}, {65535, 3}}, Sentences: []uint32{1 << 31, 7}}}},
		{Kind: KindNote, Patient: "d:1", Item: &Item{State: Present, Note: &NoteView{}}},
		{Kind: KindStrip, Patient: "d:1", Item: &Item{State: Present, Encoder: "e/1", Vector: []float32{1}, Findings: []Finding{{"heart_rate", 71.5}, {"quality", 0}}}},
		{Kind: KindNote, Patient: "d:1", Item: &Item{State: Present, Findings: []Finding{{"x", -1}}, Note: &NoteView{Addendum: true}}},
		{Kind: KindAdmit, Patient: "d:1", Move: &Move{At: 1_700_000_000_000, Stay: "s", Unit: "u", Bed: "b", Cause: "c", Other: "o", Statics: Statics{AgeYears: ptr(float32(70)), WeightKG: ptr(float32(1)), Sex: "male", Scale2: true}}},
		{Kind: KindCommand, Patient: "d:1", Command: &Command{Verb: "snooze", Alert: "a", Actor: "n", Reason: "r", Until: 12}},
	} {
		b := r.AppendBinary(nil)
		got, err := DecodeRecord(b)
		if err != nil {
			t.Fatalf("kind %d: %v", r.Kind, err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("kind %d came back changed:\n%s", r.Kind, diff)
		}
		for n := range b {
			if _, err := DecodeRecord(b[:n]); err == nil {
				t.Errorf("kind %d cut to %d of %d bytes is read without an error", r.Kind, n, len(b))
			}
		}
		if _, err := DecodeRecord(append(b, 0)); err == nil {
			t.Errorf("kind %d with a byte behind its end is read without an error", r.Kind)
		}
	}
}

// A log that an earlier version of the program wrote is read as it was meant.
func TestEarlierRecords(t *testing.T) {
	b, err := hex.DecodeString("0105080507736974653a343280a0e9c79b6e00cf0f03616474000763000000000000000002533103494355013400000900008e420666656d616c650000")
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	want := &Record{Kind: KindAdmit, Provenance: SourceHasADT, Patient: "site:42", At: 1893484800000, Available: 1893484799000, Source: "adt", HasSeq: true, Seq: 7, Hash: 99,
		Move: &Move{Stay: "S1", Unit: "ICU", Bed: "4", Statics: Statics{AgeYears: ptr(float32(71)), Sex: "female", Scale2: true}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A record without what an encoder saw is written as before, byte for byte, and one with what it saw
// in a note as since then.
func TestRecordsWithoutContentStayVersion2(t *testing.T) {
	item := &Item{State: Present, Label: "nursing"}
	r := &Record{Kind: KindNote, Patient: "d:1", Item: item}
	if b := r.AppendBinary(nil); b[0] != 2 {
		t.Errorf("version %d", b[0])
	}
	item.Note = &NoteView{}
	if b := r.AppendBinary(nil); b[0] != 3 {
		t.Errorf("with a view: version %d", b[0])
	}
	item.Findings = []Finding{{"quality", 1}}
	if b := r.AppendBinary(nil); b[0] != 4 {
		t.Errorf("with findings: version %d", b[0])
	}
}

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		channel string
		value   float64
		unit    string
		want    float32
		reason  Reason
	}{
		{"temperature", 98.6, "degF", 37, ""}, {"temperature", 37, "", 37, ""}, {"temperature", 310.15, "K", 37, ""},
		{"fio2", 40, "", 0.4, ""}, {"fio2", 0.4, "torr", 0.4, ""}, {"fio2", 40, "%", 0.4, ""}, {"fio2", 1, "", 1, ""},
		{"weight", 220.46226, "lb", 100, ""}, {"creatinine", 88.42, "umol/L", 1, ""}, {"glucose", 5.55, "mmol/L", 99.98658, ""},
		{"heart_rate", 93, "furlong", 0, BadUnit}, {"heart_rate", 1000, "bpm", 0, Implausible}, {"heart_rate", math.NaN(), "", 0, Implausible},
		{"heart_rate", math.Inf(1), "", 0, Implausible}, {"spo2", -1, "%", 0, Implausible}, {"spo2", 100, " % ", 100, ""},
	} {
		ch, ok := ChannelByName(c.channel)
		if !ok {
			t.Fatalf("no channel %s", c.channel)
		}
		got, _, problem := ch.Convert(c.value, c.unit)
		if c.reason != "" {
			if problem == nil || problem.Reason != c.reason || problem.Found == "" || problem.Expected == "" {
				t.Errorf("%s %v %q: problem %v, want %s", c.channel, c.value, c.unit, problem, c.reason)
			}
			continue
		}
		if problem != nil || math.Abs(float64(got-c.want)) > 1e-4 {
			t.Errorf("%s %v %q = %v, %v, want %v", c.channel, c.value, c.unit, got, problem, c.want)
		}
	}
}

func TestParseText(t *testing.T) {
	for _, c := range []struct {
		channel, text string
		want          float64
		flags         Flag
		ok            bool
	}{
		{"gcs_verbal", "1.0 ET/Trach", 1, Untestable, true}, {"gcs_verbal", "No Response-ETT", 1, Untestable, true},
		{"gcs_verbal", "5 Oriented", 5, 0, true}, {"gcs_eye", "4 Spontaneously", 4, 0, true}, {"avpu", "A", 0, 0, true},
		{"glucose", "120 mg/dL", 120, 0, true}, {"glucose", "120 (H)", 120, 0, true}, {"potassium", "20 kcl", 0, 0, false}, {"ptt", "150 IS HIGHEST MEASURED PTT", 0, 0, false},
		{"temperature", "98.6 F", 0, 0, false}, {"ventilated", "Assist Control", 1, 0, true}, {"ventilated", "Standby", 0, 0, true}, {"gcs_motor", "6 Obeys Commands", 6, 0, true},
		{"gcs_verbal", "1 Intubated today", 1, Untestable, true}, {"urine_glucose", "NEG", 0, 0, true}, {"capillary_refill", "Abnormal >3 Seconds", 1, 0, true},
		{"glucose", ">100", 0, 0, false}, {"glucose", "120-140", 0, 0, false}, {"glucose", "hemolyzed", 0, 0, false}, {"heart_rate", "", 0, 0, false},
		{"capillary_refill", "Normal <3 secs", 0, 0, true},
	} {
		ch, _ := ChannelByName(c.channel)
		got, flags, ok := ch.ParseText(c.text)
		if got != c.want || flags != c.flags || ok != c.ok {
			t.Errorf("%s %q = %v, %v, %v, want %v, %v, %v", c.channel, c.text, got, flags, ok, c.want, c.flags, c.ok)
		}
	}
}

func TestTableIsSound(t *testing.T) {
	if n := NumChannels(); n < 70 || n > MaxChannels {
		t.Fatalf("%d channels", n)
	}
	seen := map[int]string{}
	for i := 1; i < NumChannels(); i++ {
		info := Channel(i).Info()
		if info.ID != Channel(i) || info.Name == "" || info.Group == "" || info.Unit == "" || !(info.Low < info.High) {
			t.Errorf("line %d: %+v", i, info)
		}
		if c, ok := ChannelByName(info.Name); !ok || c != info.ID {
			t.Errorf("%s is not found by its name", info.Name)
		}
		for _, item := range info.MIMIC3 {
			if other := seen[item.ID]; other != "" {
				t.Errorf("item %d is in %s and %s", item.ID, other, info.Name)
			}
			seen[item.ID] = info.Name
			if _, _, problem := info.ID.Convert((info.Low+info.High)/2, ""); problem != nil {
				t.Errorf("%s: its own middle is refused: %v", info.Name, problem)
			}
			if _, ok := info.toCanonical(1, item.Unit); !ok {
				t.Errorf("%s: the unit %q of item %d has no conversion", info.Name, item.Unit, item.ID)
			}
		}
	}
	for _, name := range [...]string{"Albumin", "ALP", "ALT", "AST", "Bilirubin", "BUN", "Cholesterol", "Creatinine", "DiasABP", "FiO2", "GCS", "Glucose", "HCO3", "HCT", "HR", "K", "Lactate", "Mg", "MAP", "MechVent", "Na", "NIDiasABP", "NIMAP", "NISysABP", "PaCO2", "PaO2", "pH", "Platelets", "RespRate", "SaO2", "SysABP", "Temp", "TroponinI", "TroponinT", "Urine", "WBC", "Weight"} {
		if _, _, ok := ChannelByCode("physionet2012", name); !ok {
			t.Errorf("PhysioNet 2012 variable %s has no channel", name)
		}
	}
}

// Windows keep floor(ms in the hour * 16 / 1000) and print the smallest
// millisecond of that sixteenth: Floor16 gives the same, and gives it again.
func TestFloor16(t *testing.T) {
	check := func(ms Time) string {
		f := ms.Floor16()
		hour := ms.FloorHour()
		sixteenths := int64(ms-hour) * 16 / 1000
		printed := hour + Time((sixteenths*1000+15)/16)
		if f != printed || f.Floor16() != f || int64(f-hour)*16/1000 != sixteenths || f > ms || ms-f > 62 {
			return fmt.Sprintf("Floor16(%d) = %d, want %d", ms, f, printed)
		}
		return ""
	}
	for ms := Time(-3000); ms < 3000; ms++ {
		if wrong := check(ms); wrong != "" {
			t.Fatal(wrong)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		if wrong := check(Time(rapid.Int64Range(-5e12, 2e13).Draw(r, "ms"))); wrong != "" {
			r.Fatal(wrong)
		}
	})
}
