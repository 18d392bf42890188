package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLibrariesTable holds the README's table of libraries against what the modules
// require: every direct requirement has a reason there, and nothing else stands there.
func TestLibrariesTable(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	required := map[string]bool{}
	for _, file := range []string{"go.mod", "encoders/nn/avo/go.mod", "alerts/bedside/web/bundle/go.mod"} {
		for _, path := range directRequirements(t, filepath.Join(root, file)) {
			required[path] = true
		}
	}
	if len(required) < 10 {
		t.Fatalf("saw %d direct requirements: the reading of go.mod is wrong", len(required))
	}

	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range libraryRows(t, string(text)) {
		names, reason := row[0], row[1]
		if reason == "" {
			t.Errorf("README: %s has no reason", names)
		}
		for name := range strings.SplitSeq(names, ", ") {
			path := modulePath(name)
			if listed[path] {
				t.Errorf("README: %s is listed twice", name)
			}
			listed[path] = true
			if !required[path] {
				t.Errorf("README lists %s, which no go.mod requires directly", name)
			}
		}
	}
	for path := range required {
		if !listed[path] {
			t.Errorf("go.mod requires %s directly, which the README's table of libraries lacks", path)
		}
	}
}

var (
	requirement = regexp.MustCompile(`(?m)^(?:require |\t)(\S+) v\S+( // indirect)?$`)
	tool        = regexp.MustCompile(`(?m)^(?:tool |\t)(\S+)$`)
)

// directRequirements are the modules that a go.mod requires for imports of its own or
// for its tools. A tool's module is marked indirect where nothing imports it. The file
// is read here and not by the go command, so that a cached result knows of its changes.
func directRequirements(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tools := tool.FindAllStringSubmatch(string(text), -1)
	var direct []string
	for _, r := range requirement.FindAllStringSubmatch(string(text), -1) {
		path, indirect := r[1], r[2] != ""
		if !indirect || slices.ContainsFunc(tools, func(command []string) bool { return strings.HasPrefix(command[1]+"/", path+"/") }) {
			direct = append(direct, path)
		}
	}
	return direct
}

// libraryRows are the cells of the table under the README's heading "Libraries".
func libraryRows(t *testing.T, text string) [][2]string {
	t.Helper()
	_, section, found := strings.Cut(text, "\n## Libraries\n")
	if !found {
		t.Fatal(`the README has no heading "Libraries"`)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var rows [][2]string
	for _, m := range regexp.MustCompile(`(?m)^\|(.*)\|(.*)\|$`).FindAllStringSubmatch(section, -1) {
		rows = append(rows, [2]string{strings.TrimSpace(m[1]), strings.TrimSpace(m[2])})
	}
	if len(rows) < 3 || rows[0][0] != "library" || strings.Trim(rows[1][0], "-") != "" {
		t.Fatalf("no table of libraries under the heading: %v", rows)
	}
	return rows[2:]
}

// modulePath gives a name of the table its host: those without one live on GitHub.
func modulePath(name string) string {
	if host, _, _ := strings.Cut(name, "/"); strings.Contains(host, ".") {
		return name
	}
	return "github.com/" + name
}
