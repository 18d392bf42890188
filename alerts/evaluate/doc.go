// Package evaluate judges a run by what came out of it. It stands at the far end of the
// line because it looks at everything: raw topics, the patient log, dead letters, scores
// and alerts.
//
// A [Tally] reads the topics of a run back into a [Summary], whose [Digest] tells two
// runs that came to the same from two that did not; [Export] writes the outputs as JSON
// lines. It judges nothing that a subscriber could not see.
package evaluate
