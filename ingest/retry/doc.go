// Package retry is how Vigil's machines wait for a server: a call that fails for the
// moment is made again, the pauses between two tries grow, and the log says once that the
// server is away and once that it is back.
//
// All waiting ends with the caller's context, and the caller says which errors pass.
package retry
