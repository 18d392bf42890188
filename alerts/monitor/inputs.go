package monitor

import (
	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// inputs says which input of NEWS2 a channel is.
var inputs = func() (table [schemas.MaxChannels]alerts.Input) {
	for ch := range table {
		table[ch] = alerts.Inputs
	}
	for in := range alerts.Inputs {
		table[alerts.InputChannels[in].ID] = in
	}
	return table
}()

// inputOf is alerts.Inputs for a channel that NEWS2 does not read.
func inputOf(ch schemas.Channel) alerts.Input {
	if int(ch) < len(inputs) {
		return inputs[ch]
	}
	return alerts.Inputs
}
