package onnx_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/vigil-icu/vigil/encoders/network"
	"github.com/vigil-icu/vigil/encoders/onnx"
	"github.com/vigil-icu/vigil/encoders/onnx/onnxtest"
)

// folder is where the networks of the tests are, with the script that has written them.
const folder = "../modelfolder/testdata"

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, name, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func film(side int, value float32) network.Tensor {
	return network.Tensor{Name: "film", Shape: []int{1, 1, side, side}, Floats: slices.Repeat([]float32{value}, side*side)}
}

// A network runs in several goroutines at once, and gives the same bits in each.
func TestRunsTogether(t *testing.T) {
	s, err := onnxtest.Library(t).Load(read(t, "imaging"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want, err := s.Run(context.Background(), []network.Tensor{film(16, 512)}, []string{"logits", "features"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(want[0].Shape, []int{1, 3}) || !slices.Equal(want[1].Shape, []int{1, 6}) || want[1].Floats[5] == 0 {
		t.Fatalf("found %+v", want)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				got, err := s.Run(context.Background(), []network.Tensor{film(16, 512)}, []string{"features"})
				if err != nil || !slices.Equal(got[0].Floats, want[1].Floats) {
					t.Errorf("%v, %v; want %v", got, err, want[1])
					return
				}
			}
		})
	}
	all.Wait()
}

// What cannot be run is an error with the reason, and the next run is not touched by it.
func TestRunRefuses(t *testing.T) {
	l := onnxtest.Library(t)
	s, err := l.Load(read(t, "imaging"))
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, in network.Tensor, out string) error {
		_, err := s.Run(ctx, []network.Tensor{in}, []string{out})
		return err
	}
	other, ints := film(16, 1), film(16, 1)
	other.Name = "picture"
	ints.Floats, ints.Ints = nil, make([]int64, 256)
	short := film(16, 1)
	short.Floats = short.Floats[1:]
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name string
		err  error
		says string
	}{
		{"another side", run(context.Background(), film(8, 1), "features"), "the network fails"},
		{"another name", run(context.Background(), other, "features"), "picture"},
		{"another kind", run(context.Background(), ints, "features"), "Unexpected input data type"},
		{"no such output", run(context.Background(), film(16, 1), "hidden"), "hidden"},
		{"too few numbers", run(context.Background(), short, "features"), "255 numbers"},
		{"NaN", run(context.Background(), film(16, float32(math.NaN())), "features"), "number 0 of tensor film is NaN"},
		{"no time", run(over, film(16, 1), "features"), "canceled"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.says) || strings.Contains(c.err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.name, c.err, c.says)
		}
	}
	if err := run(context.Background(), film(16, 1), "features"); err != nil {
		t.Errorf("a good run behind bad ones: %v", err)
	}
	s.Close()
	if err := run(context.Background(), film(16, 1), "features"); err == nil {
		t.Error("a closed network runs")
	}
	if _, err := l.Load(append(slices.Clone(read(t, "ecg")), 0x82, 0x01)); err == nil {
		t.Error("a torn file loads")
	}
}

// message and friends write the few protocol buffers that hostile networks need.
func message(number protowire.Number, parts ...[]byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), slices.Concat(parts...))
}

func number(n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
}

func text(n protowire.Number, s string) []byte { return message(n, []byte(s)) }

// A file that lies, or that reaches out of itself, is refused before the library sees it.
func TestInspectRefuses(t *testing.T) {
	weight := func(parts ...[]byte) []byte { return message(7, message(5, slices.Concat(parts...))) }
	deep := message(5, number(1, 1))
	for range 40 {
		deep = message(1, message(5, message(6, deep)))
	}
	var sides []byte
	for range 80 {
		sides = append(sides, message(1, number(1, 1))...)
	}
	for _, c := range []struct {
		name string
		file []byte
		says string
	}{
		{"nothing", nil, "no graph"},
		{"text", []byte("<html>not here</html>"), "no ONNX network"},
		{"a pickle", []byte("\x80\x02}q\x00X\x05\x00\x00\x00state"), "no ONNX network"},
		{"a group", protowire.AppendTag(nil, 7, protowire.StartGroupType), "no protocol buffer"},
		{"two graphs", append(message(7, text(2, "a")), message(7, text(2, "b"))...), "two graphs"},
		{"weights outside", weight(text(8, "w"), number(14, 1), message(13, text(1, "location"), text(2, "../../etc/passwd"))), "another file"},
		{"a huge tensor", weight(text(8, "w"), number(1, 1<<40)), "larger than the whole file"},
		{"a huge product", weight(text(8, "w"), number(1, 1<<10), number(1, 1<<10), number(1, 1<<62)), "larger than the whole file"},
		{"a packed huge one", weight(message(1, protowire.AppendVarint(nil, 1<<63)), text(8, "w")), "larger than the whole file"},
		{"a huge constant", message(7, message(1, message(5, message(5, number(1, 1<<50))))), "larger than the whole file"},
		{"outside in a branch", message(7, message(1, message(5, message(6, message(5, number(14, 1)))))), "another file"},
		{"graphs in graphs", message(7, deep), "nest deeper"},
		{"other operators", message(7, message(1, text(4, "Read"), text(7, "evil.corp"))), "evil.corp"},
		{"a huge input", message(7, message(11, text(1, "x"), message(2, message(1, number(1, 1), message(2, message(1, number(1, 1<<60))))))), "a side of"},
		{"a long name", message(7, message(11, text(1, strings.Repeat("x", 5000)))), "a name of 5000 bytes"},
		{"many sides", message(7, message(11, text(1, "x"), message(2, message(1, number(1, 1), message(2, sides))))), "sides"},
	} {
		if s, err := onnx.Inspect(c.file); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want %q", c.name, s, err, c.says)
		}
	}
}

// What Inspect says of a network is what its exporter wrote.
func TestInspect(t *testing.T) {
	for name, want := range map[string]string{
		"notes":   "takes input_ids int64 [?, ?], attention_mask int64 [?, ?], token_type_ids int64 [?, ?]; gives last_hidden_state float32 [?, ?, 8], pooler_output float32 [?, 8]",
		"imaging": "takes film float32 [?, 1, 16, 16]; gives features float32 [?, 6], logits float32 [?, 3]",
		"ecg":     "takes ecg float32 [?, 2, 150]; gives features float32 [?, 5]",
	} {
		s, err := onnx.Inspect(read(t, name))
		if err != nil || s.String() != want {
			t.Errorf("%s: %v, %v; want %s", name, s, err, want)
		}
	}
	s, err := onnx.Inspect(read(t, "notes"))
	if err != nil || s.Properties["icu.encoder.id"] != "invented-notes" {
		t.Errorf("properties %v, %v", s.Properties, err)
	}
}

// A name that leads nowhere is not passed over for another library.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	none := func(string) string { return "" }
	if _, err := onnx.Find(filepath.Join(dir, "nothing.so"), none, ""); !errors.Is(err, onnx.ErrNoLibrary) {
		t.Errorf("a setting that leads nowhere: %v", err)
	}
	wrong := func(name string) string {
		if name == onnx.Variable {
			return filepath.Join(dir, "gone")
		}
		return ""
	}
	if _, err := onnx.Find("", wrong, ""); !errors.Is(err, onnx.ErrNoLibrary) || !strings.Contains(err.Error(), onnx.Variable) {
		t.Errorf("a variable that leads nowhere: %v", err)
	}
	bare, err := onnx.Find("", none, filepath.Join(dir, "vigil"))
	if err != nil || filepath.IsAbs(bare) {
		t.Errorf("without anything: %q, %v; want a bare name for the loader", bare, err)
	}
	if err := os.WriteFile(filepath.Join(dir, bare), []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if beside, err := onnx.Find("", none, filepath.Join(dir, "vigil")); err != nil || beside != filepath.Join(dir, bare) {
		t.Errorf("beside the program: %q, %v", beside, err)
	}
	if _, err := onnx.Open(filepath.Join(dir, bare)); !errors.Is(err, onnx.ErrNoLibrary) {
		t.Errorf("a file that is no library: %v", err)
	}
}

// FuzzInspect holds that any bytes are read or refused, and never more is said of them than they hold.
func FuzzInspect(f *testing.F) {
	for _, name := range []string{"notes", "imaging", "ecg"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := onnx.Inspect(file)
		if err == nil && len(s.Inputs)+len(s.Outputs) > 2*len(file) {
			t.Errorf("%d bytes have %d inputs and outputs", len(file), len(s.Inputs)+len(s.Outputs))
		}
	})
}
