// Package bedside shows a unit to the people in it: beds, last vitals with their age,
// NEWS2, risk and open alerts.
//
// A [Unit] is the model of what is shown. It reads the topics as any subscriber does and
// never the store. A [Ward] draws it on a terminal, or prints the alerts as lines where
// there is none. Every view says that Vigil is research software and not a medical device.
package bedside
