package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// built is the program, built once for all tests that need processes to kill.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// binary returns the path of the program.
func binary(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "vigil-binary-"); built.err != nil {
			return
		}
		if out, err := exec.Command("go", "build", "-o", filepath.Join(built.dir, "vigil"), ".").CombinedOutput(); err != nil {
			built.err = fmt.Errorf("building: %w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "vigil")
}

// kill -9 of the whole process, then the same command with the same --state: the
// same digest, nothing doubled.
func TestKilledProcessGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a process several times: left out with -short")
	}
	killed(t, filepath.Join(opendata.Dir(t), "mimic-iii-demo"), eight(t), 3)
}

func killed(t *testing.T, data string, patients []string, points int) {
	path := binary(t)
	args := []string{"demo", "--no-web", "--summary", "json", "--data", data, "--speed", "max"}
	if patients != nil {
		args = append(args, "--patients", strings.Join(patients, ","))
	}
	calm := runProcess(t, path, append(args, "--state", filepath.Join(t.TempDir(), "calm")))
	r := rand.New(rand.NewPCG(20, 11))
	for point, tries := 0, 0; point < points; tries++ {
		if tries > 5*points {
			t.Fatalf("only %d of %d runs were killed before their end", point, points)
		}
		state := filepath.Join(t.TempDir(), "state")
		after := time.Duration((0.2 + 0.75*r.Float64()) * float64(calm.WallMS) * float64(time.Millisecond))
		if !killedAfter(t, path, append(args, "--state", state), after) {
			continue // it had ended: another point
		}
		point++
		got := runProcess(t, path, append(args, "--state", state))
		if got.Digest != calm.Digest || got.Scores != calm.Scores || got.Events.Published != calm.Events.Published {
			t.Errorf("killed after %s: digest %s, %d scores, %d events; calm: %s, %d, %d",
				after, got.Digest, got.Scores, got.Events.Published, calm.Digest, calm.Scores, calm.Events.Published)
		}
		t.Logf("killed after %s: went on to the end in %d ms", after, got.WallMS)
		os.RemoveAll(state)
	}
}

func runProcess(t *testing.T, path string, args []string) evaluate.Summary {
	t.Helper()
	cmd := exec.Command(path, args...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil {
		t.Fatalf("vigil %s: %v: %s", strings.Join(args, " "), err, talk.String())
	}
	s := decodeSummary(t, out.String())
	checkSums(t, &s)
	return s
}

// killedAfter starts the program and kills it; false where it had ended by itself.
func killedAfter(t *testing.T, path string, args []string, after time.Duration) bool {
	t.Helper()
	p := &program{t: t, path: path, args: args}
	p.start()
	select {
	case err := <-p.ended:
		if err != nil {
			t.Fatal(err)
		}
		return false
	case <-time.After(after):
		p.kill()
		return true
	}
}

// TestSoak runs the whole lists: make soak.
func TestSoak(t *testing.T) {
	if !soaking() {
		t.Skip("the whole lists take about ten minutes: make soak")
	}
	data := filepath.Join(opendata.Dir(t), "mimic-iii-demo")
	t.Run("same", func(t *testing.T) { sameEverywhere(t, data, nil) })
	t.Run("same mimic-iv", func(t *testing.T) { sameEverywhere(t, filepath.Join(opendata.Dir(t), "mimic-iv-demo"), nil) })
	t.Run("same physionet2012", func(t *testing.T) {
		data := filepath.Join(opendata.Dir(t), "physionet2012", "set-a.tar.gz")
		sameEverywhere(t, data, drawn(t, data, 200))
	})
	t.Run("killed", func(t *testing.T) { killed(t, data, nil, 20) })
}
