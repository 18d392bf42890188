// Package bedside shows a unit to the people in it: beds, last vitals with their age,
// NEWS2, risk and open alerts, the sickest first.
//
// A [Unit] is the model of what is shown. It reads the topics as any subscriber does and
// never the store. [Unit.Frame] draws it into a [Frame] of given size, without a terminal and
// without a clock. A [Ward] shows frames on a terminal and takes its keys, or prints the alerts
// as lines where there is none. NO_COLOR takes the colours away, and a dumb terminal gets lines.
// Every view says that Vigil is research software and not a medical device.
package bedside
