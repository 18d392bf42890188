package mimic

import (
	"bytes"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// mapped is an item that the channel table knows.
type mapped struct {
	channel schemas.Channel
	unit    string // what the item implies where the row names none
	fluid   bool   // an amount, not a rate
	texts   bool   // its text values carry numbers or flags
}

// itemTable finds items by table and id.
type itemTable [len(tableNames)]map[int64]*mapped

func (t *itemTable) of(table uint8, item int64) *mapped { return t[table][item] }

// items are the table's MIMIC-III items. The two tables of inputs share theirs.
var items = func() (t itemTable) {
	for i := range t {
		t[i] = map[int64]*mapped{}
	}
	for c := 1; c < schemas.NumChannels(); c++ {
		info := schemas.Channel(c).Info()
		for _, item := range info.MIMIC3 {
			m := &mapped{info.ID, item.Unit, info.Group == "fluid", len(info.Texts) > 0 || info.Group == "neuro"}
			for i, name := range tableNames {
				if name == item.Table || strings.HasPrefix(name, "INPUTEVENTS") && item.Table == "INPUTEVENTS" {
					t[i][int64(item.ID)] = m
				}
			}
		}
	}
	return t
}()

// number is the row's number: the numeric column, else what the text carries.
// flags come from the text in either case.
func (m *mapped) number(r *row) (v float64, flags schemas.Flag, ok bool) {
	text := bytes.TrimSpace(r.value)
	if !m.texts && r.hasNumber {
		return r.number, 0, true
	}
	if len(text) > 0 {
		v, flags, ok = m.channel.ParseText(string(text))
	}
	if r.hasNumber && flags == 0 {
		return r.number, 0, true
	}
	return v, flags, ok
}

// convert takes the number to the channel's unit; reason says why it cannot.
func (m *mapped) convert(v float64, unit []byte) (float32, schemas.Reason) {
	name := string(bytes.TrimSpace(unit))
	if name == "" || strings.EqualFold(name, "none") {
		name = m.unit
	}
	out, problem := m.channel.Convert(v, name)
	if problem != nil {
		return 0, problem.Reason
	}
	return out, ""
}

func channelName(c schemas.Channel) string { return c.Info().Name }
