// Package encoders holds what a model is given of one patient as of one moment: numeric
// channels on a grid of cells over the last 48 hours, statistics of them, attributes of
// the stay, and the items of every other modality. An absent modality says so; it is
// never a zero that could be a value.
//
// The types here are filled by others: package vitals fills a [Series] from a window, and
// a [History] fills [Items]. They hold numbers and know no network.
package encoders
