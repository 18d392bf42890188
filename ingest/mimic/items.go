package mimic

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// mapped is an item that the channel table knows.
type mapped struct {
	channel    schemas.Channel
	item       int    // its number
	unit       string // the unit that the item implies where the row names none
	fluid      bool   // the channel is an amount that ran in, not a rate
	laboratory bool   // it is known when the laboratory answers, in whatever table it stands
	coded      bool   // its number is the code of a word, by modeCodes
	additional bool   // it is of a second device
	// own is what a site has laid over the item; nil where it has not.
	own *schemas.SiteCode
}

// itemTable has an edition's items, by table and item id.
type itemTable [numTables]map[int64]*mapped

// find returns what a table's item is, nil where the channel table does not know it.
func (t *itemTable) find(table uint8, item int64) *mapped { return t[table][item] }

// itemsOf gathers an edition's items from the channel table. The channel table knows one
// table of inputs, for both systems, so the two tables of inputs have the same items.
func itemsOf(list func(*schemas.ChannelInfo) []schemas.Item3) (t itemTable) {
	tables := map[string][]uint8{
		"CHARTEVENTS": {chartEvents}, "LABEVENTS": {labEvents}, "OUTPUTEVENTS": {outputEvents}, "INPUTEVENTS": {inputEventsCV, inputEventsMV},
	}
	for i := range t {
		t[i] = map[int64]*mapped{}
	}
	for c := 1; c < schemas.NumChannels(); c++ {
		info := schemas.Channel(c).Info()
		for _, item := range list(info) {
			for _, i := range tables[item.Table] {
				t[i][int64(item.ID)] = &mapped{
					channel: info.ID, item: item.ID, unit: item.Unit, fluid: info.Group == "fluid",
					laboratory: info.Group == "lab" && !slices.Contains(fingersticks, item.ID),
					coded:      item.ID == ventilatorMode,
					additional: item.Additional,
				}
			}
		}
	}
	return t
}

// with is the table with a site's own items of a system over it; laid says whether there are any. An item's number is
// of one table, so that it stands for that item in whichever table it comes.
func (t *itemTable) with(own *schemas.SiteCodes, system string) (out *itemTable, laid bool, err error) {
	out = &itemTable{}
	for i := range t {
		out[i] = maps.Clone(t[i])
	}
	own.All(system, func(r schemas.SiteCode) {
		item, parsed := table.Int([]byte(r.Code))
		if !parsed {
			err = fmt.Errorf("codes: %s %s: want an item id, a whole number", system, r.Code)
			return
		}
		laid = true
		info := r.Channel.Info()
		for i := range out {
			out[i][item] = &mapped{channel: info.ID, item: int(item), unit: r.Unit, fluid: info.Group == "fluid", laboratory: info.Group == "lab", own: &r}
		}
	})
	return out, laid, err
}

// ventilatorMode is MetaVision's item for the mode of the ventilator.
const ventilatorMode = 223849

// fingersticks are glucose items that are measured at the bedside: they belong to a channel
// of the laboratory, and are known as soon as they are charted.
var fingersticks = []int{807, 225664}

// modeCodes are MetaVision's numbers for the words of its ventilator modes, as the
// rows of the MIMIC-III demo pair them: whether a machine breathes. They serve
// where the word is lost, as in the demo of MIMIC-IV; a number that stands for
// several words is not among them.
var modeCodes = map[float64]float64{
	1: 1, 2: 1, 11: 1, 13: 1, 26: 1, 47: 1, 48: 1, 49: 1, 51: 1, 53: 1, 71: 1,
	30: 0, // Standby
}

// number reads the row's number. A text that the channel lists decides, else the numeric
// column, else the number that the text begins with. Where flags are returned the text says
// more than the number, so it is sent as well. ok is false where there is no number.
func (m *mapped) number(r *row) (v float64, text string, flags schemas.Flag, ok bool) {
	text = string(bytes.TrimSpace(r.value))
	if m.coded && text == "" {
		v, ok = modeCodes[r.number]
		return v, "", 0, ok && r.hasNumber
	}
	v, flags, ok = m.channel.Read(r.number, r.hasNumber, text)
	return v, text, flags, ok
}

// convert takes the number to the unit of the channel that it is of; reason is empty, or says why it
// cannot.
func (m *mapped) convert(v float64, unit []byte) (schemas.Channel, float32, schemas.Flag, schemas.Reason) {
	v, name := m.told(v, unit)
	c := m.channel.For(name)
	out, flags, problem := c.Convert(v, name)
	if problem != nil {
		return 0, 0, 0, problem.Reason
	}
	return c, out, flags, ""
}

// told is the number and its unit as they are to be read, by the site's own row if there is one.
func (m *mapped) told(v float64, unit []byte) (float64, string) {
	if m.own != nil {
		return m.own.Read(v, string(bytes.TrimSpace(unit)))
	}
	return v, m.unitOf(unit)
}

// unitOf is the row's unit, or what the item implies where the row names none.
func (m *mapped) unitOf(unit []byte) string {
	name := string(bytes.TrimSpace(unit))
	if name == "" || strings.EqualFold(name, "none") || schemas.Mislabelled(m.item, name) {
		return m.unit
	}
	return name
}

// channelName is the channel's name in messages.
func channelName(c schemas.Channel) string { return c.Info().Name }
