package notes

import (
	"strings"
	"testing"
)

// What a lexicon promises: enough concepts of every kind, a name and a synonym of one concept
// each. That a synonym has one concept holds parseLexicon, which the next test shows.
func TestLexiconHasTheConceptsOfAnICU(t *testing.T) {
	e := New()
	concepts, kinds, problems := e.Concepts(), map[Kind]int{}, 0
	for _, c := range concepts {
		kinds[c.Kind]++
		if c.Kind.Problem() {
			problems++
		}
		if c.Name != strings.TrimSpace(c.Name) || c.Name == "" || len(c.Name) > 60 {
			t.Errorf("%q is no name", c.Name)
		}
	}
	if len(concepts) < 600 || problems < 400 {
		t.Errorf("%d concepts, %d of them problems; want at least 600 and 400", len(concepts), problems)
	}
	for _, k := range []Kind{Symptom, Sign, Disorder, Injury, Procedure, Device, Drug, Organism, State} {
		if kinds[k] == 0 {
			t.Errorf("no concept is a %s", k)
		}
		delete(kinds, k)
	}
	if len(kinds) > 0 {
		t.Errorf("kinds that nobody knows: %v", kinds)
	}
}

func TestLexiconRefusesASynonymOfTwoConcepts(t *testing.T) {
	for text, want := range map[string]string{
		"[sign]\na: x y\nb: X-y\n":        `"X-y" belongs to "a" already`,
		"[sign]\na: x\na: y\n":            `"a" stands twice`,
		"[sign]\na x\n":                   "want a name, a colon",
		"[sign]\na: x\n[ambiguous]\nM: b": `no concept "b"`,
		"[sign]\na: ...\nb: ...\n":        `belongs to "a" already`,
	} {
		if _, err := parseLexicon(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := parseLexicon("[sign]\na: AS\nb: as\n"); err != nil {
		t.Errorf("an abbreviation in capitals and a word: %v", err)
	}
}

func TestCuesAndHeadingsRefuseWhatStandsTwice(t *testing.T) {
	if _, err := parseCues("[negation forward]\nno, no\n"); err == nil {
		t.Error("a cue twice under one heading is taken")
	}
	if _, err := parseCues("[maybe forward]\nno\n"); err == nil {
		t.Error("an unknown heading is taken")
	}
	if _, err := parseHeadings("a: x y\nb: x-y\n"); err == nil {
		t.Error("a heading of two kinds is taken")
	}
}

// An abbreviation of several meanings has that of its sentence.
func TestContextDecidesAnAbbreviation(t *testing.T) {
	e := New()
	for text, want := range map[string]string{
		"Echo with severe MS, gradient 12.":     "mitral stenosis",
		"MS on interferon.":                     "multiple sclerosis",
		"MS 2 mg IV given.":                     "morphine",
		"ARF, intubated.":                       "respiratory failure",
		"ARF on CKD.":                           "acute kidney injury",
		"SBP 80, pale.":                         "",
		"SBP with ascites.":                     "peritonitis",
		"Severe AS.":                            "aortic stenosis",
		"As discussed with family.":             "",
		"PATIENT SEEN AS WELL AS FAMILY TODAY.": "",
		"Saturating well on RA.":                "",
	} {
		found := ""
		for _, f := range e.Read(text).Findings {
			if _, isAbbreviation := map[string]bool{"mitral stenosis": true, "multiple sclerosis": true, "morphine": true, "respiratory failure": true, "acute kidney injury": true, "peritonitis": true, "aortic stenosis": true, "rheumatoid arthritis": true}[f.Concept]; isAbbreviation {
				found = f.Concept
			}
		}
		if found != want {
			t.Errorf("%q: %q, want %q", text, found, want)
		}
	}
}
