package fusion

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas"
)

//go:embed models/untrained.safetensors
var shippedFile []byte

// Kernel names the arithmetic; the digest of a run is promised per kernel.
const Kernel = "go"

// Model is the network with its weights: immutable, shared by all goroutines.
type Model struct {
	config   config
	channels []schemas.Channel
	hash     string
	tensors  map[string][]float32

	// table [heads][48][48] holds exp(softcap(score)) of reference point and bin:
	// both are hours of the window, so the scores are the same for every patient.
	table  []float32
	layers []layer
}

// layer has its weights at hand.
type layer struct {
	norm1Gain, norm1Bias, qkvW, qkvB, outW, outB  []float32
	norm2Gain, norm2Bias, centres, w1, b1, w2, b2 []float32
}

var shipped = sync.OnceValue(func() *Model {
	m, err := Read(shippedFile)
	if err != nil {
		panic("fusion: the shipped model: " + err.Error()) // a test reads it
	}
	return m
})

// Shipped is the model in the binary. It is untrained.
func Shipped() *Model { return shipped() }

// Load reads a model file. Errors say what is wrong with it and how to mend that.
func Load(path string) (*Model, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	m, err := Read(b)
	if err != nil {
		return nil, fmt.Errorf("model file %s: %w; take a file that `vigil model show` accepts", path, err)
	}
	return m, nil
}

// Read reads a model from the bytes of its file: safetensors with the metadata key
// "vigil". Every tensor of the form must be there with its shape, and no other.
func Read(b []byte) (*Model, error) {
	shapes, tensors, meta, err := readSafetensors(b)
	if err != nil {
		return nil, err
	}
	text, ok := meta["vigil"]
	if !ok {
		return nil, fmt.Errorf("metadata has no \"vigil\": not a model of this project")
	}
	c, err := parseConfig(text)
	if err != nil {
		return nil, err
	}
	wanted := c.shapes()
	for _, want := range wanted {
		got, ok := shapes[want.name]
		if !ok {
			return nil, fmt.Errorf("tensor %s is missing", want.name)
		}
		if !slices.Equal(got.shape, want.shape) {
			return nil, fmt.Errorf("tensor %s has shape %v, want %v", want.name, got.shape, want.shape)
		}
	}
	if len(shapes) != len(wanted) {
		return nil, fmt.Errorf("%d tensors, want %d", len(shapes), len(wanted))
	}
	sum := sha256.Sum256(b)
	m := &Model{config: *c, tensors: tensors, hash: hex.EncodeToString(sum[:])}
	for _, ch := range c.Channels {
		id, _ := schemas.ChannelByName(ch.Name) // parseConfig has looked
		m.channels = append(m.channels, id)
	}
	m.wire()
	return m, nil
}

// wire takes the tensors apart and computes the score table.
func (m *Model) wire() {
	for l := range m.config.Layers {
		t := func(name string) []float32 { return m.tensors[fmt.Sprintf("layer%d.%s", l, name)] }
		m.layers = append(m.layers, layer{
			t("norm1.gain"), t("norm1.bias"), t("self.qkv.w"), t("self.qkv.b"), t("self.out.w"), t("self.out.b"),
			t("norm2.gain"), t("norm2.bias"), t("router.centres"), t("experts.w1"), t("experts.b1"), t("experts.w2"), t("experts.b2"),
		})
	}
	e, heads := m.config.TimeDim, m.config.TimeHead
	queries, keys := make([]float32, bins*e), make([]float32, bins*e)
	phi := make([]float32, e)
	for i := range bins {
		// A reference point is the end of its hour, a bin the middle: in days.
		nn.TimeEmbedding(phi, float64(i+1)/24, m.tensors["time.w"], m.tensors["time.b"])
		nn.Linear(queries[i*e:i*e+e], m.tensors["attention.query.w"], phi, m.tensors["attention.query.b"])
		nn.TimeEmbedding(phi, (float64(i)+0.5)/24, m.tensors["time.w"], m.tensors["time.b"])
		nn.Linear(keys[i*e:i*e+e], m.tensors["attention.key.w"], phi, m.tensors["attention.key.b"])
	}
	d := e / heads
	m.table = make([]float32, heads*bins*bins)
	for h := range heads {
		for r := range bins {
			for b := range bins {
				s := nn.Dot(queries[r*e+h*d:r*e+h*d+d], keys[b*e+h*d:b*e+h*d+d])
				m.table[(h*bins+r)*bins+b] = float32(math.Exp(nn.SoftCap(float64(s) / math.Sqrt(float64(d)))))
			}
		}
	}
}

// Hash is the SHA-256 of the model's file, in hex.
func (m *Model) Hash() string { return m.hash }

// Trained says whether the weights come from training; if not, the scores carry
// the mark and raise no alert.
func (m *Model) Trained() bool { return m.config.Trained }

// Kernel names the arithmetic in use.
func (m *Model) Kernel() string { return Kernel }

// Channels are the numeric channels that the model reads, in its order. It must
// not be written to.
func (m *Model) Channels() []schemas.Channel { return m.channels }

// Card is what people want to know of a model.
type Card struct {
	Name       string   `json:"name"`
	Hash       string   `json:"hash"`
	Trained    bool     `json:"trained"`
	Training   string   `json:"training"`
	Licence    string   `json:"data_licence"`
	Form       string   `json:"form"`
	Gate       string   `json:"gate"`
	Width      int      `json:"width"`
	Layers     int      `json:"layers"`
	Experts    int      `json:"experts"`
	TopK       int      `json:"top_k"`
	Parameters int      `json:"parameters"`
	FLOP       int      `json:"flop_behind_time_attention"`
	Kernel     string   `json:"kernel"`
	Tasks      []string `json:"tasks"`
	Modalities []string `json:"modalities"`
	Channels   []string `json:"channels"`
	Notice     string   `json:"notice"`
}

// String is the card as text.
func (c Card) String() string {
	trained := "trained: " + c.Training
	if !c.Trained {
		trained = "UNTRAINED: its numbers mean nothing; no alert comes from it"
	}
	return fmt.Sprintf(`%s
%s
hash        %s
form        %s, gate %s, width %d, layers %d, experts %d, top %d
size        %d parameters, %d FLOP a prediction behind the time attention, kernel %s
data        %s
tasks       %s
modalities  %s
channels    %s
notice      %s
`, c.Name, trained, c.Hash, c.Form, c.Gate, c.Width, c.Layers, c.Experts, c.TopK, c.Parameters, c.FLOP, c.Kernel, c.Licence,
		strings.Join(c.Tasks, ", "), strings.Join(c.Modalities, ", "), strings.Join(c.Channels, ", "), c.Notice)
}
