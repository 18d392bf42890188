package worker

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/window/memstore"
)

// An older copy of the broker's files lies under a store that has gone further: the store is
// rebuilt from the log that there is, also where that has grown beyond the store since, and
// what comes out is what the log says.
func TestAStoreAheadOfAnOlderLogIsRebuilt(t *testing.T) {
	open := func(dir string) (addresses []string, closed func()) {
		b, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.DataDir(dir))
		if err != nil {
			t.Fatal(err)
		}
		return b.ListenAddrs(), b.Close
	}
	old, other := history.Make(1, 300, 3, false), history.Make(2, 300, 3, false)
	// The folder as it was, and the store as it went on from there.
	dir, kept := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	addresses, closed := open(dir)
	w := openWorld(t, addresses, "w-")
	w.write(t, old[:100])
	store := memstore.New()
	w.drain(t, store)
	w.cluster.Close()
	closed()
	if err := os.CopyFS(kept, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	addresses, closed = open(dir)
	w = openWorld(t, addresses, "w-")
	w.write(t, old[100:])
	w.drain(t, store)
	w.cluster.Close()
	closed()

	for name, more := range map[string]int{"the log ends before the store": 20, "the log went on otherwise": len(other)} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(dir, os.DirFS(kept)); err != nil {
				t.Fatal(err)
			}
			addresses, closed := open(dir)
			t.Cleanup(closed)
			w := openWorld(t, addresses, "w-")
			w.write(t, other[:more])
			var said bytes.Buffer
			w.said = zerolog.New(&said)
			w.drain(t, store.Clone())
			if !strings.Contains(said.String(), "rebuilding from the log") {
				t.Errorf("nothing is said: %s", said.String())
			}
			got := w.outputs(t)
			calm := newWorld(t, addresses, "calm-")
			calm.write(t, old[:100])
			calm.write(t, other[:more])
			calm.drain(t, memstore.New())
			want := calm.outputs(t)
			for i := range got { // positions are not compared: claims stand between the records
				got[i], want[i] = unplaced(got[i]), unplaced(want[i])
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%d outputs, want %d; first difference (- calm, + set back):\n%s", len(got), len(want), history.FirstDifference(want, got))
			}
		})
	}
}

// unplaced is a line of outputs without the log offset.
func unplaced(line string) string {
	topic, rest, _ := strings.Cut(line, " ")
	_, rest, _ = strings.Cut(rest, " ")
	return topic + " " + rest
}
