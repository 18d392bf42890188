package mimic

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// Tables of values, in the order of their names: the order of observations of
// one event time within a message. INPUTEVENTS of MIMIC-IV is MetaVision's.
const (
	chartEvents uint8 = iota
	inputEventsCV
	inputEventsMV
	labEvents
	outputEvents
	numTables
)

// delays are added to the charted time of a row that has no stored time. Charts
// and laboratory: the medians that DESIGN names, measured on MIMIC-III. Inputs and
// outputs: the medians of storetime - charttime (MetaVision: - starttime) in its
// demo. That of MIMIC-IV has 65 min in labevents and 17 in outputevents. A
// laboratory's value that is copied into the chart is charted at the time of the
// specimen: it has the laboratory's delay.
var delays = [numTables]schemas.Time{
	chartEvents:   14 * schemas.Minute,
	labEvents:     65 * schemas.Minute,
	outputEvents:  14 * schemas.Minute,
	inputEventsCV: 12 * schemas.Minute,
	inputEventsMV: 20 * schemas.Minute,
}

// value is one row that is fit to be sent, unless another repeats it. All values of the
// folder are in memory at once, so it is kept at 40 bytes.
type value struct {
	at, available schemas.Time
	row           int64   // the row's id; where the table has none, the charted time
	number        float32 // in the channel's unit
	said          int32   // 1 + its place in Source.said; 0 where the number says all
	item          int32
	channel       schemas.Channel
	table         uint8 // chartEvents and so on
	bits          uint8
}

// Bits of a value.
const (
	modelled uint8 = 1 << iota // its available time comes from delays
	derived                    // it is the 0 at the end of an infusion, whose row is counted at its start
	timed                      // row is the charted time, as the table has no ids
	second                     // it is of a second device, and no repeat of the first one's
)

// said is what is sent in place of the canonical number: a text, or the number and the unit
// as the row has them, where a flag goes with them that intake is to find for itself.
type said struct {
	text   string
	number json.Number
	unit   string
}

// row is what the tables of values have in common. Its slices are valid until the next row.
type row struct {
	table             uint8
	id, subject, item int64
	at, stored        schemas.Time // charted, and written down
	hasID, hasStored  bool
	wrong             bool   // the table itself says that the row is an error
	value             []byte // text
	number            float64
	hasNumber         bool
	unit              []byte
}

// start reads the fields that all tables have: the row's id if there is one,
// subject_id, itemid, the charted and the stored time.
func (r *row) start(f [][]byte, at []int, names []string) (err error) {
	var ok bool
	if r.hasID = at[0] >= 0; r.hasID {
		if r.id, ok = table.Int(f[at[0]]); !ok {
			return unreadable(names[0], f[at[0]])
		}
	}
	if r.subject, ok = table.Int(f[at[1]]); !ok {
		return unreadable(names[1], f[at[1]])
	}
	if r.item, ok = table.Int(f[at[2]]); !ok {
		return unreadable(names[2], f[at[2]])
	}
	if r.at, ok = table.Time(f[at[3]]); !ok {
		return unreadable(names[3], f[at[3]])
	}
	if !r.hasID {
		r.id = int64(r.at)
	}
	r.stored, r.hasStored, err = optionalTime(names[4], field(f, at[4]))
	return err
}

// numeric reads a number that may be missing; there says whether it is there.
func numeric(name string, b []byte) (v float64, there bool, err error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return 0, false, nil
	}
	if v, there = table.Float(b); !there {
		return 0, false, unreadable(name, b)
	}
	return v, true, nil
}

// isOne reads a flag: 1 is set, all else is not.
func isOne(b []byte) bool { return len(b) == 1 && b[0] == '1' }

// readValues reads the tables with one value a row: charts, laboratory, outputs.
func (s *Source) readValues() error {
	for _, t := range s.edition.values {
		err := s.eachRow(t.form, true, func(f [][]byte, at []int) (err error) {
			r := row{table: t.table, value: field(f, at[5]), unit: f[at[7]], wrong: isOne(field(f, at[8]))}
			if err = r.start(f, at, t.columns); err != nil {
				return err
			}
			if r.number, r.hasNumber, err = numeric(t.columns[6], f[at[6]]); err != nil {
				return err
			}
			s.judge(&r)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// judge puts a row into its class, or keeps its value until duplicates are known, which is
// when the patient is finished. Unreadable rows have been counted before.
func (s *Source) judge(r *row) {
	if r.wrong {
		s.count.Reject(schemas.MarkedWrong)
		return
	}
	m := s.items.find(r.table, r.item)
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

// keep turns the row into a value of its channel, or rejects it and returns false.
func (s *Source) keep(r *row, m *mapped) (value, bool) {
	number, text, flags, ok := m.number(r)
	if !ok {
		s.count.Reject(schemas.NoValue)
		return value{}, false
	}
	channel, canonical, read, reason := m.convert(number, r.unit)
	if reason != "" {
		s.count.Reject(reason)
		return value{}, false
	}
	v := value{at: r.at, row: r.id, item: int32(r.item), number: canonical, channel: channel, table: r.table}
	if !r.hasID {
		v.bits |= timed
	}
	if m.additional {
		v.bits |= second
	}
	switch {
	case flags != 0:
		s.said = append(s.said, said{text: text})
		v.said = int32(len(s.said))
	case read&schemas.Assumed != 0:
		number, unit := m.told(number, r.unit)
		s.said = append(s.said, said{number: json.Number(strconv.FormatFloat(number, 'f', -1, 64)), unit: unit})
		v.said = int32(len(s.said))
		s.count.Assumed++
	}
	switch {
	case r.hasStored:
		v.available = max(r.at, r.stored)
	case m.laboratory:
		v.available = r.at + delays[labEvents]
		v.bits |= modelled
	default:
		v.available = r.at + delays[r.table]
		v.bits |= modelled
	}
	return v, true
}
