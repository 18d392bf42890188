package sinks

import _ "embed"

//go:embed template.yaml
var template []byte

// Template is a file of sinks to start from, with comments on every setting; one sink of it is in use, the others
// wait to be.
func Template() []byte { return template }
