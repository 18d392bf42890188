package window

import "unsafe"

// Bound is what a window may take, in bytes: of so many channels, hours of which the records are
// in memory, each with so many of every channel, and hours of which only the sums are. Memory that
// grows is counted twice.
func Bound(channels, held, records, summed int) int {
	const link = 4
	hours := (held + summed) * (int(unsafe.Sizeof(hour{})) + 2*channels*int(unsafe.Sizeof(cell{})))
	return int(unsafe.Sizeof(Window{})) + 2*2*channels + hours + 2*held*channels*records*(RecordSize+link)
}
