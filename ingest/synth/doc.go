// Package synth invents an intensive-care unit: patients who get worse and better
// along pathways that are written as data (pathways/*.yaml), with vitals every
// 5 s, labs, an ECG strip a minute, notes that tell the values of their moment,
// image studies, transfers, discharges, sensor drop-outs, late and doubled messages.
// It is a source.Source, so the invented unit takes the way of a recorded one.
//
// The same seed gives the same unit, to the byte on one machine. With every pathway
// set to healthy nobody's NEWS2 reaches 5, or 3 in one component: scatter is bounded,
// and within its bounds every component is 0.
//
// A doubled message is the same content at the same event time, sent again 2 s later;
// it has a sequence number of its own, as the plan numbers what is sent.
//
// A [Cohort] is another thing: thousands of short stays whose outcome hangs on four things, each
// told by one kind of data, any of which may be missing. It shows whether a model uses all of them,
// beside what there is to be known ([Truth.Ideal]). Its generator is fixed by a hash.
//
// Every event is marked `invented`. No patient in here exists.
package synth
