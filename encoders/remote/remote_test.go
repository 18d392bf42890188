package remote_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/encoders/network"
	"github.com/vigil-icu/vigil/encoders/remote"
)

// at is a server of the test with a certificate of its own.
func at(t *testing.T, handler http.Handler) (*remote.Access, *remote.Server) {
	t.Helper()
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return &remote.Access{Hosts: []string{"127.0.0.1"}, Now: time.Now}, &remote.Server{Address: s.URL, Model: "bge", Timeout: 20 * time.Second, CA: ca}
}

// A text goes to a server of Text Embeddings Inference as its clients send it, and only once the server
// has said that it has the model.
func TestTEI(t *testing.T) {
	var asked []string
	sha := "abc"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) {
		asked = append(asked, "info")
		_ = json.NewEncoder(w).Encode(map[string]any{"model_id": "bge", "model_sha": sha, "max_input_length": 512})
	})
	mux.HandleFunc("POST /embed", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked = append(asked, string(b)+" "+r.Header.Get("Authorization"))
		_, _ = w.Write([]byte("[[0.25,-0.5]]"))
	})
	access, server := at(t, mux)
	server.Version, server.Token = "abc", "key"
	texts, err := access.TEI(server)
	if err != nil {
		t.Fatal(err)
	}
	defer texts.Close()
	for range 2 {
		if v, err := texts.Embed(context.Background(), `septic "shock"`); err != nil || !slices.Equal(v, []float32{0.25, -0.5}) {
			t.Fatalf("%v, %v", v, err)
		}
	}
	want := `{"inputs":["septic \"shock\""],"normalize":true,"truncate":true,"truncation_direction":"Right"} Bearer key`
	if !slices.Equal(asked, []string{"info", want, want}) {
		t.Errorf("asked %q", asked)
	}
	sha = "def"
	other, err := access.TEI(server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Embed(context.Background(), "x"); err == nil || errors.Is(err, network.ErrAway) || !strings.Contains(err.Error(), `version "def", expected "bge" version "abc"`) {
		t.Errorf("a server with another model: %v", err)
	}
}

// Embeddings in the form of OpenAI's.
func TestOpenAI(t *testing.T) {
	answer := `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,2.5]}],"model":"bge","usage":{}}`
	access, server := at(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var question struct {
			Model  string
			Input  []string
			Format string `json:"encoding_format"`
		}
		if json.NewDecoder(r.Body).Decode(&question) != nil || r.URL.Path != "/v1/embeddings" || question.Model != "bge" || len(question.Input) != 1 || question.Format != "float" {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(answer))
	}))
	server.Address += "/v1"
	texts, err := access.OpenAI(server)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := texts.Embed(context.Background(), "stable"); err != nil || !slices.Equal(v, []float32{1, 2.5}) {
		t.Fatalf("%v, %v", v, err)
	}
	for _, answer = range []string{"", "null", "[]", `{"data":[]}`, `{"data":[{"index":1,"embedding":[1]}]}`, `{"data":[{"embedding":[]}]}`, `{"data":[{"embedding":["x"]}]}`, `{"data":[{"embedding":[1e99]}]}`} {
		if v, err := texts.Embed(context.Background(), "secret"); err == nil || errors.Is(err, network.ErrAway) || strings.Contains(err.Error(), "secret") {
			t.Errorf("answer %q: %v, %v", answer, v, err)
		}
	}
}

// What a server answers tells whether the same may be asked again; a body is never quoted.
func TestAnswers(t *testing.T) {
	code := 0
	access, server := at(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code == http.StatusFound {
			w.Header().Set("Location", "https://127.0.0.2/elsewhere")
		}
		w.WriteHeader(code)
		_, _ = io.Copy(w, r.Body)
	}))
	for _, c := range []struct {
		code int
		away bool
	}{{400, false}, {413, false}, {422, false}, {424, false}, {302, true}, {401, true}, {404, true}, {429, true}, {500, true}, {503, true}} {
		code = c.code
		texts, err := access.OpenAI(server)
		if err != nil {
			t.Fatal(err)
		}
		_, err = texts.Embed(context.Background(), "secret")
		if err == nil || errors.Is(err, network.ErrAway) != c.away || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d: %v; away %v", c.code, err, c.away)
		}
	}
}

// Servers that must not be asked are refused before anything is sent.
func TestServersThatAreRefused(t *testing.T) {
	ok := remote.Server{Address: "https://models.ward:8443", Model: "m", Timeout: time.Second}
	for _, c := range []struct {
		name   string
		hosts  []string
		change func(*remote.Server)
		says   string
	}{
		{"nobody allowed any", nil, func(*remote.Server) {}, "not allowed"},
		{"another host", []string{"other.ward"}, func(*remote.Server) {}, "not allowed"},
		{"another port", []string{"models.ward:443"}, func(*remote.Server) {}, "not allowed"},
		{"a longer name", []string{"models.ward"}, func(s *remote.Server) { s.Address = "https://models.ward.evil.example" }, "not allowed"},
		{"a name in front", []string{"models.ward"}, func(s *remote.Server) { s.Address = "https://models.ward@evil.example" }, "without a name"},
		{"no TLS", []string{"models.ward"}, func(s *remote.Server) { s.Address = "http://models.ward" }, "disagree"},
		{"no TLS, said so", []string{"models.ward"}, func(s *remote.Server) { s.Address, s.Plaintext = "http://models.ward", true }, "without TLS"},
		{"a file", []string{""}, func(s *remote.Server) { s.Address = "file:///etc/passwd" }, "want https"},
		{"a question", []string{"models.ward"}, func(s *remote.Server) { s.Address += "?x=1" }, "question"},
		{"no time", []string{"models.ward"}, func(s *remote.Server) { s.Timeout = 0 }, "deadline"},
		{"no certificate", []string{"models.ward"}, func(s *remote.Server) { s.CA = []byte("none") }, "PEM"},
	} {
		s := ok
		c.change(&s)
		if _, err := (&remote.Access{Hosts: c.hosts, Now: time.Now}).KServe(&s); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
	for _, address := range []string{"models.ward", "https://models.ward:1", ":8001", "other:8001"} {
		s := ok
		s.Address = address
		if _, err := (&remote.Access{Hosts: []string{"models.ward"}, Now: time.Now}).KServeGRPC(&s); err == nil {
			t.Errorf("gRPC at %q is taken", address)
		}
	}
}

// Another authority's certificate ends the connection, and no proxy of the environment is asked.
func TestCertificateAndProxy(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	access, server := at(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":[{"embedding":[1]}]}`))
	}))
	texts, err := access.OpenAI(server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := texts.Embed(context.Background(), "x"); err != nil {
		t.Errorf("with its own authority: %v", err)
	}
	server.CA = nil
	texts, err = access.OpenAI(server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := texts.Embed(context.Background(), "x"); !errors.Is(err, network.ErrAway) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with the machine's authorities: %v", err)
	}
}

// A server that fails is left alone, asked once after a pause, which grows, and used again when it
// answers. The clock is the test's.
func TestBreaker(t *testing.T) {
	var asked, ok atomic.Int64
	access, server := at(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if ok.Load() == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"data":[{"embedding":[1]}]}`))
	}))
	start := time.Now()
	now := start
	access.Now = func() time.Time { return now }
	texts, err := access.OpenAI(server)
	if err != nil {
		t.Fatal(err)
	}
	tries := func(n int) int64 {
		before := asked.Load()
		for range n {
			if _, err := texts.Embed(context.Background(), "x"); err != nil && !errors.Is(err, network.ErrAway) {
				t.Fatal(err)
			}
		}
		return asked.Load() - before
	}
	if n := tries(20); n != 5 {
		t.Errorf("a server that fails was asked %d times, want 5", n)
	}
	for _, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		now = now.Add(pause*time.Second - 1)
		if n := tries(3); n != 0 {
			t.Errorf("asked %d times before %d s were over", n, pause)
		}
		now = now.Add(1)
		if n := tries(3); n != 1 {
			t.Errorf("asked %d times after %d s, want once", n, pause)
		}
	}
	ok.Store(1)
	now = now.Add(time.Minute)
	if n := tries(3); n != 3 {
		t.Errorf("a server that is back was asked %d times of 3", n)
	}
}

// A server that never answers costs its deadline and no more.
func TestDeadline(t *testing.T) {
	release := make(chan struct{})
	access, server := at(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer close(release)
	server.Timeout = 20 * time.Millisecond
	texts, err := access.OpenAI(server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := texts.Embed(context.Background(), "x"); !errors.Is(err, network.ErrAway) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("%v", err)
	}
}

// What a server describes and answers is judged before memory is taken.
func TestHostileKServe(t *testing.T) {
	description := `{"inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]}`
	answer := ""
	access, server := at(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte(description))
			return
		}
		_, _ = w.Write([]byte(answer))
	}))
	in := []network.Tensor{{Name: "x", Shape: []int{1, 2}, Floats: []float32{1, 2}}}
	for _, answer = range []string{
		"", "[]", "{}", `{"outputs":[]}`,
		`{"outputs":[{"name":"y","datatype":"FP32","shape":[1000000000000],"data":[1]}]}`,
		`{"outputs":[{"name":"y","datatype":"FP32","shape":[-1],"data":[1]}]}`,
		`{"outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[1]}]}`,
		`{"outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[1,2]}]}`,
		`{"outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":["1"]}]}`,
		`{"outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":{"a":1}}]}`,
		`{"outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[1e99]}]}`,
		`{"outputs":[{"name":"y","datatype":"BYTES","shape":[1],"data":["a"]}]}`,
	} {
		k, err := access.KServe(server)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := k.Run(context.Background(), in, []string{"y"}); err == nil || errors.Is(err, network.ErrAway) {
			t.Errorf("answer %s: %v, %v", answer, out, err)
		}
	}
	answer = `{"outputs":[{"name":"z","datatype":"INT64","shape":[1],"data":[7]},{"name":"y","datatype":"FP32","shape":[2,2],"data":[[1,2],[3,4]]}]}`
	k, err := access.KServe(server)
	if err != nil {
		t.Fatal(err)
	}
	out, err := k.Run(context.Background(), in, []string{"y", "z"})
	if err != nil || !slices.Equal(out[0].Floats, []float32{1, 2, 3, 4}) || !slices.Equal(out[1].Ints, []int64{7}) {
		t.Errorf("nested numbers: %+v, %v", out, err)
	}
	for _, description = range []string{"", "{}", `{"inputs":[{"name":"x","datatype":"FP32","shape":[99999999999]}],"outputs":[]}`} {
		k, err := access.KServe(server)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := k.Signature(context.Background()); err == nil {
			t.Errorf("description %s: %v", description, s)
		}
	}
}
