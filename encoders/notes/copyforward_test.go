package notes

import (
	"fmt"
	"slices"
	"testing"
)

// What was copied forward is known by its words, however it was wrapped.
func TestCopiedSentencesAreKnown(t *testing.T) {
	var earlier Earlier
	first := encoder.Read("Pt intubated overnight. No fever.").Hashes()
	if n := earlier.Novelty(first); n != 1 {
		t.Errorf("the first note is %v new", n)
	}
	earlier.Add(first)
	next := encoder.Read("PT  INTUBATED overnight.\n\nNo fever.\n\nExtubated today.\n\nNew rash.").Hashes()
	if n := earlier.Novelty(next); n != 0.5 || !earlier.Copied(next[0]) || earlier.Copied(next[2]) {
		t.Errorf("%v new of %v", n, next)
	}
	if n := earlier.Novelty(nil); n != 1 {
		t.Errorf("a note without sentences is %v new", n)
	}
}

func TestEarlierSentencesAreBounded(t *testing.T) {
	var earlier Earlier
	for i := range uint32(MaxEarlier + 10) {
		earlier.Add([]uint32{i + 1})
	}
	if len(earlier.known) != MaxEarlier || len(earlier.order) != MaxEarlier || earlier.Copied(10) || !earlier.Copied(11) {
		t.Errorf("%d known, %d in order", len(earlier.known), len(earlier.order))
	}
}

func TestALaterVersionSupersedes(t *testing.T) {
	if got := Current([]string{"r1", "", "r2", "r1", ""}); !slices.Equal(got, []int{1, 2, 3, 4}) {
		t.Errorf("%v", got)
	}
	for _, c := range []struct {
		kind, text string
		want       bool
	}{{"radiology", "ADDENDUM: no change", true}, {"addendum", "x", true}, {"nursing", "see addendum", false}} {
		if got := IsAddendum(c.kind, c.text); got != c.want {
			t.Errorf("%+v", c)
		}
	}
}

// Features are counts by a hash that is written down: these numbers may not change without
// another version of the encoder.
func TestFeaturesAreFixed(t *testing.T) {
	features := encoder.Read("No fever. Fever.").Features
	if got, want := fmt.Sprint(features), fmt.Sprint(encoder.Read("no  FEVER.\nfever").Features); got != want {
		t.Errorf("%s and %s", got, want)
	}
	if !slices.IsSortedFunc(features, func(a, b Feature) int { return int(a.Bucket) - int(b.Bucket) }) {
		t.Error("not in order")
	}
	// no, fever in a negation, both as a pair, fever
	if fmt.Sprint(features) != fixedFeatures {
		t.Errorf("%v, want %s", features, fixedFeatures)
	}
	plan := encoder.Read("Plan: fever").Features
	if fmt.Sprint(plan) == fmt.Sprint(encoder.Read("fever").Features) {
		t.Error("a plan counts as any section")
	}
	if h := encoder.Read("No fever.").Sentences[0].Hash; h != fixedHash {
		t.Errorf("the hash of a sentence is %d", h)
	}
}

const (
	fixedFeatures = "[{1478 1} {2511 1} {2866 1} {6452 1}]"
	fixedHash     = 1567057818
)
