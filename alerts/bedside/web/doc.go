// Package web is the page of a unit for browsers: the beds as tiles, one patient with the risk and
// what is behind it, the alerts and their answers, how Vigil stands, and what is to be known of the
// model.
//
// The page is one script, one style and one document in dist, made by go generate from src and from
// the two libraries in libraries; it needs Go alone, and a test makes it anew and compares. It asks
// alerts/bedside/api and no other host, runs under a policy that lets no text become code, and says
// on every view that Vigil is research software and not a medical device.
//
// What it promises to who looks at it: red, yellow and cyan are for alerts alone, and an alert has a
// glyph and a word beside its colour. A number carries its age, is hatched when it is older than twice
// its usual period, and a dash beyond four times. A page that hears nothing for five seconds says so
// across its width. A view of the past says of which moment it is, and takes no answers: they are to what is open now.
// An answer can be taken back for five seconds before it is sent. What is shown is in the
// address, which names no patient, so that a colleague who is sent it sees the same.
//
// Left to others: who may see what (alerts/bedside/api) and the listening (cmd/vigil).
package web

//go:generate go -C bundle run .
