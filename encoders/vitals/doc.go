// Package vitals turns a patient's window into what the network reads of the numeric
// channels: a grid of cells, statistics of the window at now, and the stay's statics.
//
// Serving and training go the same way:
//
//	window   -- Reader.Read -->     cells of f(x)    (Pack and Unpack keep them small)
//	cells    -- Thin, Shorten -->   cells of f(x)    training only
//	cells    -- Standardise -->     cells of z       encoders.Series
//	cells    -- Statistics -->      12 numbers a channel
//	numbers  -- Edges.Encode -->    their piecewise-linear encoding
//
// [Reader.Fill] does the first, third and fourth step and the statics for serving.
//
// Here f is a channel's transform in the channel table (x, log x or log(1+x)), and
// z = (f(x) - centre) / scale. A cell is summed up over f(x) first and then put on the scale
// of z, so that one window serves models of different scales: mean, minimum, maximum, first
// and last are clipped to [-6, 6], and the variance is divided by scale squared. The window
// goes by full hours and trails: its last hour is the one that holds now, and hours before
// the stay's view are empty.
//
// A model's range for a channel is narrower than the plausible range of the channel table,
// which refuses what cannot be when it comes in. A value outside the model's range stays in
// the window, is shown to people, and is not read here.
//
// Where serving calls it nothing is allocated. Times, ranges and random numbers come in as
// arguments, so that the same input gives the same bits. What is a stay, and when a score is
// due, is for its caller to say.
package vitals
