package mimic

import (
	"bytes"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// Tables of values, in the order of their names: the order of observations of
// one event time within a message.
const (
	chartEvents uint8 = iota
	inputEventsCV
	inputEventsMV
	labEvents
	outputEvents
)

var tableNames = [...]string{"CHARTEVENTS", "INPUTEVENTS_CV", "INPUTEVENTS_MV", "LABEVENTS", "OUTPUTEVENTS"}

// Delay is what is added to the charted time of a row that has no stored time.
// Charts and laboratory: the medians that DESIGN names, measured on MIMIC-III.
// Inputs and outputs: the medians of storetime - charttime (MetaVision:
// - starttime) in the demo. Notes: chosen, not measured.
var Delay = map[string]schemas.Time{
	"CHARTEVENTS":    14 * schemas.Minute,
	"LABEVENTS":      65 * schemas.Minute,
	"OUTPUTEVENTS":   14 * schemas.Minute,
	"INPUTEVENTS_CV": 12 * schemas.Minute,
	"INPUTEVENTS_MV": 20 * schemas.Minute,
	"NOTEEVENTS":     60 * schemas.Minute,
}

// value is one row that is fit to be sent, unless another repeats it.
type value struct {
	at, available schemas.Time
	row           int64
	number        float32
	text          int32 // 1 + index into Source.texts; 0: the number says all
	channel       schemas.Channel
	table         uint8
	bits          uint8
}

const (
	modelled uint8 = 1 << iota // available comes from Delay
	derived                    // the 0 at the end of an infusion: its row is counted at its start
)

// row is what the tables of values have in common.
type row struct {
	table             uint8
	id, subject, item int64
	at, stored        schemas.Time
	hasStored         bool
	wrong             bool
	value             []byte // text
	number            float64
	hasNumber         bool
	unit              []byte
}

// idAndTimes reads the fields that all tables have: row_id, subject_id, itemid,
// the charted and the stored time.
func (r *row) idAndTimes(f [][]byte, at []int) error {
	var ok bool
	if r.id, ok = table.Int(f[at[0]]); !ok {
		return unreadable("row_id", f[at[0]])
	}
	if r.subject, ok = table.Int(f[at[1]]); !ok {
		return unreadable("subject_id", f[at[1]])
	}
	if r.item, ok = table.Int(f[at[2]]); !ok {
		return unreadable("itemid", f[at[2]])
	}
	if r.at, ok = table.Time(f[at[3]]); !ok {
		return unreadable("time", f[at[3]])
	}
	if len(at) > 4 && at[4] >= 0 {
		return r.storedTime(f[at[4]])
	}
	return nil
}

func (r *row) storedTime(b []byte) error {
	if r.hasStored = len(b) > 0; r.hasStored {
		var ok bool
		if r.stored, ok = table.Time(b); !ok {
			return unreadable("storetime", b)
		}
	}
	return nil
}

// numeric reads an optional number.
func numeric(field string, b []byte) (v float64, there bool, err error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return 0, false, nil
	}
	if v, there = table.Float(b); !there {
		return 0, false, unreadable(field, b)
	}
	return v, true, nil
}

func isOne(b []byte) bool { return len(b) == 1 && b[0] == '1' }

func (s *Source) readCharts() error {
	columns := []string{"row_id", "subject_id", "itemid", "charttime", "storetime", "value", "valuenum", "valueuom", "error"}
	return s.eachRow("CHARTEVENTS", true, true, columns, func(f [][]byte, at []int) (err error) {
		r := row{table: chartEvents, value: f[at[5]], unit: f[at[7]], wrong: isOne(f[at[8]])}
		if err = r.idAndTimes(f, at[:5]); err != nil {
			return err
		}
		if r.number, r.hasNumber, err = numeric("valuenum", f[at[6]]); err != nil {
			return err
		}
		s.judge(&r)
		return nil
	})
}

func (s *Source) readLabs() error {
	columns := []string{"row_id", "subject_id", "itemid", "charttime", "value", "valuenum", "valueuom"}
	return s.eachRow("LABEVENTS", false, true, columns, func(f [][]byte, at []int) (err error) {
		r := row{table: labEvents, value: f[at[4]], unit: f[at[6]]}
		if err = r.idAndTimes(f, at[:4]); err != nil {
			return err
		}
		if r.number, r.hasNumber, err = numeric("valuenum", f[at[5]]); err != nil {
			return err
		}
		s.judge(&r)
		return nil
	})
}

func (s *Source) readOutputs() error {
	columns := []string{"row_id", "subject_id", "itemid", "charttime", "storetime", "value", "valueuom", "iserror"}
	return s.eachRow("OUTPUTEVENTS", false, true, columns, func(f [][]byte, at []int) (err error) {
		r := row{table: outputEvents, unit: f[at[6]], wrong: isOne(f[at[7]])}
		if err = r.idAndTimes(f, at[:5]); err != nil {
			return err
		}
		if r.number, r.hasNumber, err = numeric("value", f[at[5]]); err != nil {
			return err
		}
		s.judge(&r)
		return nil
	})
}

// judge puts the row into its class, or keeps its value until duplicates are
// known. What is unreadable has been told before.
func (s *Source) judge(r *row) {
	if r.wrong {
		s.count.Reject(schemas.MarkedWrong)
		return
	}
	m := items.of(r.table, r.item)
	if m == nil {
		s.count.Unmap(r.item)
		return
	}
	p := s.patients[r.subject]
	if p == nil || !p.inStay(r.at) {
		s.count.Reject(schemas.OutsideStay)
		return
	}
	if v, ok := s.keep(r, m); ok {
		p.values = append(p.values, v)
	}
}

// keep turns the row into a value, or rejects it.
func (s *Source) keep(r *row, m *mapped) (value, bool) {
	number, flags, ok := m.number(r)
	if !ok {
		s.count.Reject(schemas.NoValue)
		return value{}, false
	}
	canonical, reason := m.convert(number, r.unit)
	if reason != "" {
		s.count.Reject(reason)
		return value{}, false
	}
	v := value{at: r.at, row: r.id, number: canonical, channel: m.channel, table: r.table}
	if flags != 0 {
		s.texts = append(s.texts, string(r.value))
		v.text = int32(len(s.texts))
	}
	if r.hasStored {
		v.available = max(r.at, r.stored)
	} else {
		v.available = r.at + delays[r.table]
		v.bits = modelled
	}
	return v, true
}

// delays is Delay by table.
var delays = func() (d [len(tableNames)]schemas.Time) {
	for i, name := range tableNames {
		d[i] = Delay[name]
	}
	return d
}()
