//go:build static || !(darwin || linux) || !(amd64 || arm64)

package onnx

import (
	"context"
	"fmt"

	"github.com/vigil-icu/vigil/encoders/network"
)

// Library is ONNX Runtime. This program has no way to load it.
type Library struct{}

// Session is a network that the library has loaded.
type Session struct{}

// Open says why there is no library.
func Open(string) (*Library, error) {
	return nil, fmt.Errorf("%w: this program was built static, or for a system without it, and loads no library; build one with `CGO_ENABLED=0 go build ./cmd/vigil` for Linux or macOS on amd64 or arm64, without the tag static", ErrNoLibrary)
}

// Version is that of the library.
func (*Library) Version() string { return "" }

// Load has nothing to load by.
func (*Library) Load([]byte) (*Session, error) { return nil, ErrNoLibrary }

// Signature implements network.Runner.
func (*Session) Signature(context.Context) (*network.Signature, error) { return nil, ErrNoLibrary }

// Run implements network.Runner.
func (*Session) Run(context.Context, []network.Tensor, []string) ([]network.Tensor, error) {
	return nil, ErrNoLibrary
}

// Close does nothing.
func (*Session) Close() {}
