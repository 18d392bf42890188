// Package ecg reads an ECG strip without a model: where the beats are, heart rate,
// whether the rhythm is irregular, and whether the signal can be used at all. A
// later encoder turns strips into vectors; what stands here needs no weights.
package ecg
