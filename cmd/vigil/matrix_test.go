package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// matrixSets says of each data set where it lies among the open data, and how many of
// its patients, drawn from a seed, are played: some, and with make soak; 0: all.
var matrixSets = map[string]struct {
	path       string
	some, soak int
}{
	mimic.Name:     {"mimic-iii-demo", 8, 0},
	mimic.NameIV:   {"mimic-iv-demo", 6, 0},
	physionet.Name: {filepath.Join("physionet2012", "set-a.tar.gz"), 20, 200},
}

// TestRealDigest plays every data set that `vigil replay` knows on a real Kafka and a
// real Redis, with one worker process and with three: the digest is the embedded one.
func TestRealDigest(t *testing.T) {
	broker := startRealBroker(t)
	for _, set := range dataSets {
		m, ok := matrixSets[set.name]
		if !ok {
			t.Errorf("data set %s is not in the matrix: give it a line in matrixSets", set.name)
			continue
		}
		t.Run(set.name, func(t *testing.T) {
			path := filepath.Join(opendata.Dir(t), m.path)
			n := m.some
			if soaking() {
				n = m.soak
			}
			args := []string{"--run", "matrix", "--speed", "max"}
			if n > 0 {
				args = append(args, "--patients", strings.Join(drawn(t, path, n), ","))
			}
			want := demoJSON(t, append([]string{"--data", path}, args...)...)
			for _, workers := range []int{1, 3} {
				t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
					broker.t = t
					s := newSite(t, broker.address(), 6, workers)
					begun := time.Now()
					code, stdout, stderr := s.vigil(t.Context(), append([]string{"replay", set.name, path, "--wait"}, args...)...)
					if code != 0 {
						t.Fatal(stderr)
					}
					got := decodeSummary(t, stdout)
					if got.Digest != want.Digest || got.Scores != want.Scores || got.Events.Published != want.Events.Published || got.Events.DeadLetters != want.Events.DeadLetters {
						t.Errorf("on Kafka and Redis: %+v\nembedded: %+v", got, want)
					}
					checkOutputs(t, s)
					t.Logf("%d patients, %d stays, %d events, %d scores in %.1f s: digest %.19s…, the embedded one", got.Patients, got.Stays, got.Events.Published, got.Scores, time.Since(begun).Seconds(), got.Digest)
					for _, w := range s.workers {
						w.terminate()
					}
				})
			}
			broker.t = t
		})
	}
}
