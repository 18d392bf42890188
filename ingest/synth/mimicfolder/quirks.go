package mimicfolder

import "github.com/vigil-icu/vigil/schemas"

// alarmEvery is how often the limit of an alarm is charted.
const alarmEvery = 4 * schemas.Hour

// quirks writes the rows that a reader must not use: some of every patient, and of
// each further class some of one patient in six.
func (w *patientRows) quirks() {
	pulse := w.first("heart_rate")
	if pulse == nil {
		return
	}
	for _, s := range w.chart.stays {
		for at := s.admit + schemas.Hour; at < s.end; at += alarmEvery {
			w.odd("", at, 120, &alarmLimit, nil)
		}
	}
	w.odd("heart_rate", pulse.at, pulse.value, nil, nil) // charted twice
	at := pulse.at + 2*schemas.Hour
	switch w.nth % 6 {
	case 0: // a date that does not exist
		w.odd("heart_rate", at, 88, nil, func(r row) { r["charttime"] = r["charttime"][:4] + "-02-30 12:00:00" })
	case 1: // marked as wrong; MIMIC-IV has no mark for it, so it leaves the row out
		if w.layout.carevue {
			w.odd("spo2", at, 9, nil, func(r row) { r["error"] = "1" })
		}
		w.rewritten()
	case 2: // the decimal point forgotten
		w.odd("temperature", at, 0, nil, func(r row) { r["value"], r["valuenum"] = "986", "986" })
	case 3: // a unit that is none of potassium's
		w.odd("potassium", at, 4.2, nil, func(r row) { r["valueuom"] = "mg" })
	case 4: // words where a number is wanted
		w.odd("potassium", at, 0, nil, func(r row) { r["value"], r["valuenum"] = "HEMOLYZED", "" })
	case 5: // of another year, without an admission
		w.odd("glucose", at-200*24*schemas.Hour, 104, nil, func(r row) { r["hadm_id"] = "" })
	}
}

// first is the first observation of a channel, nil where there is none.
func (w *patientRows) first(channel string) *observation {
	for i := range w.chart.observations {
		if w.chart.observations[i].channel.channel == channel {
			return &w.chart.observations[i]
		}
	}
	return nil
}

// odd writes a row for a value of a channel, or of c where that is given. change makes it odd
// before it is written; nil leaves it as it is, a repeat.
func (w *patientRows) odd(channel string, at schemas.Time, v float64, c *charted, change func(row)) {
	if c == nil {
		c = channelNamed(channel)
	}
	r := w.value(&observation{at: at, stored: at + 21*schemas.Minute, channel: c, value: v}, c.itemIn(w.carevue))
	if change != nil {
		change(r)
	}
	w.add(c.table, r)
}

// rewritten writes an infusion whose order was changed later, so that another row replaces it.
func (w *patientRows) rewritten() {
	if w.carevue {
		return
	}
	at, ids := w.chart.stays[0].admit+schemas.Hour, w.ids[0]
	w.add(inputsMV, row{"subject_id": w.subject, "hadm_id": ids.admission, "icustay_id": ids.stay, "stay_id": ids.stay,
		"starttime": w.text(at), "endtime": w.text(at + schemas.Hour), "itemid": "221906", "amount": "0.420", "amountuom": "mg", "rate": "0.10", "rateuom": "mcg/kg/min",
		"storetime": w.text(at + 9*schemas.Minute), "ordercategorydescription": "Continuous Med", "statusdescription": "Rewritten"})
}
