package imaging

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// WeightsVersion is that of the form of the weights.
const WeightsVersion = 1

// Classifier is some networks that were fitted alike, each without a part of the films, and what
// makes a probability of the mean of their logits. It may be used by many goroutines.
type Classifier struct {
	Version     int    `json:"version"`
	Attribution string `json:"attribution"`
	// Seen are the fingerprints of the films that were fitted to, in order.
	Seen Fingerprints `json:"seen"`
	// Intercept and Slope make the logit one of pneumonia, at even odds before the film was taken.
	Intercept float64 `json:"intercept"`
	Slope     float64 `json:"slope"`
	// Members are the weights of the networks, in the order of the parameters.
	Members []Values `json:"members"`

	networks []*Network[float32]
	packed   []*nn.PackedParams
	buffers  sync.Pool
}

// buffers are what one goroutine needs to ask the networks.
type buffers struct{ tapes []*nn.Tape[float32] }

// Values are weights of 16 bits each: the upper half of a float32, in base64.
type Values []float32

// MarshalText is the text of the weights.
func (v Values) MarshalText() ([]byte, error) {
	b := make([]byte, 0, 2*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint16(b, uint16(math.Float32bits(Rounded(x))>>16))
	}
	return encodeBytes(b), nil
}

// UnmarshalText reads what MarshalText wrote.
func (v *Values) UnmarshalText(text []byte) error {
	b, err := decodeBytes(text)
	if err != nil || len(b)%2 == 1 {
		return fmt.Errorf("weights that are no base64 of 16 bits each (%v)", err)
	}
	*v = make(Values, len(b)/2)
	for i := range *v {
		(*v)[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(b[2*i:])) << 16)
	}
	return nil
}

// Rounded is the nearest number of which the lower half of the bits is 0, as [Values] keep it.
func Rounded(x float32) float32 {
	b := math.Float32bits(x)
	return math.Float32frombits((b + 0x7fff + b>>16&1) &^ 0xffff)
}

// Fingerprints are hashes of films, in order.
type Fingerprints []uint32

// MarshalText is the text of them.
func (f Fingerprints) MarshalText() ([]byte, error) {
	b := make([]byte, 0, 4*len(f))
	for _, x := range f {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return encodeBytes(b), nil
}

// UnmarshalText reads what MarshalText wrote.
func (f *Fingerprints) UnmarshalText(text []byte) error {
	b, err := decodeBytes(text)
	if err != nil || len(b)%4 != 0 {
		return fmt.Errorf("fingerprints that are no base64 of 32 bits each (%v)", err)
	}
	*f = make(Fingerprints, len(b)/4)
	for i := range *f {
		(*f)[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return nil
}

// Has says whether a film was among those, but for one in a million that looks like it.
func (f Fingerprints) Has(shades []float32) bool {
	_, found := slices.BinarySearch(f, Fingerprint(shades))
	return found
}

// Fingerprint is a hash of a film of [Edge] pixels each way, of 8 bits a pixel.
func Fingerprint(shades []float32) uint32 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, v := range shades {
		h = (h ^ uint64(math.Round(float64(v)*255))) * 1099511628211
	}
	return uint32(h>>32) ^ uint32(h)
}

// Parse reads weights and checks that they are for the network of this program.
func Parse(b []byte) (*Classifier, error) {
	c := &Classifier{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("no weights of a classifier of films: %w", err)
	}
	if c.Version != WeightsVersion {
		return nil, fmt.Errorf("weights of version %d, want %d: fit them again by `vigil encoders train imaging`", c.Version, WeightsVersion)
	}
	if len(c.Members) == 0 || math.IsNaN(c.Intercept) || math.IsInf(c.Intercept, 0) || !(c.Slope > 0) || math.IsInf(c.Slope, 0) {
		return nil, fmt.Errorf("%d networks, an intercept of %v and a slope of %v, want a network at least and a slope above 0", len(c.Members), c.Intercept, c.Slope)
	}
	if err := c.build(); err != nil {
		return nil, err
	}
	return c, nil
}

// NewClassifier is one of networks.
func NewClassifier(networks []*Network[float32], seen Fingerprints, intercept, slope float64, attribution string) (*Classifier, error) {
	c := &Classifier{Version: WeightsVersion, Attribution: attribution, Seen: seen, Intercept: intercept, Slope: slope}
	for _, n := range networks {
		c.Members = append(c.Members, n.Params.Values)
	}
	return c, c.build()
}

func (c *Classifier) build() error {
	c.buffers.New = func() any {
		b := &buffers{}
		for i, n := range c.networks {
			t := nn.NewTape(&n.Params, false)
			t.Serve(c.packed[i])
			b.tapes = append(b.tapes, t)
		}
		return b
	}
	for i, values := range c.Members {
		n := NewNetwork[float32]()
		if len(values) != n.Params.Total() {
			return fmt.Errorf("network %d has %d weights, want %d: fit them again by `vigil encoders train imaging`", i+1, len(values), n.Params.Total())
		}
		for k, v := range values {
			v = Rounded(v)
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("network %d: weight %d is no finite number", i+1, k+1)
			}
			n.Params.Values[k] = v
		}
		c.networks, c.packed = append(c.networks, n), append(c.packed, n.pack())
	}
	return nil
}

// Reading is what the classifier has of a film.
type Reading struct {
	// Logit is the mean of the networks', Probability that of pneumonia made of it.
	Logit, Probability float64
	// Embedding is what the first network has before it decides.
	Embedding [Embedded]float32
}

// moved are by how many pixels a film is moved, across and down, before the networks are asked again.
var moved = [][2]int{{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}}

// Read reads a film of [Edge] pixels each way, as it is, moved by a pixel, and all these mirrored: what
// a film shows depends on none of it.
func (c *Classifier) Read(shades []float32) Reading {
	views := 2 * len(moved)
	input := make([]float32, 0, views*channels*len(shades))
	view := make([]float32, len(shades))
	for _, by := range moved {
		for _, mirrored := range []bool{false, true} {
			for i := range view {
				x, y := i%Edge, i/Edge
				if mirrored {
					x = Edge - 1 - x
				}
				x, y = min(max(x+by[0], 0), Edge-1), min(max(y+by[1], 0), Edge-1)
				view[i] = shades[y*Edge+x]
			}
			input = Input(input, view)
		}
	}
	b := c.buffers.Get().(*buffers)
	defer c.buffers.Put(b)
	var r Reading
	for i, n := range c.networks {
		b.tapes[i].Reset()
		embedding, logit := n.Forward(b.tapes[i], views, input, nn.Dropping{})
		if i == 0 {
			for k := range r.Embedding {
				r.Embedding[k] = (embedding.Row(0)[k] + embedding.Row(1)[k]) / 2
			}
		}
		var sum float64
		for _, v := range logit.Value {
			sum += float64(v)
		}
		r.Logit += float64(sum / float64(views))
	}
	r.Logit /= float64(len(c.networks))
	r.Probability = 1 / (1 + math.Exp(-c.Intercept-float64(c.Slope*r.Logit)))
	return r
}

func encodeBytes(b []byte) []byte {
	return base64.StdEncoding.AppendEncode(nil, b)
}

func decodeBytes(text []byte) ([]byte, error) {
	return base64.StdEncoding.AppendDecode(nil, text)
}
