package mimicfolder

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// patientRows writes the rows of one patient.
type patientRows struct {
	*folder
	r       *rand.Rand
	chart   *chart
	subject string
	nth     int          // place among the folder's patients, from 0
	shift   schemas.Time // from the source's time to that of the tables
	carevue bool         // charted in CareVue, else in MetaVision
	system  string       // as the tables name it
	ids     []stayIDs    // by stay
	weight  float64      // kg; 70 where it is not known
}

// stayIDs are the numbers of a stay and its admission. stay is empty for what happens outside of
// intensive care.
type stayIDs struct{ admission, stay string }

// patient writes everything of one patient. What is not in the chart is drawn from r.
func (f *folder) patient(i int, c *chart, r *rand.Rand) {
	w := &patientRows{folder: f, r: r, chart: c, nth: i, subject: strconv.Itoa(f.layout.subject + i), system: "metavision", weight: 70}
	if w.carevue = f.layout.carevue && i%2 == 0; w.carevue {
		w.system = "carevue"
	}
	if kg := c.statics.WeightKG; kg != nil {
		w.weight = float64(*kg)
	}
	first := schemas.FromStd(time.Date(2110, 1, 1, 0, 0, 0, 0, time.UTC))
	w.shift = minute(first + schemas.Time(r.IntN(80*365*24*60))*schemas.Minute - c.stays[0].admit)
	w.person()
	w.wardOnly()
	for n := range c.stays {
		w.ids = append(w.ids, stayIDs{strconv.Itoa(f.layout.admission + f.admissions), strconv.Itoa(f.layout.stay + f.stays)})
		f.admissions++
		f.stays++
		w.movements(n)
		w.infusions(n)
	}
	for i := range c.observations {
		w.observation(&c.observations[i])
	}
	for i := range c.notes {
		w.note(&c.notes[i])
	}
	w.quirks()
}

// text is a time of the source as the tables have it; empty for 0.
func (w *patientRows) text(t schemas.Time) string {
	if t == 0 {
		return ""
	}
	return (t + w.shift).Std().Format(time.DateTime)
}

// day is the date of a time as the tables have it.
func (w *patientRows) day(t schemas.Time) string { return w.text(t)[:len(time.DateOnly)] }

// within is the stay that a time is of: the last one that began before it, else the first.
func (w *patientRows) within(t schemas.Time) stayIDs {
	n := len(w.chart.stays) - 1
	for n > 0 && t < w.chart.stays[n].admit {
		n--
	}
	return w.ids[n]
}

// person writes who the patient is: in MIMIC-III with a date of birth, in MIMIC-IV with an age in
// an anchor year.
func (w *patientRows) person() {
	s := w.chart.statics
	sex := "M"
	if s.Sex == "female" {
		sex = "F"
	}
	age := 60.0
	if s.AgeYears != nil {
		age = float64(*s.AgeYears)
	}
	begin := w.chart.stays[0].admit
	born := begin - schemas.Time(age*365.2425*24)*schemas.Hour - schemas.Time(30+w.r.IntN(300))*24*schemas.Hour
	expired, died := "0", ""
	for _, s := range w.chart.stays {
		if s.death != 0 {
			expired, died = "1", w.day(s.death)
		}
	}
	year := w.text(begin)[:4]
	if died != "" && w.layout.carevue {
		died += " 00:00:00"
	}
	w.add(patients, row{"subject_id": w.subject, "gender": sex, "dob": w.day(born) + " 00:00:00", "dod": died, "dod_hosp": died, "expire_flag": expired,
		"anchor_age": fmt.Sprintf("%.0f", age), "anchor_year": year, "anchor_year_group": "2017 - 2019"})
}

// wardOnly writes, for one patient in six, an admission ten months earlier that saw no intensive
// care: a reader must see that its rows belong to no stay.
func (w *patientRows) wardOnly() {
	if w.nth%6 != 5 {
		return
	}
	from := w.chart.stays[0].admit - 300*24*schemas.Hour
	ids := stayIDs{admission: strconv.Itoa(w.layout.admission + w.admissions)}
	w.admissions++
	w.admission(ids, from, from+3*24*schemas.Hour, 0)
	w.transfer(ids, "admit", "", w.layout.ward, "", wardOut, from, from+3*24*schemas.Hour)
	w.transfer(ids, "discharge", w.layout.ward, "", wardOut, "", from+3*24*schemas.Hour, 0)
}

// Numbers of wards, which MIMIC-III has in place of beds.
const (
	wardICU = "52"
	wardOut = "45"
)

// wardOf is the ward of a bed: those whose name begins with a letter lie elsewhere.
func wardOf(bed string) string {
	if bed == "" || bed[0] < 'A' || bed[0] > 'Z' {
		return wardICU
	}
	return strconv.Itoa(10 + int(bed[0]-'A'))
}

// movements writes a stay, its admission, and the ways into it and out of it.
func (w *patientRows) movements(n int) {
	s, ids := w.chart.stays[n], w.ids[n]
	from, to := s.admit-schemas.Time(30+w.r.IntN(240))*schemas.Minute, s.end+schemas.Time(18+w.r.IntN(48))*schemas.Hour
	if s.death != 0 {
		to = s.death
	}
	w.admission(ids, from, to, s.death)
	unit, ward, since := w.layout.careUnit, wardICU, s.admit
	kind, before, wardBefore := "admit", "", ""
	for _, m := range w.chart.moves {
		if m.at <= s.admit || m.at >= s.end {
			continue
		}
		w.transfer(ids, kind, before, unit, wardBefore, ward, since, m.at)
		kind, before, wardBefore, ward, since = "transfer", unit, ward, wardOf(m.bed), m.at
	}
	w.transfer(ids, kind, before, unit, wardBefore, ward, since, s.end)
	w.add(icuStays, row{"subject_id": w.subject, "hadm_id": ids.admission, "icustay_id": ids.stay, "stay_id": ids.stay, "dbsource": w.system,
		"first_careunit": unit, "last_careunit": unit, "first_wardid": wardICU, "last_wardid": ward,
		"intime": w.text(s.admit), "outtime": w.text(s.end), "los": days(s.end - s.admit)})
	ids.stay = ""
	if s.death == 0 {
		w.transfer(ids, "transfer", unit, w.layout.ward, ward, wardOut, s.end, to)
		unit, ward = w.layout.ward, wardOut
	}
	w.transfer(ids, "discharge", unit, "", ward, "", to, 0)
}

// days is a length of stay as the tables have it, with four decimals.
func days(t schemas.Time) string {
	return strconv.FormatFloat(float64(t/schemas.Minute)/(24*60), 'f', 4, 64)
}

// admission writes a row of ADMISSIONS; death is 0 where the patient lives on.
func (w *patientRows) admission(ids stayIDs, from, to, death schemas.Time) {
	expired := "0"
	if death != 0 {
		expired = "1"
	}
	w.add(admissions, row{"subject_id": w.subject, "hadm_id": ids.admission, "admittime": w.text(from), "dischtime": w.text(to), "deathtime": w.text(death),
		"admission_type": w.layout.emergency, "admission_location": "EMERGENCY ROOM", "discharge_location": "", "diagnosis": "INVENTED",
		"hospital_expire_flag": expired, "has_chartevents_data": "1"})
}

// transfer writes a row of TRANSFERS: in MIMIC-III from where to where, in MIMIC-IV where. to is
// 0 for the row of a discharge, which has no end.
func (w *patientRows) transfer(ids stayIDs, kind, before, unit, wardBefore, ward string, from, to schemas.Time) {
	r := row{"subject_id": w.subject, "hadm_id": ids.admission, "icustay_id": ids.stay, "dbsource": w.system, "eventtype": kind,
		"prev_careunit": before, "curr_careunit": unit, "careunit": unit, "prev_wardid": wardBefore, "curr_wardid": ward,
		"intime": w.text(from), "outtime": w.text(to)}
	if to != 0 {
		r["los"] = strconv.FormatFloat(float64((to-from)/schemas.Minute)/60, 'f', 2, 64)
	}
	w.add(transfers, r)
}

// value makes the row of an observation as an item.
func (w *patientRows) value(o *observation, it *item) row {
	ids := w.within(o.at)
	text, number := it.write(o.value)
	unit := it.unit
	if it.id == fahrenheitItem {
		unit = w.layout.fahrenheit
	}
	r := row{"subject_id": w.subject, "hadm_id": ids.admission, "itemid": strconv.Itoa(it.id), "charttime": w.text(o.at), "valueuom": unit}
	r["storetime"] = w.text(o.stored)
	r["value"], r["valuenum"] = text, number
	if o.channel.table == outputEvents {
		delete(r, "valuenum") // its one column is the number
		r["value"] = number
	}
	if o.channel.table != labEvents {
		r["icustay_id"], r["stay_id"] = ids.stay, ids.stay
	}
	if o.channel.table == chartEvents && !w.carevue {
		r["warning"], r["error"] = "0", "0"
	}
	return r
}

// observation writes an observation into its table. A lactate stands in the chart as well: there
// nurses copy it, and a reader must not count it twice.
func (w *patientRows) observation(o *observation) {
	if o.channel.table == inputsMV {
		return // infusions have a begin and an end
	}
	w.add(o.channel.table, w.value(o, o.channel.itemIn(w.carevue)))
	if o.channel.channel == "lactate" { // the chart repeats it
		again := *o
		again.channel = &lactateInChart
		w.add(chartEvents, w.value(&again, lactateInChart.itemIn(w.carevue)))
	}
}

// infusions writes the drug's rates of a stay: in MetaVision from one change to the
// next, in CareVue whenever it was charted while it ran, and when it was stopped.
func (w *patientRows) infusions(n int) {
	s, ids := w.chart.stays[n], w.ids[n]
	var running *observation
	finish := func(at, stored schemas.Time, status string) {
		minutes := float64((at - running.at) / schemas.Minute)
		it := running.channel.metavision
		_, rate := it.write(running.value)
		w.add(inputsMV, row{"subject_id": w.subject, "hadm_id": ids.admission, "icustay_id": ids.stay, "stay_id": ids.stay,
			"starttime": w.text(running.at), "endtime": w.text(at), "itemid": strconv.Itoa(it.id),
			"amount": strconv.FormatFloat(running.value*w.weight*minutes/1000, 'f', 3, 64), "amountuom": "mg", "rate": rate, "rateuom": it.unit,
			"storetime": w.text(stored), "ordercategorydescription": "Continuous Med", "patientweight": strconv.FormatFloat(w.weight, 'f', 0, 64),
			"statusdescription": status})
	}
	for i := range w.chart.observations {
		o := &w.chart.observations[i]
		if o.channel.table != inputsMV || o.at < s.admit || o.at > s.end {
			continue
		}
		switch {
		case w.carevue:
			if o.value > 0 || running != nil {
				w.dose(o, ids)
			}
			if running = o; o.value == 0 {
				running = nil
			}
			continue
		case running != nil && o.value == running.value:
			continue
		case running != nil && o.value > 0:
			finish(o.at, o.stored, "ChangeDose/Rate")
		case running != nil:
			finish(o.at, o.stored, "Stopped")
		}
		if running = o; o.value == 0 {
			running = nil
		}
	}
	if running != nil && !w.carevue && s.end > running.at {
		finish(s.end, s.end, "FinishedRunning")
	}
}

// dose writes a rate as CareVue has it, at the moment when it was charted.
func (w *patientRows) dose(o *observation, ids stayIDs) {
	it := o.channel.carevue
	_, rate := it.write(o.value)
	stopped := ""
	if o.value == 0 {
		stopped = "Stopped"
	}
	w.add(inputsCV, row{"subject_id": w.subject, "hadm_id": ids.admission, "icustay_id": ids.stay, "charttime": w.text(o.at), "storetime": w.text(o.stored),
		"itemid": strconv.Itoa(it.id), "rate": rate, "rateuom": it.unit, "stopped": stopped})
}

// note writes a note under the category that the format has for its kind.
func (w *patientRows) note(n *note) {
	category := map[string]string{"nursing": "Nursing", "admission": "Physician "}[n.kind]
	if category == "" {
		category = n.kind
	}
	w.add(noteEvents, row{"subject_id": w.subject, "hadm_id": w.within(n.at).admission, "chartdate": w.day(n.at), "charttime": w.text(n.at),
		"storetime": w.text(n.stored), "category": category, "description": "Report", "text": n.text})
}
