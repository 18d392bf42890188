package sourcetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// resources are what a reading must give back: goroutines and open files.
type resources struct {
	goroutines map[string]string // stack by number
	files      []string
}

func resourcesNow() resources { return resources{goroutines(), openFiles()} }

// same waits a little, as a goroutine that was told to end may need a moment. Goroutines are
// told apart by their numbers: one that ends meanwhile makes no room for one that is left.
func (before resources) same() error {
	var left, files []string
	for range 200 {
		now := resourcesNow()
		left, files = left[:0], files[:0]
		for number, stack := range now.goroutines {
			if _, was := before.goroutines[number]; !was {
				left = append(left, stack)
			}
		}
		for _, f := range now.files {
			if !slices.Contains(before.files, f) {
				files = append(files, f)
			}
		}
		if len(left) == 0 && len(files) == 0 {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	if len(files) > 0 {
		return fmt.Errorf("files are left open: %s", strings.Join(files, ", "))
	}
	slices.Sort(left)
	return fmt.Errorf("%d goroutines are left running:\n%s", len(left), strings.Join(left, "\n"))
}

// goroutines are all that run now, their stacks by their numbers.
func goroutines() map[string]string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	all := map[string]string{}
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		number, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		all[number] = stack
	}
	return all
}

// openFiles are the regular files that this process has open, as Linux tells them. Where
// there is no /proc there are none, and only goroutines are looked at.
func openFiles() (paths []string) {
	const own = "/proc/self/fd"
	entries, err := os.ReadDir(own)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		path, err := os.Readlink(filepath.Join(own, e.Name()))
		if err == nil && filepath.IsAbs(path) && !strings.HasPrefix(path, "/proc/") && !strings.HasPrefix(path, "/dev/") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// liveHeap is the heap in use after a collection, in bytes.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // the first may leave what a finalizer or a pool held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// watched is a context that counts how often it is looked at, and ends at one of the looks.
type watched struct {
	context.Context
	cancel context.CancelFunc
	looks  atomic.Int64
	endAt  int64 // looks before the end; negative: it does not end
}

func newWatched(ctx context.Context, endAt int) *watched {
	w := &watched{endAt: int64(endAt)}
	w.Context, w.cancel = context.WithCancel(ctx)
	return w
}

func (w *watched) look() {
	if n := w.looks.Add(1); w.endAt >= 0 && n > w.endAt {
		w.cancel()
	}
}

// Err implements context.Context.
func (w *watched) Err() error {
	w.look()
	return w.Context.Err()
}

// Done implements context.Context.
func (w *watched) Done() <-chan struct{} {
	w.look()
	return w.Context.Done()
}
