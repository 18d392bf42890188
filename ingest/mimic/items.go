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
			m := &mapped{info.ID, item.Unit, info.Group == "fluid"}
			for i, name := range tableNames {
				if name == item.Table || strings.HasPrefix(name, "INPUTEVENTS") && item.Table == "INPUTEVENTS" {
					t[i][int64(item.ID)] = m
				}
			}
		}
	}
	return t
}()

// number is the row's number: a listed text decides, else the numeric column, else
// the number that the text begins with.
func (m *mapped) number(r *row) (v float64, flags schemas.Flag, ok bool) {
	return m.channel.Read(r.number, r.hasNumber, string(bytes.TrimSpace(r.value)))
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
