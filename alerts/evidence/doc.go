// Package evidence makes an alert anew from the patient log, elsewhere than where it was made: what a
// reader of the log computes must be, byte for byte, what was told.
//
// A [Recreation] takes the records of one partition of the log in their order, steps those of the
// patients that it is asked for by the model, the policy and the settings that the log names, and
// gives what they put out. [Compare] holds that against what was told.
//
// The package promises that what it makes does not depend on a store, on other patients, or on what
// was told; and that it goes by nothing that the log does not ask for.
//
// Left to others: reading the topics, and where models and policies come from.
package evidence
