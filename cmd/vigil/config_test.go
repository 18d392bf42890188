package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// settingsFile writes a file of settings.
func settingsFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vigil.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// A flag goes before the environment, that before the file, and that before the default; --origin says which it was.
func TestWhereASettingComesFrom(t *testing.T) {
	file := settingsFile(t, "brokers: [file:1, file:2]\nredis: redis://file:6379/0\nworkers: 3\nid: of-file\nkeep-alive: 30m\n")
	t.Setenv("VIGIL_WORKERS", "4")
	t.Setenv("VIGIL_ID", "of-environment")
	t.Setenv("VIGIL_NOSUCH", "of another program")
	code, stdout, stderr := vigil(t.Context(), "config", "show", "--config", file, "--id", "of-flag", "--origin")
	if code != 0 {
		t.Fatalf("%d %s", code, stderr)
	}
	for name, want := range map[string]string{
		"brokers":      `\[file:1,file:2\] +# file, `,
		"workers":      `4 +# environment, VIGIL_WORKERS`,
		"id":           `of-flag +# flag`,
		"keep-alive":   `30m0s +# file, `,
		"topic-prefix": ` +# default`,
	} {
		if !regexp.MustCompile(`(?m)^` + name + `: +` + want).MatchString(stdout) {
			t.Errorf("%s: want %s in\n%s", name, want, stdout)
		}
	}
	t.Setenv("VIGIL_CONFIG", file)
	if _, stdout, _ = vigil(t.Context(), "config", "show"); !strings.Contains(stdout, "file:1") {
		t.Errorf("the file of VIGIL_CONFIG is not read:\n%s", stdout)
	}
}

func TestBadSettings(t *testing.T) {
	for text, want := range map[string]string{
		"broker: [a:1]\n":                       `there is no setting "broker"; did you mean brokers?`,
		"redis-password: x\n":                   "a secret stands in a file of its own",
		"workers: many\n":                       `workers: "many": want a whole number`,
		"workers: [1, 2]\n":                     "workers: want one value, found a list",
		"workers:\n  a: 1\n":                    `there is no setting "workers.a"`,
		"workers: 100\nredis: redis://r:1/0\n":  "--workers 100: want 1 to 64",
		"keep-alive: 30\n":                      `keep-alive: "30": want a time such as 30s or 1h`,
		"redis: redis://r:1/0\npolicy: nosuch":  "--policy nosuch",
		"redis: redis://u:p@r:1/0\n":            "a password on the command line",
		"tls: perhaps\n":                        `tls: "perhaps": want true or false`,
		"workers: 1\n":                          "--redis is missing",
		"redis: redis://r:1/0\nworkers: 1\n\t{": "yaml",
	} {
		if code, _, stderr := vigil(t.Context(), "config", "check", settingsFile(t, text)); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%q: %d %s, want %q", text, code, stderr, want)
		}
	}
	if code, _, stderr := vigil(t.Context(), "serve", "--config", "nosuch.yaml"); code != 2 || !strings.Contains(stderr, "nosuch.yaml") {
		t.Errorf("serve with a file that is missing: %d %s", code, stderr)
	}
}

// What `config init` writes is read, names every setting of serve, and the schema has the same names.
func TestWrittenSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "vigil.yaml")
	if code, _, stderr := vigil(t.Context(), "config", "init", file); code != 0 {
		t.Fatalf("init: %d %s", code, stderr)
	}
	if code, _, stderr := vigil(t.Context(), "config", "check", file); code != 0 {
		t.Errorf("check: %d %s", code, stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := vigil(t.Context(), "config", "schema")
	var schema struct {
		Properties map[string]struct{ Type string }
	}
	if err := json.Unmarshal([]byte(stdout), &schema); err != nil || code != 0 {
		t.Fatal(code, err)
	}
	flags := settings(serveCommand())
	if len(schema.Properties) != len(flags) {
		t.Errorf("the schema has %d settings, serve %d", len(schema.Properties), len(flags))
	}
	for _, f := range flags {
		if !strings.Contains(string(text), f.Name+": ") || schema.Properties[f.Name].Type == "" {
			t.Errorf("%s is not in the file or not in the schema", f.Name)
		}
	}
	// Each default of the file may be written without its comment sign.
	all := regexp.MustCompile(`(?m)^# ([a-z-]+: )`).ReplaceAllString(string(text), "$1")
	if code, _, stderr := vigil(t.Context(), "config", "check", settingsFile(t, all)); code != 0 {
		t.Errorf("all defaults: %d %s", code, stderr)
	}
}
