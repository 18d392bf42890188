// Package judge says how good a model is when it is asked during whole stays: recorded patients
// are played through the Step that serves, each alone, and what it said at every full hour is
// held against what came of the stay.
//
// [Play] plays a source and returns the [Stay]s with their courses: the model's risk, NEWS2
// and SOFA at every full hour, and the alerts of the policy. [Judge] makes a [Report] of them: at
// hours of the stay discrimination, calibration and error, with intervals by resampling
// patients; over whole courses what alarms at a threshold would find, how many they would be
// and how early; the same for NEWS2 and SOFA; by groups of patients; net benefit. The report is one
// JSON object, and a page for people.
//
// The package promises:
//
//   - The risks are those that a live run has at the same moments, bit for bit.
//   - A stay is judged at an hour only while it lasts, and a stay whose outcome is not known
//     is left out and counted.
//   - The same data, model, policy and seed give the same report.
//
// Left to others: where outcomes come from (the sources), and whom a model has seen
// (fusion/train); the caller says whom to leave out.
package judge
