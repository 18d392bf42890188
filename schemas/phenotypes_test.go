package schemas

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/vigil-icu/vigil/schemas/opendata"
)

// The table is derived from the public definition file and the public mapping.
func TestPhenotypeCodesAreThoseOfTheMappings(t *testing.T) {
	dir := filepath.Join(opendata.Dir(t), "mappings")
	if want := derivedPhenotypes(t, dir); want != phenotypeFile {
		if os.Getenv("VIGIL_UPDATE") == "" {
			t.Fatal("phenotypecodes.txt is not what the mappings give: VIGIL_UPDATE=1 writes it")
		}
		if err := os.WriteFile("phenotypecodes.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// longNames are those that the definition file has for a shorter name here.
var longNames = map[string]string{
	"Pneumonia (except TB or STD)": "Pneumonia (except that caused by tuberculosis or sexually transmitted disease)",
}

func derivedPhenotypes(t *testing.T, dir string) string {
	definitions, err := os.ReadFile(filepath.Join(dir, "hcup_ccs_2015_definitions.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var groups map[string]struct {
		Codes []string `yaml:"codes"`
	}
	if err := yaml.Unmarshal(definitions, &groups); err != nil {
		t.Fatal(err)
	}
	of := map[string]int{}
	var lists [len(Phenotypes)][2][]string
	for i, name := range Phenotypes {
		if long, ok := longNames[name]; ok {
			name = long
		}
		lists[i][0] = groups[name].Codes
		for _, code := range groups[name].Codes {
			of[code] = i
		}
	}
	opendata.EachRow(t, filepath.Join(dir, "icd10cmtoicd9gem.csv.gz"), func(field func(string) string) {
		if i, ok := of[field("icd9cm")]; ok && !slices.Contains(lists[i][1], field("icd10cm")) {
			lists[i][1] = append(lists[i][1], field("icd10cm"))
		}
	})
	var b strings.Builder
	for i := range lists {
		for r, revision := range []int{9, 10} {
			slices.Sort(lists[i][r])
			fmt.Fprintf(&b, "%d %d %s\n", i, revision, strings.Join(lists[i][r], " "))
		}
	}
	return b.String()
}

func TestPhenotypesOf(t *testing.T) {
	for _, c := range []struct {
		revision int
		code     string
		want     []string
	}{
		{9, "0389", []string{"Septicemia (except in labor)"}},
		{10, "A419", []string{"Septicemia (except in labor)"}},
		{9, "78552", []string{"Shock"}},
		{10, "N179", []string{"Acute and unspecified renal failure"}},
		{9, "A419", nil},
		{10, "Z000", nil},
		{9, "", nil},
	} {
		var got []string
		for _, i := range PhenotypesOf(c.revision, c.code) {
			got = append(got, Phenotypes[i])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("ICD-%d %s: %q, want %q", c.revision, c.code, got, c.want)
		}
	}
	for i, name := range Phenotypes {
		for _, revision := range []string{"9", "10"} {
			_, line, _ := strings.Cut("\n"+phenotypeFile, fmt.Sprintf("\n%d %s ", i, revision))
			if line, _, _ = strings.Cut(line, "\n"); len(strings.Fields(line)) == 0 {
				t.Errorf("%s has the codes %q of revision %s", name, line, revision)
			}
		}
	}
}
