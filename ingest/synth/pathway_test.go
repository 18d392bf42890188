package synth

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// files is a folder of pathway files p0.yaml, p1.yaml, …
func files(texts ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i, text := range texts {
		out[fmt.Sprintf("p%d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestBadPathwayFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":                  {"", "empty"},
		"no YAML":                {"phases: [\n", "yaml"},
		"two documents":          {"phases: [{name: a, lasts: 1h}]\n---\nname: b\n", "second|follows"},
		"unknown field":          {"phases: [{name: a, lasts: 1h, target: {}}]\n", "target"},
		"doubled key":            {"name: a\nname: b\nphases: [{name: a, lasts: 1h}]\n", "already defined"},
		"no phases":              {"name: x\n", "phases is missing"},
		"no phase name":          {"phases: [{lasts: 1h}]\n", "name is missing"},
		"no length":              {"phases: [{name: a}]\n", "lasts is missing"},
		"bad length":             {"phases: [{name: a, lasts: soon}]\n", "90m"},
		"negative length":        {"phases: [{name: a, lasts: -5m}]\n", "90m"},
		"bad settle":             {"phases: [{name: a, lasts: 1h, settle: 0s}]\n", "90m"},
		"second phase":           {"phases: [{name: a, lasts: 1h}, {name: b, lasts: 1h, rhythm: polka}]\n", "phases[1] \"b\""},
		"unknown channel":        {"phases: [{name: a, lasts: 1h, targets: {hart_rate: 3}}]\n", "hart_rate"},
		"channel not measured":   {"phases: [{name: a, lasts: 1h, targets: {height: 170}}]\n", "does not measure"},
		"implausible":            {"phases: [{name: a, lasts: 1h, targets: {heart_rate: 3000}}]\n", "0 to 390"},
		"NaN":                    {"phases: [{name: a, lasts: 1h, targets: {heart_rate: .nan}}]\n", "heart_rate NaN"},
		"not a number":           {"phases: [{name: a, lasts: 1h, targets: {heart_rate: fast}}]\n", "fast"},
		"noise":                  {"phases: [{name: a, lasts: 1h, noise: -1}]\n", "0 to 10"},
		"NaN noise":              {"phases: [{name: a, lasts: 1h, noise: .nan}]\n", "0 to 10"},
		"scatter":                {"phases: [{name: a, lasts: 1h, scatter: {spo2: 11}}]\n", "0 to 10"},
		"scatter of unknown":     {"phases: [{name: a, lasts: 1h, scatter: {spo3: 1}}]\n", "spo3"},
		"unknown rhythm":         {"phases: [{name: a, lasts: 1h, rhythm: samba}]\n", "sinus, af, vt"},
		"not a lab":              {"phases: [{name: a, lasts: 1h, labs: [heart_rate]}]\n", "heart_rate"},
		"note of unknown":        {"phases: [{name: a, lasts: 1h, note: \"at {heart_rte}\"}]\n", "heart_rte"},
		"open brace":             {"phases: [{name: a, lasts: 1h, note: \"at {heart_rate\"}]\n", "braces"},
		"long note":              {"phases: [{name: a, lasts: 1h, note: " + strings.Repeat("x", 5000) + "}]\n", "4096"},
		"lead without name":      {"leads: [\"\"]\nphases: [{name: a, lasts: 1h}]\n", "leads"},
		"a list where a map is":  {"phases: [{name: a, lasts: 1h, targets: [1]}]\n", "cannot unmarshal"},
		"labs_every not a time":  {"phases: [{name: a, lasts: 1h, labs_every: often}]\n", "often"},
		"month of years of days": {"phases: [{name: a, lasts: 9999h}]\n", "720h"},
	} {
		_, err := Pathways(files(c.text))
		found := false
		for _, want := range strings.Split(c.want, "|") {
			found = found || err != nil && strings.Contains(err.Error(), want)
		}
		if !found || !strings.Contains(err.Error(), "p0.yaml") {
			t.Errorf("%s: %v, want an error that names the file and %q", name, err, c.want)
		}
	}
	ok := "name: x\nphases: [{name: a, lasts: 1h}]\n"
	if _, err := Pathways(files(ok, ok)); err == nil || !strings.Contains(err.Error(), "p1.yaml") {
		t.Errorf("one name twice: %v", err)
	}
	if all, err := Pathways(files("phases: [{name: a, lasts: 1h}]\n")); err != nil || all[0].Name != "p0" {
		t.Errorf("a pathway without a name is called after its file: %v %v", all, err)
	}
}

// A file of several errors names the same one each time.
func TestFirstErrorIsStable(t *testing.T) {
	text := "phases: [{name: a, lasts: 1h, targets: {heart_rate: 9999, spo2: 9999, wbc: 99999, ph: 99, sodium: 9999, glucose: 99999}}]\n"
	_, first := Pathways(files(text))
	for range 20 {
		if _, err := Pathways(files(text)); err.Error() != first.Error() {
			t.Fatalf("%v, and then %v", first, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("name: x\nphases: [{name: a, lasts: 1h, targets: {heart_rate: 80}, note: \"{heart_rate}\", labs: [ph]}]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parse(b)
		if err == nil && (len(p.Phases) == 0 || p.Phases[0].Lasts == 0) {
			t.Fatalf("%+v", p)
		}
	})
}

func TestPlaysOtherPathways(t *testing.T) {
	all, _ := invent(t, Config{Seed: 1, Beds: 2, Duration: 1 << 42, Files: files("leads: [I, II, III]\nphases:\n- {name: a, lasts: 20m, rhythm: vt, bed: \"R{bed}\", targets: {heart_rate: 180}, note: \"{heart_rate} a minute\", scatter: {heart_rate: 0}}\n- {name: b, lasts: 30m}\n")})
	if len(all) != 2 {
		t.Fatalf("%d patients", len(all))
	}
	for i, p := range all {
		var beds, notes []string
		for k := range p.Events {
			switch e := &p.Events[k]; {
			case e.ADT != nil && e.ADT.Type != "discharge":
				beds = append(beds, e.ADT.Bed)
			case e.Note != nil && e.Note.Kind == "nursing":
				notes = append(notes, e.Note.Text)
			case e.Strip != nil && len(e.Strip.Samples) != 3:
				t.Fatalf("a strip of %d leads", len(e.Strip.Samples))
			}
		}
		if want := fmt.Sprint([]int{i + 1}, []string{fmt.Sprintf("R%d", i+1)}); len(beds) != 2 || fmt.Sprint([]string{beds[0]}, []string{beds[1]}) != want {
			t.Errorf("beds %v, want %s", beds, want)
		}
		if len(notes) != 1 || notes[0] != "180 a minute" {
			t.Errorf("notes %q", notes)
		}
	}
}
