package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/schemas"
)

// inventedUnits are the folders of testdata with their digests, as its README tells.
func inventedUnits(t *testing.T) map[string]string {
	t.Helper()
	digests := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `testdata/([^`]+)` .*`(sha256:[0-9a-f]{64})` \\|$").FindAllStringSubmatch(readRoot(t, "testdata/README.md"), -1) {
		digests[m[1]] = m[2]
	}
	if len(digests) != 2 || digests[mimic.Name] == "" || digests[mimic.NameIV] == "" {
		t.Fatalf("testdata/README.md has the digests %v, want those of %s and %s", digests, mimic.Name, mimic.NameIV)
	}
	return digests
}

// The commands of testdata/README.md write what is there: the same files, and in them
// the same text, byte for byte. The packed bytes are the same too as long as Go packs
// as it did; if it packs otherwise this is told, and is no mistake.
func TestTestdataIsWhatItsCommandsWrite(t *testing.T) {
	if testing.Short() {
		t.Skip("invents a unit twice: left out with -short")
	}
	_, block, _ := strings.Cut(readRoot(t, "testdata/README.md"), "```sh\n")
	block, _, _ = strings.Cut(block, "```")
	made := t.TempDir()
	for command := range strings.Lines(block) {
		args, ok := strings.CutPrefix(strings.TrimSpace(command), "go run ./cmd/vigil ")
		args = strings.Replace(args, "--out testdata/", "--out "+made+"/", 1)
		if !ok || !strings.Contains(args, made) {
			t.Fatalf("%q writes nothing into testdata", command)
		}
		if code, _, stderr := vigil(t.Context(), strings.Fields(args)...); code != 0 {
			t.Fatalf("%s: exit %d: %s", command, code, stderr)
		}
	}
	for name := range inventedUnits(t) {
		want, got := filesBelow(t, filepath.Join(moduleRoot, "testdata", name)), filesBelow(t, filepath.Join(made, name))
		if !slices.Equal(want, got) || len(want) < 10 {
			t.Fatalf("%s: the files are %v, written are %v", name, want, got)
		}
		for _, file := range want {
			there, written := readFile(t, moduleRoot, "testdata", name, file), readFile(t, made, name, file)
			if bytes.Equal(there, written) {
				continue
			}
			if strings.HasSuffix(file, ".gz") && bytes.Equal(unzipped(t, there), unzipped(t, written)) {
				t.Logf("%s/%s: the same table, packed otherwise by this Go", name, file)
				continue
			}
			t.Errorf("%s/%s is not what its command writes", name, file)
		}
	}
}

func filesBelow(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		files = append(files, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readFile(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A fresh clone plays them: every row in its class, alerts that start and end, nobody's
// message refused, and the digest of testdata/README.md, as Step gives it straight from
// the files.
func TestTestdataPlays(t *testing.T) {
	for name, want := range inventedUnits(t) {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(moduleRoot, "testdata", name)
			s := demoJSON(t, "--data", data, "--speed", "max", "--store", "miniredis")
			if s.Source != name || s.Patients != 12 || s.Stays != 13 || s.Events.DeadLetters != 0 {
				t.Errorf("summary %+v", s)
			}
			if s.Alerts["start"] == 0 || s.Alerts["end"] != s.Alerts["start"] || s.FirstAlertMS == nil {
				t.Errorf("alerts %v: want some to start and every one to end", s.Alerts)
			}
			for _, reason := range []schemas.Reason{schemas.Unreadable, schemas.MarkedWrong, schemas.OutsideStay, schemas.NoValue, schemas.BadUnit, schemas.Implausible} {
				if s.Rows.RejectedBy[string(reason)] == 0 {
					t.Errorf("no row is %s: %+v", reason, s.Rows)
				}
			}
			if s.Rows.Used < 5000 || s.Rows.Unmapped == 0 || s.Rows.Duplicate == 0 {
				t.Errorf("rows %+v", s.Rows)
			}
			if s.Digest != want {
				t.Errorf("digest %s, testdata/README.md has %s: if the change is meant, write the new one there", s.Digest, want)
			}
			if got := straight(t, data, nil); got != want {
				t.Errorf("straight from the files the digest is %s, want %s", got, want)
			}
		})
	}
}
