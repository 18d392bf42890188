package modelfolder_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/vigil-icu/vigil/encoders/modelfolder"
	"github.com/vigil-icu/vigil/encoders/network"
	"github.com/vigil-icu/vigil/encoders/onnx"
	"github.com/vigil-icu/vigil/encoders/onnx/onnxtest"
	"github.com/vigil-icu/vigil/encoders/remote"
	"github.com/vigil-icu/vigil/schemas"
)

// served is a network on servers of this test, which run it by ONNX Runtime.
type served struct {
	network.Runner
	down atomic.Bool
}

// names of the protocol.
var names = map[network.Kind]string{network.Float32: "FP32", network.Int64: "INT64"}

// describe is the model's description in JSON.
func (s *served) describe(t testing.TB) []byte {
	have, err := s.Signature(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	list := func(ports []network.Port) (out []map[string]any) {
		for _, p := range ports {
			out = append(out, map[string]any{"name": p.Name, "datatype": names[p.Kind], "shape": p.Sides})
		}
		return out
	}
	b, err := json.Marshal(map[string]any{"name": "m", "versions": []string{"1"}, "platform": "onnxruntime_onnx", "inputs": list(have.Inputs), "outputs": list(have.Outputs)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// serve speaks the open inference protocol.
func (s *served) serve(t testing.TB) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/models/m", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(s.describe(t)) })
	mux.HandleFunc("POST /v2/models/m/infer", func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			http.Error(w, "secret words are repeated here", http.StatusServiceUnavailable)
			return
		}
		type tensor struct {
			Name     string          `json:"name"`
			Datatype string          `json:"datatype"`
			Shape    []int           `json:"shape"`
			Data     json.RawMessage `json:"data,omitempty"`
		}
		var question struct{ Inputs, Outputs []tensor }
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var in []network.Tensor
		for _, q := range question.Inputs {
			x := network.Tensor{Name: q.Name, Shape: q.Shape}
			into := any(&x.Floats)
			if q.Datatype == "INT64" {
				into = &x.Ints
			}
			if err := json.Unmarshal(q.Data, into); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			in = append(in, x)
		}
		out, err := s.Run(r.Context(), in, []string{question.Outputs[0].Name})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		data, _ := json.Marshal(out[0].Floats)
		_ = json.NewEncoder(w).Encode(map[string]any{"model_name": "m", "model_version": "1", "outputs": []tensor{{out[0].Name, "FP32", out[0].Shape, data}}})
	})
	return mux
}

// folderOf is a copy of a folder whose network is on a server with a certificate of its own.
func folderOf(t *testing.T, name, settings string, certificate []byte) string {
	t.Helper()
	dir := edited(t, filepath.Join("testdata", name), map[string]func(string) string{"model.onnx": nil, "encoder.json": func(s string) string {
		from := strings.Index(s, `"network"`)
		to := from + strings.Index(s[from:], "}") + 1
		return s[:from] + `"network": {` + settings + `, "ca": "ca.pem", "timeout_ms": 20000}` + s[to:]
	}})
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func asking(hosts ...string) modelfolder.Means {
	none := func() (*onnx.Library, error) { return nil, onnx.ErrNoLibrary }
	return modelfolder.MeansOf(none, &remote.Access{Hosts: hosts, Now: time.Now}, os.Getenv)
}

// The golden vectors of all three folders come from a server of the open inference protocol too, with
// TLS. What is not allowed is not asked, and what a server repeats of an item is not said.
func TestKServe(t *testing.T) {
	l := onnxtest.Library(t)
	for _, name := range []string{"notes", "imaging", "ecg"} {
		file, err := os.ReadFile(filepath.Join("testdata", name, "model.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		session, err := l.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		s := &served{Runner: session}
		server := httptest.NewTLSServer(s.serve(t))
		dir := folderOf(t, name, fmt.Sprintf(`"protocol": "kserve", "address": %q, "model": "m"`, server.URL), server.Certificate().Raw)
		if _, err := modelfolder.Open(dir, asking()); err == nil || !strings.Contains(err.Error(), "is not allowed") {
			t.Errorf("%s: a host that nobody allowed: %v", name, err)
		}
		e, err := modelfolder.Open(dir, asking("127.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Verify(context.Background()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == "notes" {
			s.down.Store(true)
			_, err := e.Encode(context.Background(), &schemas.Event{Note: &schemas.Note{Text: "secret words"}})
			if !errors.Is(err, modelfolder.ErrAway) || !strings.Contains(err.Error(), "503") || strings.Contains(err.Error(), "secret") {
				t.Errorf("a server that is down: %v", err)
			}
		}
		e.Close()
		server.Close()
		session.Close()
	}
}

// An encoder of texts by a server has no tokenizer here; its golden vectors are held all the same.
func TestTextServer(t *testing.T) {
	vector := "[1,2]"
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("[" + vector + "]")) }))
	defer server.Close()
	dir := folderOf(t, "notes", fmt.Sprintf(`"protocol": "tei", "address": %q`, server.URL), server.Certificate().Raw)
	for name, change := range map[string]func(string) string{
		"encoder.json": func(s string) string {
			return strings.Replace(s[:strings.Index(s, `"text"`)]+`"golden": {"file": "golden.json"}}`, `"dim": 16`, `"dim": 2`, 1)
		},
		"golden.json": func(string) string { return `{"cases":[{"text":"stable","vector":[1,2]}]}` },
	} {
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(change(string(b))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	note := &schemas.Event{Note: &schemas.Note{Text: "stable"}}
	for _, c := range []struct{ vector, says string }{{"[1,2]", ""}, {"[1,3]", "differ by more"}, {"[1]", "expected 2"}} {
		vector = c.vector
		e, err := modelfolder.Open(dir, asking("127.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := e.Encode(context.Background(), note)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want %q", c.vector, v, err, c.says)
		}
		e.Close()
	}
}

// The same over gRPC, with TLS.
func TestKServeGRPC(t *testing.T) {
	l := onnxtest.Library(t)
	file, err := os.ReadFile("testdata/notes/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	session, err := l.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	certificates := httptest.NewUnstartedServer(nil)
	certificates.StartTLS() // lends a certificate for 127.0.0.1
	defer certificates.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: certificates.TLS.Certificates, NextProtos: []string{"h2"}})),
		grpc.ForceServerCodec(bytesCodec{}),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			method, _ := grpc.MethodFromServerStream(stream)
			var question []byte
			if err := stream.RecvMsg(&question); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			answer, err := answerGRPC(stream.Context(), session, method, question)
			if err != nil {
				return status.Error(codes.InvalidArgument, err.Error())
			}
			return stream.SendMsg(&answer)
		}),
	)
	go func() { _ = g.Serve(listener) }()
	defer g.Stop()
	settings := fmt.Sprintf(`"protocol": "kserve-grpc", "address": %q, "model": "m"`, listener.Addr())
	e, err := modelfolder.Open(folderOf(t, "notes", settings, certificates.Certificate().Raw), asking(listener.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Verify(context.Background()); err != nil {
		t.Error(err)
	}
	g.Stop()
	if _, err := e.Encode(context.Background(), &schemas.Event{Note: &schemas.Note{Text: "stable"}}); !errors.Is(err, modelfolder.ErrAway) {
		t.Errorf("a server that has gone: %v", err)
	}
}

// bytesCodec hands messages through as bytes.
type bytesCodec struct{}

func (bytesCodec) Name() string                    { return "proto" }
func (bytesCodec) Marshal(v any) ([]byte, error)   { return *v.(*[]byte), nil }
func (bytesCodec) Unmarshal(b []byte, v any) error { *v.(*[]byte) = bytes.Clone(b); return nil }

// each calls take for each field of a message that has a length, and for each number.
func each(b []byte, take func(n protowire.Number, part []byte)) {
	for len(b) > 0 {
		n, kind, k := protowire.ConsumeTag(b)
		if k < 0 {
			return
		}
		b = b[k:]
		if k = protowire.ConsumeFieldValue(n, kind, b); k < 0 {
			return
		}
		part := b[:k]
		if kind == protowire.BytesType {
			part, _ = protowire.ConsumeBytes(part)
		}
		take(n, part)
		b = b[k:]
	}
}

func field(n protowire.Number, part []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), part)
}

// answerGRPC speaks the two messages of the protocol by hand.
func answerGRPC(ctx context.Context, r network.Runner, method string, question []byte) (answer []byte, err error) {
	shape := func(sides []int) (b []byte) {
		for _, side := range sides {
			b = protowire.AppendVarint(b, uint64(int64(side)))
		}
		return b
	}
	have, err := r.Signature(ctx)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(method, "/ModelMetadata") {
		for n, ports := range map[protowire.Number][]network.Port{4: have.Inputs, 5: have.Outputs} {
			for _, p := range ports {
				answer = append(answer, field(n, slices.Concat(field(1, []byte(p.Name)), field(2, []byte(names[p.Kind])), field(3, shape(p.Sides))))...)
			}
		}
		return answer, nil
	}
	var inputs []network.Tensor
	var raw [][]byte
	var output string
	each(question, func(n protowire.Number, part []byte) {
		switch n {
		case 5:
			var t network.Tensor
			each(part, func(n protowire.Number, part []byte) {
				switch n {
				case 1:
					t.Name = string(part)
				case 3:
					for len(part) > 0 {
						v, k := protowire.ConsumeVarint(part)
						t.Shape, part = append(t.Shape, int(v)), part[k:]
					}
				}
			})
			inputs = append(inputs, t)
		case 6:
			each(part, func(_ protowire.Number, part []byte) { output = string(part) })
		case 7:
			raw = append(raw, part)
		}
	})
	for i := range inputs {
		for b := raw[i]; len(b) > 0; b = b[8:] { // notes have numbers of 8 bytes
			inputs[i].Ints = append(inputs[i].Ints, int64(binary.LittleEndian.Uint64(b)))
		}
	}
	out, err := r.Run(ctx, inputs, []string{output})
	if err != nil {
		return nil, err
	}
	var data []byte
	for _, x := range out[0].Floats {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	return slices.Concat(field(2, []byte("1")), field(5, slices.Concat(field(1, []byte(output)), field(2, []byte("FP32")), field(3, shape(out[0].Shape)))), field(6, data)), nil
}
