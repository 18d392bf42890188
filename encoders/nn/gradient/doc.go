// Package gradient holds what a tape says of a loss's gradient against the central
// difference of that loss, in float64. Tests of layers and networks use it.
package gradient
