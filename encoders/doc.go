// Package encoders holds what the model is given: a patient's window as hour
// bins, the stay's statics, and per modality whether it is there. An absent
// modality says so; it is never a zero that could be a value.
package encoders
