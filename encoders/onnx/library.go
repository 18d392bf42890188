//go:build !static && (darwin || linux) && (amd64 || arm64)

package onnx

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// apiVersion is the oldest version of the library's interface that has all that is called: every
// ONNX Runtime from 1.16 on answers to it. The table of functions is only ever appended to.
const apiVersion = 16

// Places of functions in the table of version 1 and later of the interface.
const (
	getErrorMessage        = 2
	createEnv              = 3
	createSessionFromArray = 8
	run                    = 9
	createSessionOptions   = 10
	setOptimisation        = 23
	setThreadsWithin       = 24
	setThreadsBetween      = 25
	createRunOptions       = 39
	setTerminate           = 46
	createTensorWithData   = 49
	getTensorData          = 51
	getElementType         = 60
	countDimensions        = 61
	getDimensions          = 62
	getTypeAndShape        = 65
	createCPUMemory        = 69
	releaseStatus          = 93
	releaseMemory          = 94
	releaseSession         = 95
	releaseValue           = 96
	releaseRunOptions      = 97
	releaseTypeAndShape    = 99
	releaseSessionOptions  = 100
	addConfigEntry         = 130
	tableLength            = 131
	optimiseAll            = 99
	logFatalOnly           = 4
	deviceAllocator        = 0
	defaultMemory          = 0
	longestMessage         = 4 << 10
	versionText            = 64
	oneThread              = 1
)

// Library is ONNX Runtime, loaded into this process.
type Library struct {
	table   *[tableLength]uintptr
	env     uintptr
	memory  uintptr
	version string
}

var opening sync.Mutex

// Open loads the library from a path, or by a bare name from where the system's loader looks. It is
// loaded once in a process and never unloaded.
func Open(path string) (l *Library, err error) {
	opening.Lock()
	defer opening.Unlock()
	if l := opened(path); l != nil {
		return l, nil
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("%w: %w; `make ort` brings one, %s names one", ErrNoLibrary, err, Variable)
	}
	base, err := purego.Dlsym(handle, "OrtGetApiBase")
	if err != nil {
		return nil, fmt.Errorf("%w: %s is another library: %w", ErrNoLibrary, path, err)
	}
	functions, _, _ := purego.SyscallN(base)
	if functions == 0 {
		return nil, fmt.Errorf("%w: %s gives no interface", ErrNoLibrary, path)
	}
	entry := (*[2]uintptr)(at(functions))
	table, _, _ := purego.SyscallN(entry[0], apiVersion)
	said, _, _ := purego.SyscallN(entry[1])
	l = &Library{version: textAt(said, versionText)}
	if table == 0 {
		return nil, fmt.Errorf("%w: %s is version %s, wanted is 1.%d or later", ErrNoLibrary, path, l.version, apiVersion)
	}
	l.table = (*[tableLength]uintptr)(at(table))
	var held pins
	defer held.Unpin()
	if err := l.call(createEnv, logFatalOnly, held.text("vigil"), place(&held, &l.env)); err != nil {
		return nil, fmt.Errorf("ONNX Runtime %s does not start: %w", l.version, err)
	}
	if err := l.call(createCPUMemory, deviceAllocator, defaultMemory, place(&held, &l.memory)); err != nil {
		return nil, fmt.Errorf("ONNX Runtime %s does not start: %w", l.version, err)
	}
	open.paths, open.found = append(open.paths, path), append(open.found, l)
	return l, nil
}

// Version is that of the library.
func (l *Library) Version() string { return l.version }

// call calls a function that answers with a status. All memory behind the addresses must be pinned.
func (l *Library) call(function int, args ...uintptr) error {
	status, _, _ := purego.SyscallN(l.table[function], args...)
	if status == 0 {
		return nil
	}
	said, _, _ := purego.SyscallN(l.table[getErrorMessage], status)
	err := errors.New(oneLine(textAt(said, longestMessage)))
	l.release(releaseStatus, status)
	return err
}

func (l *Library) release(function int, handle uintptr) {
	if handle != 0 {
		purego.SyscallN(l.table[function], handle)
	}
}

// at makes a pointer of an address that the library gave, which the collector does not move.
func at(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

// textAt copies text of the library that ends with a zero.
func textAt(address uintptr, most int) string {
	if address == 0 {
		return ""
	}
	var text strings.Builder
	for i := range most {
		c := *(*byte)(unsafe.Add(at(address), i))
		if c == 0 {
			break
		}
		text.WriteByte(c)
	}
	return text.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// pins holds memory in its place while the library uses it.
type pins struct{ runtime.Pinner }

// text pins a copy of a text that ends with a zero and gives its address.
func (p *pins) text(s string) uintptr {
	b := append([]byte(s), 0)
	return pin(p, b)
}

// pin holds a slice in its place and gives its address, 0 for an empty one.
func pin[T any](p *pins, s []T) uintptr {
	if len(s) == 0 {
		return 0
	}
	p.Pin(&s[0])
	return uintptr(unsafe.Pointer(&s[0]))
}

// place pins a variable and gives its address.
func place[T any](p *pins, v *T) uintptr {
	p.Pin(v)
	return uintptr(unsafe.Pointer(v))
}
