package modelfolder

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/network"
	"github.com/vigil-icu/vigil/schemas"
)

// ErrAway is the error of an item that could not be encoded now: it may be tried again.
var ErrAway = network.ErrAway

// ErrUnfit is the error of an item that this encoder never encodes.
var ErrUnfit = errors.New("the item does not fit the encoder")

// ErrOther is the error of an encoder that is another one than its folder describes.
var ErrOther = errors.New("the encoder is another one than its folder describes")

// TextRunner makes a vector of a text as it is. It is safe for concurrent use.
type TextRunner interface {
	Embed(ctx context.Context, text string) ([]float32, error)
}

// Means are what a process offers to the encoders of folders. A nil function means that there is
// none of it; its error is what is said then.
type Means struct {
	// Load runs a network's file in this process.
	Load func(file []byte) (network.Runner, error)
	// Dial reaches a network, or a server of texts, of a folder. ca is the content of the folder's file
	// of authorities, nil without one. One of the two answers is nil, by the protocol.
	Dial func(n *Network, ca []byte) (network.Runner, TextRunner, error)
}

// Encoder makes vectors of the items of one modality. It is safe for concurrent use.
type Encoder struct {
	Manifest *Manifest

	runner    network.Runner // nil: texts does it
	texts     TextRunner
	have      *network.Signature
	tokens    *tokens
	cases     []goldenCase
	verifying sync.Mutex
	verified  bool
	refused   error // what the golden vectors have shown, for good
}

// Open reads a folder and makes its network ready. Whether the encoder is the right one, Verify says.
func Open(dir string, means Means) (*Encoder, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.close()
	e, err := f.open(means)
	if err != nil {
		return nil, fmt.Errorf("the encoder in %s: %w", dir, err)
	}
	return e, nil
}

// Read reads what a folder says of its encoder, and makes nothing ready.
func Read(dir string) (*Manifest, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.close()
	m, err := f.manifest()
	if err != nil {
		return nil, fmt.Errorf("the encoder in %s: %w", dir, err)
	}
	return m, nil
}

func (f *folder) manifest() (*Manifest, error) {
	b, err := f.read(FileName, maxManifest)
	if err != nil {
		return nil, err
	}
	m, err := ReadManifest(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", FileName, err)
	}
	return m, nil
}

func (f *folder) open(means Means) (*Encoder, error) {
	m, err := f.manifest()
	if err != nil {
		return nil, err
	}
	e := &Encoder{Manifest: m}
	if e.cases, err = f.golden(m); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Golden.File, err)
	}
	if m.Text != nil {
		if e.tokens, err = f.tokens(m.Text); err != nil {
			return nil, fmt.Errorf("%.80s: %w", m.Text.Tokenizer, err)
		}
	}
	if m.Network.File != "" {
		file, err := f.network(&m.Network)
		if err != nil {
			return nil, err
		}
		if means.Load == nil {
			return nil, errors.New("this process runs no networks")
		}
		e.runner, err = means.Load(file)
		if err != nil {
			return nil, err
		}
		return e, e.fits(context.Background())
	}
	var ca []byte
	if m.Network.CA != "" {
		if ca, err = f.read(m.Network.CA, maxCA); err != nil {
			return nil, err
		}
	}
	if means.Dial == nil {
		return nil, errors.New("its network is on a server, and this process asks none: allow the server's host")
	}
	e.runner, e.texts, err = means.Dial(&m.Network, ca)
	return e, err
}

// fits holds the network's signature against the settings.
func (e *Encoder) fits(ctx context.Context) (err error) {
	if e.runner == nil {
		return nil
	}
	if e.have, err = e.runner.Signature(ctx); err != nil {
		return err
	}
	return e.have.Check(e.wants(e.have))
}

// wants is the signature that the settings ask for.
func (e *Encoder) wants(have *network.Signature) *network.Signature {
	m := e.Manifest
	floats := func(name string, sides ...int) network.Port {
		return network.Port{Name: name, Kind: network.Float32, Sides: sides, Ranked: true}
	}
	switch {
	case m.Text != nil:
		t := m.Text
		in := func(name string) network.Port {
			return network.Port{Name: name, Kind: network.Int64, Sides: []int{1, network.Any}, Ranked: true}
		}
		w := &network.Signature{Inputs: []network.Port{in(t.IDs), in(t.Mask)}}
		if have.Input(t.Types) != nil {
			w.Inputs = append(w.Inputs, in(t.Types))
		}
		w.Outputs = []network.Port{floats(t.Output, 1, network.Any, e.width())}
		if t.Pooling == pooler {
			w.Outputs = []network.Port{floats(t.Output, 1, e.width())}
		}
		return w
	case m.Image != nil:
		return &network.Signature{
			Inputs:  []network.Port{floats(m.Image.Input, 1, m.Image.Channels, m.Image.Side, m.Image.Side)},
			Outputs: []network.Port{floats(m.Image.Output, 1, m.Dim)},
		}
	}
	return &network.Signature{
		Inputs:  []network.Port{floats(m.Strip.Input, 1, len(m.Strip.Leads), m.Strip.Samples)},
		Outputs: []network.Port{floats(m.Strip.Output, 1, m.Dim)},
	}
}

// width is that of the network's vectors.
func (e *Encoder) width() int {
	if e.Manifest.Text != nil && e.Manifest.Text.Pooling == meanMax {
		return e.Manifest.Dim / 2
	}
	return e.Manifest.Dim
}

// Modality is what the encoder reads.
func (e *Encoder) Modality() encoders.Modality {
	for m, name := range encoders.Names {
		if name == e.Manifest.Modality {
			return encoders.Modality(m)
		}
	}
	return encoders.NumModalities // ReadManifest refuses all others
}

// Name is id and version, as they stand in the log.
func (e *Encoder) Name() string { return e.Manifest.Name() }

// Close gives the memory of the network back. Nothing may be encoded afterwards.
func (e *Encoder) Close() {
	for _, part := range []any{e.runner, e.texts} {
		if c, ok := part.(interface{ Close() }); ok {
			c.Close()
		}
	}
}

// Encode makes a vector of a note, a strip or an image, once the golden vectors have shown that the
// encoder is the right one.
func (e *Encoder) Encode(ctx context.Context, ev *schemas.Event) ([]float32, error) {
	if err := e.Verify(ctx); err != nil {
		return nil, err
	}
	switch m := e.Modality(); {
	case m == encoders.Notes && ev.Note != nil:
		return e.text(ctx, ev.Note.Text, nil)
	case m == encoders.ECG && ev.Strip != nil:
		return e.strip(ctx, ev.Strip)
	case m == encoders.Imaging && ev.Image != nil:
		if len(ev.Image.Bytes) == 0 {
			return nil, fmt.Errorf("%w: the image came without its bytes", ErrUnfit)
		}
		return e.image(ctx, ev.Image.Bytes)
	}
	return nil, fmt.Errorf("%w: it is of another modality than %s", ErrUnfit, e.Manifest.Modality)
}

// run asks the network for one vector.
func (e *Encoder) run(ctx context.Context, inputs []network.Tensor, output string) ([]float32, error) {
	out, err := e.runner.Run(ctx, inputs, []string{output})
	if err != nil {
		return nil, e.failed(ctx, err)
	}
	if out[0].Floats == nil {
		return nil, fmt.Errorf("%w: the network's %s is of %s", ErrUnfit, output, out[0].Kind())
	}
	return out[0].Floats, nil
}

// failed sorts an error of a network: the deadline's end and a server that is away pass, all else stays.
func (e *Encoder) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, ErrAway) {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return fmt.Errorf("%w: %w", ErrUnfit, err)
}

// whole refuses a vector that is none.
func (e *Encoder) whole(v []float32) ([]float32, error) {
	if len(v) != e.Manifest.Dim {
		return nil, fmt.Errorf("%w: the network gives %d numbers, expected %d", ErrUnfit, len(v), e.Manifest.Dim)
	}
	for i, x := range v {
		if x != x || x-x != 0 {
			return nil, fmt.Errorf("%w: number %d that the network gives is %v", ErrUnfit, i, x)
		}
	}
	return v, nil
}
