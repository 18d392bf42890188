package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// A program lists the libraries that are in it, and so does it for another one; what Go has not built is refused.
func TestLibrariesOfAProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program: left out with -short")
	}
	code, stdout, stderr := vigil(t.Context(), "version", "--sbom="+binary(t))
	var list struct {
		Format     string `json:"bomFormat"`
		Metadata   struct{ Component component }
		Components []component
	}
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || code != 0 {
		t.Fatalf("exit %d, %v: %s", code, err, stderr)
	}
	named := map[string]bool{}
	for _, c := range list.Components {
		named[c.Name] = c.PURL == "pkg:golang/"+c.Name+"@"+c.Version && c.Version != ""
	}
	if list.Format != "CycloneDX" || list.Metadata.Component.Name != "github.com/vigil-icu/vigil" || !named["std"] || !named["github.com/segmentio/kafka-go"] || named["pgregory.net/rapid"] {
		t.Errorf("the list is %+v", list)
	}
	if code, _, stderr := vigil(t.Context(), "version", "--sbom="+filepath.Join(moduleRoot, "README.md")); code != boot.ExitUsage || !strings.Contains(stderr, "a program that Go built") {
		t.Errorf("of the README: exit %d: %s", code, stderr)
	}
}

// The release script says what it would build: a static program for each system, its libraries, checksums.
func TestReleaseDryRun(t *testing.T) {
	if exec.Command("git", "-C", moduleRoot, "rev-parse", "HEAD").Run() != nil {
		t.Skip("no git, or no repository here")
	}
	out, err := exec.Command(filepath.Join(moduleRoot, "deploy", "release.sh"), "--dry-run").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"CGO_ENABLED=0 GOOS=linux GOARCH=amd64", "GOOS=linux GOARCH=arm64", "GOOS=darwin GOARCH=arm64", "-trimpath", "_linux_arm64.cdx.json", "checksums.txt"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the dry run does not say %q: %s", want, out)
		}
	}
}
