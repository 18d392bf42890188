package web

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page is what its sources give, byte for byte.
func TestPageIsWhatItsSourcesGive(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the bundler the first time")
	}
	to := t.TempDir()
	build := exec.Command("go", "run", ".", "-to", to)
	build.Dir = "bundle"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	made, err := os.ReadDir(to)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadDir("dist")
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != len(kept) {
		t.Errorf("%d files are made, %d are in dist", len(made), len(kept))
	}
	for _, e := range made {
		now, err := os.ReadFile(filepath.Join(to, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if then, err := os.ReadFile(filepath.Join("dist", e.Name())); err != nil || !bytes.Equal(now, then) {
			t.Errorf("dist/%s is not what the sources give: go generate ./alerts/bedside/web (%v)", e.Name(), err)
		}
	}
}

// The libraries are those that were pinned, with their licences, and nothing stands beside them.
func TestLibrariesArePinned(t *testing.T) {
	f, err := os.Open(filepath.Join("libraries", "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var pinned []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		text, err := os.ReadFile(filepath.Join("libraries", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if got := sha256.Sum256(text); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s is not as it was pinned", name)
		}
		pinned = append(pinned, name)
	}
	err = filepath.WalkDir("libraries", func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel("libraries", path)
		if err == nil && !d.IsDir() && name != "SHA256SUMS" && name != "README.md" && !slices.Contains(pinned, filepath.ToSlash(name)) {
			t.Errorf("%s is not pinned", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, licence := range []string{"preact/LICENSE", "uplot/LICENSE"} {
		if !slices.Contains(pinned, licence) {
			t.Errorf("%s is missing", licence)
		}
	}
}

// The compressed script is small, and the page names no other host.
func TestPageIsSmallAndAlone(t *testing.T) {
	script, err := dist.ReadFile("dist/app.js")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(packed(script)); n > 60<<10 {
		t.Errorf("the script has %d bytes compressed, want 60 KiB at most", n)
	}
	for _, name := range []string{"dist/app.js", "dist/app.css", "dist/index.html"} {
		text, err := dist.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^"'\x60 ]*`).FindAllString(string(text), -1) {
			if !strings.HasPrefix(found, "http://www.w3.org/") { // names of SVG and MathML, which nobody asks
				t.Errorf("%s names another host: %.80s", name, found)
			}
		}
	}
}

// The colours of alerts stand in the style for alerts alone.
func TestColoursOfAlertsAreForAlerts(t *testing.T) {
	style, err := os.ReadFile(filepath.Join("src", "app.css"))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`).FindAllStringSubmatch(string(style), -1) {
		if regexp.MustCompile(`var\(--(high|medium|low)\)`).MatchString(rule[2]) && !regexp.MustCompile(`\.(severity|tile)\b.*\.?(high|medium|low)`).MatchString(rule[1]) {
			t.Errorf("%s has a colour of alerts", strings.TrimSpace(rule[1]))
		}
	}
}

// The page is served whole, plain or compressed, and not again where it is known.
func TestPageIsServed(t *testing.T) {
	page := Handler()
	get := func(path, name, value string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		if name != "" {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		return w
	}
	index := get("/", "", "")
	if index.Code != 200 || !strings.Contains(index.Body.String(), "not a medical device") || !strings.HasPrefix(index.Header().Get("Content-Type"), "text/html") {
		t.Errorf("/: %d %v", index.Code, index.Header())
	}
	script := get("/app.js", "Accept-Encoding", "gzip, br")
	if script.Header().Get("Content-Encoding") != "gzip" || !strings.HasPrefix(script.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("/app.js: %v", script.Header())
	}
	if again := get("/app.js", "If-None-Match", script.Header().Get("ETag")); again.Code != 304 || again.Body.Len() > 0 {
		t.Errorf("known: %d with %d bytes", again.Code, again.Body.Len())
	}
	if none := get("/dist/app.js", "", ""); none.Code != 404 {
		t.Errorf("what is not there: %d", none.Code)
	}
	post := httptest.NewRecorder()
	page.ServeHTTP(post, httptest.NewRequest("POST", "/", nil))
	if post.Code != 405 {
		t.Errorf("POST: %d", post.Code)
	}
}
