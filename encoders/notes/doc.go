// Package notes reads clinical notes: sections, sentences, concepts and whether each is
// present, absent, possible, past or of somebody else. It is pure and knows no clock, no
// file and no network.
package notes
