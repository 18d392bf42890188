package notes

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// scope is what a cue says of a concept within its reach.
type scope uint8

const (
	negation scope = iota
	uncertain
	hypothetical
	historical
	family
	ended   // stopped or taken out
	current // of now, also under a past history
	scopes
	affirm     // ends what was begun
	pseudo     // looks like a cue and is none
	terminator // ends everything
	with       // ends a history of an event
)

var scopeNames = map[string]scope{
	"negation": negation, "uncertain": uncertain, "hypothetical": hypothetical, "historical": historical, "family": family,
	"ended": ended, "current": current, "affirm": affirm, "pseudo": pseudo, "terminator": terminator, "with": with,
}

// reach is how many tokens a scope goes on after its cue, or after the last concept in it:
// a list goes on as long as it is one.
var reach = [scopes]int{negation: 9, uncertain: 7, hypothetical: 14, historical: 9, family: 40, ended: 4, current: 9}

// reachBack is the same for cues behind what they speak of, without a list.
var reachBack = [scopes]int{negation: 5, uncertain: 4, hypothetical: 3, historical: 6, family: 8, ended: 3}

// cue is what a phrase says forward and backward, as sets of scopes.
type cue struct {
	forward, backward []scope
	text              string
	// closed cues, ": no", count only at the end of a clause.
	closed bool
}

//go:embed cues.txt
var cuesText string

func parseCues(text string) (*phrases[cue], error) {
	root := new(phrases[cue])
	forward, what := true, scope(0)
	for n, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			name, direction, _ := strings.Cut(strings.Trim(line, "[]"), " ")
			var known bool
			if what, known = scopeNames[name]; !known || direction != "" && direction != "forward" && direction != "backward" {
				return nil, fmt.Errorf("cues line %d: there is no heading %q", n+1, line)
			}
			forward = direction != "backward"
			continue
		}
		for _, s := range entries(line) {
			at := root.place(phrase(s))
			if at.any == nil {
				at.any = &cue{text: s, closed: s[0] == ':' || s[0] == '-'}
			}
			list := &at.any.forward
			if !forward {
				list = &at.any.backward
			}
			if slices.Contains(*list, what) {
				return nil, fmt.Errorf("cues line %d: %q stands twice", n+1, s)
			}
			*list = append(*list, what)
		}
	}
	return root, nil
}

// said are verbs after a relative that make the relative a witness: "his mother reports".
var said = map[string]bool{
	"reports": true, "reported": true, "states": true, "stated": true, "notes": true, "noted": true, "says": true, "said": true,
	"denies": true, "denied": true, "endorses": true, "brought": true, "called": true, "noticed": true, "describes": true, "thinks": true,
	"feels": true, "believes": true, "found": true, "witnessed": true, "confirms": true, "updated": true, "is": true, "was": true, "who": true,
	"also": true, "and": false, "at": true, "present": true, "visited": true, "visiting": true, "tells": true, "told": true, "gave": true, "mentions": true,
	"observed": true, "requested": true, "asked": true, "aware": true, "informed": true, "bedside": true, "has noticed": true,
}

// relates are words before a relative that put what stands in front into the family: "a
// stroke in his father".
var relates = map[string]bool{"in": true, "of": true, "(": true, ":": false, "by": false}
