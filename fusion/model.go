package fusion

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

//go:embed models/*.safetensors
var shippedFiles embed.FS

// Kernel names the arithmetic of a score. Two scores of one model, one window and one
// kernel have the same bits; those of two kernels need not. The kernels in AVX2 with FMA
// and their twins in plain Go bear one name because they round alike, which tests hold to
// the bit; a change of the code that changes a bit changes the name.
//
// On one machine the promise is whole. Between machines it ends at the elementary
// functions of package math (Exp, Log1p, Tanh, Sin, Cos), for which some have assembly of
// their own: their last bit in float64 may differ, and would have to survive the rounding
// to float32 to be seen. Products and sums are the same everywhere, since every product
// is rounded before it is added (cmd/internal/archtest).
const Kernel = "go"

// Model is a network with its weights, made to serve: immutable, and shared by all
// goroutines.
type Model struct {
	network  *Network[float32]
	packed   nn.PackedParams
	hash     string
	record   json.RawMessage
	channels []vitals.Channel
	statics  []vitals.Static
	// table is that of a model that serves by sums; else nil.
	table *ScoreTable
	raw   bool // see ReadsObservations
}

// The models in the binary, by their names: files of the folder models.
const (
	// OpenICU is the one that serves where no other is named: in-hospital death at any hour,
	// trained on open data by the recipe open-icu.
	OpenICU = "open-icu-1"
	// Drawn has weights that were drawn and not trained. It reads more kinds of data than the
	// other, so that it can show and test the path; its numbers mean nothing and alert nobody.
	Drawn = "untrained"
)

// shipped reads each model of the binary once.
var shipped = map[string]func() *Model{OpenICU: readShipped(OpenICU), Drawn: readShipped(Drawn)}

// readShipped reads a model of the binary when it is first asked for.
func readShipped(name string) func() *Model {
	return sync.OnceValue(func() *Model {
		b, err := shippedFiles.ReadFile("models/" + name + ".safetensors")
		var m *Model
		if err == nil {
			m, err = Read(b)
		}
		if err != nil {
			panic("fusion: the shipped model " + name + ": " + err.Error()) // a test reads them
		}
		return m
	})
}

// Shipped is the model in the binary that serves where no other is named.
func Shipped() *Model { return Named(OpenICU) }

// Untrained is the model in the binary whose weights were drawn and not trained.
func Untrained() *Model { return Named(Drawn) }

// Named is a model in the binary, nil where there is none of that name.
func Named(name string) *Model {
	if of, ok := shipped[name]; ok {
		return of()
	}
	return nil
}

// NamedFile is the file of a model in the binary, nil where there is none of that name.
func NamedFile(name string) []byte {
	if Named(name) == nil {
		return nil
	}
	b, _ := shippedFiles.ReadFile("models/" + name + ".safetensors") // Named has read it
	return b
}

// ShippedNames are the names of the models in the binary, in order; the one that serves comes
// first.
func ShippedNames() []string { return []string{OpenICU, Drawn} }

// Load reads the file of a model that is to serve patients, or gives one in the binary by its
// name. The error says what is wrong with the file, or what in it is unknown here, and how to
// mend that.
func Load(path string) (*Model, error) {
	m, err := Open(path)
	if err != nil || m == Named(path) {
		return m, err
	}
	if err := m.serves(); err != nil {
		return nil, fmt.Errorf("model file %s: it cannot serve patients: %w", path, err)
	}
	return m, nil
}

// Open reads the file of any model, also of one whose data is no ICU's and that cannot
// serve, or gives one in the binary by its name.
func Open(path string) (*Model, error) {
	b, err := os.ReadFile(path)
	if m := Named(path); m != nil && errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	m, err := read(b)
	if err != nil {
		return nil, fmt.Errorf("model file %s: %w; take a file that `vigil model verify` accepts", path, err)
	}
	return m, nil
}

// Read reads a model that is to serve from the bytes of its file, see [Unmarshal]. Its
// channels must be in the channel table, and its statics and item modalities known here.
func Read(b []byte) (*Model, error) {
	m, err := read(b)
	if err != nil {
		return nil, err
	}
	return m, m.serves()
}

// read makes a model of a file's bytes, with all that is the same in every prediction
// computed once: packed weights, embedded reference times, and the score table.
func read(b []byte) (*Model, error) {
	n, record, err := Unmarshal(b)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	m := &Model{network: n, hash: hex.EncodeToString(sum[:]), record: record}
	m.pack()
	n.freeze()
	if c := &n.Config; c.SoftCap && c.Cells > c.Points && len(c.Channels) > 0 {
		m.table = newScoreTable(&n.series, n.scores)
	}
	return m, nil
}

// serves finds the channels and statics by their names, and says what is not there.
func (m *Model) serves() error {
	c := &m.network.Config
	if c.Window != "" {
		return fmt.Errorf("it looks back %s and was trained on other data than an ICU's", c.Window)
	}
	if c.ChannelTable > schemas.ChannelTableVersion {
		return fmt.Errorf("its data were read by version %d of the channel table, and this program has %d: take a newer one", c.ChannelTable, schemas.ChannelTableVersion)
	}
	for _, ch := range c.Channels {
		id, ok := schemas.ChannelByName(ch.Name)
		if !ok {
			return fmt.Errorf("channel %q is not in the channel table", ch.Name)
		}
		if own := id.Info().Transform.String(); ch.Transform != "" && ch.Transform != own {
			return fmt.Errorf("channel %q was trained on values through %q, and the channel table has %q: train it anew", ch.Name, ch.Transform, own)
		}
		m.channels = append(m.channels, vitals.Channel{ID: id, Low: ch.Low, High: ch.High, Centre: ch.Centre, Scale: ch.Scale})
	}
	for _, name := range c.Statics {
		s, err := vitals.ParseStatic(name)
		if err != nil {
			return err
		}
		m.statics = append(m.statics, s)
	}
	for _, mod := range c.Modalities {
		if mod.Kind == KindItems && !slices.Contains(encoders.Names[1:], mod.Name) {
			return fmt.Errorf("item modality %q is none of %s", mod.Name, strings.Join(encoders.Names[1:], ", "))
		}
	}
	if c.Cells%encoders.Bins != 0 {
		return fmt.Errorf("cells are %d, want %d or a multiple", c.Cells, encoders.Bins)
	}
	m.raw = c.Cells != encoders.Bins || slices.ContainsFunc(m.channels, func(c vitals.Channel) bool { return c.Narrow() })
	return nil
}

// ReadsFrom says whether the model can be given what the encoders at work make of items: active is
// id and version of that of a modality. A model that was trained on what another encoder makes
// would read numbers that mean something else.
func (m *Model) ReadsFrom(active func(encoders.Modality) string) error {
	for _, mod := range m.network.Config.Modalities {
		if mod.Kind != KindItems || mod.Encoder == "" {
			continue
		}
		found := active(encoders.Modality(slices.Index(encoders.Names[:], mod.Name)))
		if found == mod.Encoder {
			continue
		}
		if found == "" {
			found = "none"
		}
		return fmt.Errorf("the model reads %s as the encoder %s gives it, and the encoder at work is %s: train it anew with this one, or take the program and settings of that one; `vigil encoders list` names what is at work", mod.Name, mod.Encoder, found)
	}
	return nil
}

// freeze computes what is the same in every pass, since it depends on weights and times
// alone: the embedded reference times and the scores of all cells. A network in training
// does not freeze, because its weights change.
func (n *Network[F]) freeze() {
	t := nn.NewTape(&n.params, false)
	n.embedded = n.embedReference(t)
	if len(n.Config.Channels) > 0 {
		n.scores, n.weights = n.table(t, n.embedded)
	}
}

// pack packs the weights of all dense layers and experts, which it knows by the shapes
// and the names of their parameters.
func (m *Model) pack() {
	n := m.network
	p := &n.params
	for i, name := range p.Names {
		w, shape := nn.Param(i), p.Shapes[i]
		switch {
		case len(shape) == 3: // experts: w1 and w2, with b1 and b2
			b, _ := p.Named(name[:len(name)-2] + "b" + name[len(name)-1:])
			m.packed.Pack(p, w, b, shape[0], shape[1], shape[2])
		case len(shape) == 2 && name[len(name)-2:] == ".w":
			b, ok := p.Named(name[:len(name)-1] + "b")
			if !ok {
				b = nn.NoParam
			}
			m.packed.Pack(p, w, b, 1, shape[0], shape[1])
		}
	}
}

// Config is that of the model. It must not be written to.
func (m *Model) Config() *Config { return &m.network.Config }

// Network is the model's network. Its parameters must not be written to.
func (m *Model) Network() *Network[float32] { return m.network }

// Record is the training record of the file, nil if it has none.
func (m *Model) Record() json.RawMessage { return m.record }

// Hash is the SHA-256 of the model's file, in hex.
func (m *Model) Hash() string { return m.hash }

// Trained says whether the weights come from training; if they do not, scores carry the
// mark and raise no alert.
func (m *Model) Trained() bool { return m.network.Config.Trained }

// Kernel names the arithmetic in use, see the constant.
func (m *Model) Kernel() string { return Kernel }

// Channels are the numeric channels that a serving model reads, in the order of its
// input. The slice must not be written to.
func (m *Model) Channels() []vitals.Channel { return m.channels }

// ReadsObservations says whether a serving model needs a window's observations: its
// cells are finer than hours, or it reads a channel in a narrower range than the sums of
// hours hold (Models in schemas.ChannelInfo).
func (m *Model) ReadsObservations() bool { return m.raw }

// Statics are those that the model reads, in the order of its input. The slice must not
// be written to.
func (m *Model) Statics() []vitals.Static { return m.statics }

// Shape is what an input of the model has room for.
func (m *Model) Shape() encoders.Shape { return m.network.Shape() }
