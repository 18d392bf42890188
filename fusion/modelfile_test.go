package fusion

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
)

func TestTornModelFiles(t *testing.T) {
	good := drawnFile()
	edges := slices.Clone(good)
	copy(edges[len(edges)-4:], []byte{0, 0, 0, 0xc0}) // the last edge, -2: below the one before it
	for name, b := range map[string][]byte{
		"empty": {}, "no header": good[:8], "torn header": good[:100], "torn data": good[:len(good)-3],
		"a byte more": append(bytes.Clone(good), 0), "text": []byte("this is not a model file at all"),
		"not finite":     withBytes(good, len(good)/2&^3, 0xff, 0xff, 0xff, 0xff),
		"huge header":    withBytes(good, 0, 0xff, 0xff, 0xff, 0xff),
		"falling edges":  edges,
		"another shape":  replaced(t, `"shape":[28,64]`, `"shape":[64,28]`),
		"another tensor": replaced(t, `"head.out.w"`, `"head.out.x"`),
		"unknown gate":   replaced(t, `laplace`, `lap1ace`),
		"unknown word":   replaced(t, `\"layers\"`, `\"layerz\"`),
		"other channel":  replaced(t, `lactate`, `lactose`),
		"other static":   replaced(t, `\"unit\"`, `\"knit\"`),
	} {
		if _, err := Read(b); err == nil {
			t.Errorf("%s: read without an error", name)
		} else if len(err.Error()) > 600 {
			t.Errorf("%s: an error of %d letters", name, len(err.Error()))
		}
	}
}

func withBytes(b []byte, at int, v ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], v)
	return b
}

func replaced(t *testing.T, from, to string) []byte {
	t.Helper()
	b := bytes.Replace(bytes.Clone(drawnFile()), []byte(from), []byte(to), 1)
	if bytes.Equal(b, drawnFile()) {
		t.Fatalf("the shipped file has no %s", from)
	}
	return b
}

// A file gives back the network and the record that were written; the same network
// gives the same bytes.
func TestModelFileComesBack(t *testing.T) {
	for _, c := range variants() {
		n := drawn(t, c, 9).Network()
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := n.Write(path, json.RawMessage(`{"seed":9}`)); err != nil {
			t.Fatal(err)
		}
		m, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Record()) != `{"seed":9}` || !slices.Equal(m.Network().Params().Values, n.Params().Values) || !slices.Equal(m.Network().StatEdges, n.StatEdges) {
			t.Errorf("%s: another network or record came back", c.Name)
		}
		again, err := m.Network().Marshal(m.Record())
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, again) {
			t.Errorf("%s: the bytes differ (%v)", c.Name, err)
		}
	}
}

// A config that cannot be meant is refused in words.
func TestConfigRefusals(t *testing.T) {
	for want, more := range map[string]func(c *Config){
		"heads 3 do not divide":      func(c *Config) { c.Heads = 3 },
		"gate is \"hard\"":           func(c *Config) { c.Gate = "hard" },
		"top_k is 7":                 func(c *Config) { c.TopK = 7 },
		"intensity needs soft_cap":   func(c *Config) { c.SoftCap = false },
		"needs now tokens":           func(c *Config) { c.Now = 0 },
		"share 6 experts":            func(c *Config) { c.Router, c.TopK = Disjoint, 3 },
		"wants router permod":        func(c *Config) { c.EntropyWeight = 1 },
		"a series wants channels":    func(c *Config) { c.Modalities[0].Name = "vitals" },
		"is no series modality":      func(c *Config) { c.Channels[2].Modality = "notes" },
		"is there twice":             func(c *Config) { c.Channels[1].Name = c.Channels[0].Name },
		"residual is 1":              func(c *Config) { c.Dropout.Residual = 1 },
		"no name for a modality":     func(c *Config) { c.Modalities[1].Name = "layer0" },
		"cells are 50":               func(c *Config) { c.Cells = 50 },
		"parameters, more than":      func(c *Config) { c.Form, c.Width, c.Hidden, c.Experts, c.Heads = FormStay, 1024, 8192, 256, 2 },
		"scale above 0":              func(c *Config) { c.Channels[0].Scale = 0 },
		"kind \"triple\"":            func(c *Config) { c.Tasks[0].Kind = "triple" },
		"wants at least 2 experts":   func(c *Config) { c.Experts, c.TopK = 1, 1 },
		"format is 1, want 2 to 2":   func(c *Config) { c.Format = 1 },
		"number of tasks is 0":       func(c *Config) { c.Tasks = nil },
		"calibration":                func(c *Config) { c.Tasks[0].Calibration = []CalibrationPoint{{Scale: 1e9}} },
		"least_channels is 99":       func(c *Config) { c.LeastChannels = 99 },
		"items want a width from 0":  func(c *Config) { c.Modalities[1].Width = -1 },
		"utde is \"\", want batch":   func(c *Config) { c.UTDE = "" },
		"regular is \"\"":            func(c *Config) { c.Regular = "" },
		"kind \"video\"":             func(c *Config) { c.Modalities[1].Kind = "video" },
		"low up to high":             func(c *Config) { c.Channels[3].Low = 9 },
		"expert is \"mlp\"":          func(c *Config) { c.Expert = "mlp" },
		"missing is \"mean\"":        func(c *Config) { c.Missing = "mean" },
		"disjoint routers of 3":      func(c *Config) { c.Router, c.TopK = Disjoint, 4 },
		"weight -1":                  func(c *Config) { c.Tasks[1].Weight = -1 },
		"time_heads 2 time_width 9":  func(c *Config) { c.TimeWidth = 9 },
		"number of modalities is 17": func(c *Config) { c.Modalities = append(c.Modalities, make([]Modality, 14)...) },
	} {
		if _, err := NewNetwork[float32](small("c", more)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// YAML and the file's JSON are the same config.
func TestConfigAsYAML(t *testing.T) {
	c, err := ParseConfig([]byte(`
format: 2
name: y
modalities: [{name: vital, kind: series}]
channels: [{name: heart_rate, modality: vital, centre: 86, scale: 17.6}]
points: 48
cells: 48
reference: ends
time_width: 8
time_heads: 2
soft_cap: true
values: hinges
intensity: true
regular: last_observation
utde: batch_seq_feature
width: 8
layers: 1
heads: 2
ffn: 8
missing: learned
pool: last
experts: 0
tasks: [{name: death, kind: binary, weight: 1}]
`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := parseMetadata(string(text)); err != nil || back.Channels[0] != c.Channels[0] || back.Width != 8 {
		t.Errorf("%v: came back as %+v", err, back)
	}
	if _, err := ParseConfig([]byte("format: 2\nwidht: 3\n")); err == nil || !strings.Contains(err.Error(), "widht") {
		t.Errorf("a misspelt key: error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	n, err := NewNetwork[float32](small("seed", func(c *Config) {
		c.Skip, c.Now, c.Pool, c.Width, c.Heads, c.FFN, c.Layers, c.Experts, c.Hidden = 0, 0, PoolLast, 2, 1, 2, 1, 2, 2
	}))
	if err != nil {
		f.Fatal(err)
	}
	n.Init(1)
	b, err := n.Marshal(json.RawMessage(`{}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:2048])
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, '{', '}'})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Read(b); err == nil {
			m.Predict(NewScratch(m), []*encoders.Input{m.Shape().New()}, make([]float32, len(m.Config().Tasks)))
		}
	})
}

// drawnFile is the file of the untrained model.
func drawnFile() []byte {
	b, err := shippedFiles.ReadFile("models/untrained.safetensors")
	if err != nil {
		panic(err)
	}
	return b
}
