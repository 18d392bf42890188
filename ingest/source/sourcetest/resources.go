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
	goroutines int
	files      []string
}

func resourcesNow() resources { return resources{runtime.NumGoroutine(), openFiles()} }

// same waits a little, as a goroutine that was told to end may need a moment.
func (before resources) same() error {
	var now resources
	for range 200 {
		if now = resourcesNow(); now.goroutines <= before.goroutines && len(now.files) <= len(before.files) {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	if len(now.files) > len(before.files) {
		for _, f := range before.files {
			if i := slices.Index(now.files, f); i >= 0 {
				now.files = slices.Delete(now.files, i, i+1)
			}
		}
		return fmt.Errorf("files are left open: %s", strings.Join(now.files, ", "))
	}
	stacks := make([]byte, 64<<10)
	return fmt.Errorf("%d goroutines are left running:\n%s", now.goroutines-before.goroutines, stacks[:runtime.Stack(stacks, true)])
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
