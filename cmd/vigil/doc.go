// Command vigil watches an intensive-care unit: `vigil demo` runs everything in
// one process on an invented unit or on a recorded one, `vigil alerts` follows
// or writes out the alerts, `vigil topics` makes and checks the Kafka topics,
// `vigil model` shows the model's card.
//
// Exit codes: 0 ok, 1 failure, 2 usage or configuration, 3 a dependency is
// down, 4 a check found problems, 130 interrupted. Data goes to stdout, talk to
// stderr. Vigil is research software, not a medical device.
package main
