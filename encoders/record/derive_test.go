package record_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// told is an observation as the tests write it: "gcs_eye=4@10", at minute 10.
func told(t *testing.T, text string) schemas.Observation {
	t.Helper()
	var o schemas.Observation
	name, rest, _ := strings.Cut(text, "=")
	o.Channel, _ = schemas.ChannelByName(name)
	var minute int
	if _, err := fmt.Sscanf(strings.TrimRight(rest, "tcr"), "%g@%d", &o.Value, &minute); err != nil || o.Channel == 0 {
		t.Fatal(text, err)
	}
	switch rest[len(rest)-1] {
	case 't':
		o.Flags = schemas.Untestable
	case 'c':
		o.Flags = schemas.Corrected
	case 'r':
		o.Flags = schemas.Retracted
	}
	o.EventTime = noon + schemas.Time(minute)*schemas.Minute
	return o
}

const noon = schemas.Time(1767268800000) // 2026-01-01T12:00Z

// take gives a record to a window as the monitor does.
func take(t *testing.T, d *record.Deriver, w *window.Window, line string, logN uint32, statics *schemas.Statics) {
	t.Helper()
	var added []schemas.Observation
	clock := noon
	for _, text := range strings.Fields(line) {
		o := told(t, text)
		clock = max(clock, o.EventTime)
		if w.Add(o, logN) {
			added = append(added, o)
		}
	}
	d.Derive(w, added, logN, statics, noon-schemas.Hour, clock)
}

func TestDerive(t *testing.T) {
	weight := float32(80)
	for _, c := range []struct {
		name    string
		records []string // in the order in which they come
		channel string
		at      int
		want    string // value and flags in force at the minute, "" for none
	}{
		{"a total of parts", []string{"gcs_eye=3@0 gcs_verbal=4@0 gcs_motor=6@0"}, "gcs_total", 0, "13 derived"},
		{"parts in different messages", []string{"gcs_motor=5@0", "gcs_eye=2@3", "gcs_verbal=2@3"}, "gcs_total", 3, "9 derived"},
		{"nothing before the last part", []string{"gcs_motor=5@0", "gcs_eye=2@3", "gcs_verbal=2@3"}, "gcs_total", 0, ""},
		{"parts too far apart", []string{"gcs_motor=5@0", "gcs_eye=2@61 gcs_verbal=2@61"}, "gcs_total", 61, ""},
		{"a tube", []string{"gcs_eye=4@0 gcs_verbal=1@0t gcs_motor=6@0"}, "gcs_total", 0, "11 untestable derived"},
		{"a charted total counts", []string{"gcs_total=15@0 gcs_eye=3@0 gcs_verbal=4@0 gcs_motor=6@0"}, "gcs_total", 0, "15"},
		{"a charted total that comes later counts", []string{"gcs_eye=3@0 gcs_verbal=4@0 gcs_motor=6@0", "gcs_total=14@0"}, "gcs_total", 0, "14"},
		{"a corrected part", []string{"gcs_eye=3@0 gcs_verbal=4@0 gcs_motor=6@0", "gcs_eye=4@0c"}, "gcs_total", 0, "14 derived"},
		{"a part taken back", []string{"gcs_eye=3@0 gcs_verbal=4@0 gcs_motor=6@0", "gcs_eye=0@0r"}, "gcs_total", 0, ""},
		{"before the stay", []string{"gcs_eye=3@-61 gcs_verbal=4@-61 gcs_motor=6@-61"}, "gcs_total", -61, ""},
		{"mean of an arterial line", []string{"systolic_arterial=120@0 diastolic_arterial=60@0"}, "mean_arterial", 0, "80 derived"},
		{"a measured mean counts", []string{"systolic_arterial=120@0 diastolic_arterial=60@0 mean_arterial=82@0"}, "mean_arterial", 0, "82"},
		{"not of two times", []string{"systolic_cuff=120@0", "diastolic_cuff=60@1"}, "mean_cuff", 1, ""},
		{"upside down", []string{"systolic_cuff=60@0 diastolic_cuff=90@0"}, "mean_cuff", 0, ""},
		{"shock index", []string{"systolic_cuff=100@0", "heart_rate=90@30"}, "shock_index", 30, "0.9 derived"},
		{"shock index by the line first", []string{"systolic_cuff=100@0 systolic_arterial=120@0 heart_rate=90@0"}, "shock_index", 0, "0.75 derived"},
		{"ratio of PaO2 to FiO2", []string{"fio2=0.5@0", "pao2=80@120"}, "pf_ratio", 120, "160 derived"},
		{"no ratio when the oxygen changes", []string{"pao2=80@0", "fio2=0.5@30"}, "pf_ratio", 30, ""},
		{"anion gap", []string{"sodium=140@0 chloride=100@0 bicarbonate=20@0"}, "anion_gap", 0, "20 derived"},
		{"urine", []string{"urine_output=50@0", "urine_output=100@60 urine_output=60@60"}, "urine_rate", 60, "2 derived"},
		{"urine over two hours", []string{"urine_output=50@0", "urine_output=160@120"}, "urine_rate", 120, "1 derived"},
		{"urine by the charted weight", []string{"weight=40@0", "urine_output=50@0", "urine_output=80@60"}, "urine_rate", 60, "2 derived"},
		{"a pump told without the weight", []string{"norepinephrine_whole=8@0"}, "norepinephrine", 0, "0.1 derived"},
		{"the same told both ways", []string{"norepinephrine_whole=8@0 norepinephrine=0.11@0"}, "norepinephrine", 0, "0.11"},
		{"the pump stops", []string{"norepinephrine_whole=8@0", "norepinephrine_whole=0@9"}, "norepinephrine", 9, "0 derived"},
		{"the first urine", []string{"urine_output=50@0"}, "urine_rate", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, again := window.New(), window.New()
			var d, other record.Deriver
			for i, line := range c.records {
				take(t, &d, w, line, uint32(i+1), &schemas.Statics{WeightKG: &weight})
				take(t, &other, again, line, uint32(i+1), &schemas.Statics{WeightKG: &weight})
				// A restart between any two records leaves no trace.
				var err error
				if again, err = window.Load(again.Chunks(nil)); err != nil {
					t.Fatal(err)
				}
			}
			ch, _ := schemas.ChannelByName(c.channel)
			for _, w := range []*window.Window{w, again} {
				at, got := noon+schemas.Time(c.at)*schemas.Minute, ""
				if p, ok := w.Latest(ch, at, at); ok {
					got = strings.Join(p.Flags.Words([]string{fmt.Sprint(float32(math.Round(float64(p.Value)*1000) / 1000))}), " ")
				}
				if got != c.want {
					t.Errorf("%q, want %q", got, c.want)
				}
				if n := len(w.At(at, math.MaxUint32, at).Append(nil, ch)); n > 1 {
					t.Errorf("%d values in force", n)
				}
			}
		})
	}
}

// Asystole makes no shock index.
func TestNothingFollowsFromASuspectZero(t *testing.T) {
	w := window.New()
	var d record.Deriver
	rate, pressure := told(t, "heart_rate=0@0"), told(t, "systolic_cuff=100@0")
	rate.Flags = schemas.Suspect
	w.Add(rate, 1)
	w.Add(pressure, 1)
	if got := d.Derive(w, []schemas.Observation{rate, pressure}, 1, nil, 0, noon); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
