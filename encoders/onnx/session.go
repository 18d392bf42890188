//go:build !static && (darwin || linux) && (amd64 || arm64)

package onnx

import (
	"context"
	"fmt"
	"sync"
	"unsafe"

	"github.com/vigil-icu/vigil/encoders/network"
)

// Session is a network that the library has loaded. Several goroutines may run it at once.
type Session struct {
	library   *Library
	signature *network.Signature
	handle    uintptr
	closing   sync.RWMutex // held for reading by runs
}

var _ network.Runner = (*Session)(nil)

// Load gives a network's file to the library, after Inspect has judged it.
func (l *Library) Load(file []byte) (*Session, error) {
	signature, err := Inspect(file)
	if err != nil {
		return nil, err
	}
	var held pins
	defer held.Unpin()
	var options uintptr
	if err := l.call(createSessionOptions, place(&held, &options)); err != nil {
		return nil, err
	}
	defer l.release(releaseSessionOptions, options)
	for _, setting := range []struct {
		function int
		value    uintptr
	}{{setOptimisation, optimiseAll}, {setThreadsWithin, oneThread}, {setThreadsBetween, oneThread}} {
		if err := l.call(setting.function, options, setting.value); err != nil {
			return nil, err
		}
	}
	if err := l.call(addConfigEntry, options, held.text("session.intra_op.allow_spinning"), held.text("0")); err != nil {
		return nil, err
	}
	s := &Session{library: l, signature: signature}
	if err := l.call(createSessionFromArray, l.env, pin(&held, file), uintptr(len(file)), options, place(&held, &s.handle)); err != nil {
		return nil, fmt.Errorf("ONNX Runtime %s does not load the network: %w", l.version, err)
	}
	return s, nil
}

// Signature implements network.Runner.
func (s *Session) Signature(context.Context) (*network.Signature, error) { return s.signature, nil }

// Close gives the network's memory back when the runs under way are over. A later Run is an error.
func (s *Session) Close() {
	s.closing.Lock()
	defer s.closing.Unlock()
	s.library.release(releaseSession, s.handle)
	s.handle = 0
}

// Run implements network.Runner.
func (s *Session) Run(ctx context.Context, inputs []network.Tensor, outputs []string) (out []network.Tensor, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.handle == 0 {
		return nil, fmt.Errorf("the network was closed")
	}
	l := s.library
	var held pins
	defer held.Unpin()
	given, names := make([]uintptr, len(inputs)), make([]uintptr, len(inputs))
	defer func() { l.releaseAll(given) }()
	for i := range inputs {
		if given[i], err = l.value(&held, &inputs[i]); err != nil {
			return nil, err
		}
		names[i] = held.text(inputs[i].Name)
	}
	wanted, made := make([]uintptr, len(outputs)), make([]uintptr, len(outputs))
	defer func() { l.releaseAll(made) }()
	for i, name := range outputs {
		wanted[i] = held.text(name)
	}
	var options uintptr
	if err := l.call(createRunOptions, place(&held, &options)); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = l.call(setTerminate, options)
	})
	defer func() {
		if !stop() {
			<-ended // it still uses the options
		}
		l.release(releaseRunOptions, options)
	}()
	err = l.call(run, s.handle, options, pin(&held, names), pin(&held, given), uintptr(len(given)),
		pin(&held, wanted), uintptr(len(wanted)), pin(&held, made))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("the network fails: %w", err)
	}
	out = make([]network.Tensor, len(outputs))
	for i, value := range made {
		if out[i], err = l.read(outputs[i], value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l *Library) releaseAll(values []uintptr) {
	for _, v := range values {
		l.release(releaseValue, v)
	}
}

// value makes a value of the library of a tensor, whose memory it uses.
func (l *Library) value(held *pins, t *network.Tensor) (value uintptr, err error) {
	if err := t.Check(); err != nil {
		return 0, err
	}
	data, size := pin(held, t.Floats), 4*len(t.Floats)
	if t.Kind() == network.Int64 {
		data, size = pin(held, t.Ints), 8*len(t.Ints)
	}
	if size == 0 {
		return 0, fmt.Errorf("tensor %s is empty", t.Name)
	}
	shape := make([]int64, len(t.Shape))
	for i, side := range t.Shape {
		shape[i] = int64(side)
	}
	err = l.call(createTensorWithData, l.memory, data, uintptr(size), pin(held, shape), uintptr(len(shape)), uintptr(t.Kind()), place(held, &value))
	return value, err
}

// read copies a value of the library.
func (l *Library) read(name string, value uintptr) (t network.Tensor, err error) {
	var held pins
	defer held.Unpin()
	var info, data, rank uintptr
	var kind int32
	if value == 0 {
		return t, fmt.Errorf("the network gives no %s", name)
	}
	if err := l.call(getTypeAndShape, value, place(&held, &info)); err != nil {
		return t, err
	}
	defer l.release(releaseTypeAndShape, info)
	if err := l.call(getElementType, info, place(&held, &kind)); err != nil {
		return t, err
	}
	if err := l.call(countDimensions, info, place(&held, &rank)); err != nil {
		return t, err
	}
	if rank > 64 {
		return t, fmt.Errorf("the output %s has %d sides", name, rank)
	}
	sides := make([]int64, rank)
	if err := l.call(getDimensions, info, pin(&held, sides), rank); err != nil {
		return t, err
	}
	t = network.Tensor{Name: name, Shape: make([]int, rank)}
	for i, side := range sides {
		t.Shape[i] = int(side)
	}
	n, err := network.Elements(t.Shape)
	if err != nil {
		return t, fmt.Errorf("the output %s: %w", name, err)
	}
	if err := l.call(getTensorData, value, place(&held, &data)); err != nil {
		return t, err
	}
	switch network.Kind(kind) {
	case network.Float32:
		t.Floats = make([]float32, n)
		if n > 0 {
			copy(t.Floats, unsafe.Slice((*float32)(at(data)), n))
		}
	case network.Int64:
		t.Ints = make([]int64, n)
		if n > 0 {
			copy(t.Ints, unsafe.Slice((*int64)(at(data)), n))
		}
	default:
		return t, fmt.Errorf("the output %s is of %s, wanted is %s or %s", name, network.Kind(kind), network.Float32, network.Int64)
	}
	return t, nil
}
