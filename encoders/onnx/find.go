package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// ErrNoLibrary is the error of a machine that has no ONNX Runtime, and of a program that cannot load it.
var ErrNoLibrary = errors.New("no ONNX Runtime")

// Variable names the library's file in the environment; the second is what other programs look at.
const (
	Variable      = "VIGIL_ORT_LIB"
	otherVariable = "ONNXRUNTIME_LIB_PATH"
)

// fileName is that of the library on this system.
func fileName() string {
	if runtime.GOOS == "darwin" {
		return "libonnxruntime.dylib"
	}
	return "libonnxruntime.so"
}

// Find says where the library is: the file that is named, that of VIGIL_ORT_LIB or
// ONNXRUNTIME_LIB_PATH, one beside the program, and last a bare name, which the system's loader looks
// for. A name that somebody gave and that leads nowhere is an error, and never passed over.
func Find(named string, getenv func(string) string, program string) (string, error) {
	for _, from := range []struct{ says, path string }{
		{"the setting", named}, {Variable, getenv(Variable)}, {otherVariable, getenv(otherVariable)},
	} {
		if from.path == "" {
			continue
		}
		info, err := os.Stat(from.path)
		if err == nil && info.IsDir() {
			from.path = filepath.Join(from.path, fileName())
			_, err = os.Stat(from.path)
		}
		if err != nil {
			return "", fmt.Errorf("%w where %s says: %w; `make ort` brings one", ErrNoLibrary, from.says, err)
		}
		return filepath.Abs(from.path)
	}
	if program != "" {
		beside := filepath.Join(filepath.Dir(program), fileName())
		if _, err := os.Stat(beside); err == nil {
			return filepath.Abs(beside)
		}
	}
	return fileName(), nil
}

// open are the libraries that were loaded, by path: one is never unloaded, since its threads may
// outlive every session.
var open struct {
	paths []string
	found []*Library
}

func opened(path string) *Library {
	if i := slices.Index(open.paths, path); i >= 0 {
		return open.found[i]
	}
	return nil
}
