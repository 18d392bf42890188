package doctor

import (
	"context"
	"fmt"
	"os"
	"runtime"
)

// What a worker process wants of its machine.
const (
	mostFiles     = 1024
	leastDisk     = 256 << 20
	workerMemory  = 300 << 20 // with 500 full windows, while it drains a backlog: `make bench-real`
	bedMemory     = 2 << 20   // of the store, for 48 h of device ticks: `make bench-real`, 677 MB for 500
	unknownToHere = "cannot be seen on this system"
)

// machine looks at this computer.
func (e *examination) machine(context.Context) {
	cores := runtime.GOMAXPROCS(0)
	e.judge(e.Workers <= cores, Warn, Finding{Check: "cores", Found: fmt.Sprintf("%d for %d workers", cores, e.Workers),
		Cause: "workers of one process wait for each other", Fix: "fewer --workers here, more processes elsewhere"})
	if n, ok := openFiles(); ok {
		e.judge(n >= mostFiles, Warn, Finding{Check: "file limit", Found: fmt.Sprint(n), Cause: "connections to many brokers count as files", Fix: "ulimit -n 4096, or LimitNOFILE=4096 of its systemd unit"})
	} else {
		e.skip("file limit", unknownToHere)
	}
	if n, ok := freeDisk(os.TempDir()); ok {
		e.judge(n >= leastDisk, Warn, Finding{Check: "disk", Found: fmt.Sprintf("%d MB free in %s", n>>20, os.TempDir()), Cause: "profiles and reports are written there", Fix: "free some, or set TMPDIR"})
	} else {
		e.skip("disk", unknownToHere)
	}
	if n, ok := freeMemory(); ok {
		need := uint64(e.Workers) * workerMemory
		e.judge(n >= need, Fail, Finding{Check: "memory", Found: fmt.Sprintf("%d MB free, %d MB wanted for %d workers", n>>20, need>>20, e.Workers),
			Cause: "the system may kill a worker under a backlog", Fix: "fewer --workers, or more memory"})
	} else {
		e.skip("memory", unknownToHere)
	}
	zone := "UTC"
	if e.Zone != nil {
		zone = e.Zone.String()
	}
	e.ok("zone", "times without a zone are read as %s", zone)
}
