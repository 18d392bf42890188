package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/vigil-icu/vigil/encoders/network"
)

// Texts asks a server for the vector of a text as it is. It is safe for concurrent use.
type Texts struct {
	*service
	server Server
	ask    func(ctx context.Context, text string) ([]float32, error)

	mu    sync.Mutex
	known bool // the server has the model that was named
}

// Embed gives the vector of a text.
func (t *Texts) Embed(ctx context.Context, text string) ([]float32, error) {
	v, err := t.ask(ctx, text)
	if err == nil && (len(v) == 0 || len(v) > network.MaxElements) {
		err = errors.New("the server answers without a vector")
	}
	return v, err
}

// errOtherForm is that of an answer which is no answer of the protocol.
func errOtherForm(protocol string) error {
	return fmt.Errorf("the server's answer is none of %s", protocol)
}

// TEI asks a server of Text Embeddings Inference. Where the model is named, the server must say that it
// has that one, and that version of it.
func (a *Access) TEI(server *Server) (*Texts, error) {
	s, err := a.service(server)
	if err != nil {
		return nil, err
	}
	t := &Texts{service: s, server: *server}
	t.ask = func(ctx context.Context, text string) ([]float32, error) {
		if err := t.isTheModel(ctx); err != nil {
			return nil, err
		}
		body, err := json.Marshal(map[string]any{"inputs": []string{text}, "normalize": true, "truncate": true, "truncation_direction": "Right"})
		if err != nil {
			return nil, err
		}
		b, err := s.ask(ctx, http.MethodPost, "embed", body)
		if err != nil {
			return nil, err
		}
		var vectors [][]float32
		if json.Unmarshal(b, &vectors) != nil || len(vectors) != 1 {
			return nil, errOtherForm("Text Embeddings Inference")
		}
		return vectors[0], nil
	}
	return t, nil
}

// isTheModel asks the server once what it has.
func (t *Texts) isTheModel(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known || t.server.Model == "" && t.server.Version == "" {
		return nil
	}
	b, err := t.service.ask(ctx, http.MethodGet, "info", nil)
	if err != nil {
		return err
	}
	var info struct {
		Model string `json:"model_id"`
		SHA   string `json:"model_sha"`
	}
	if json.Unmarshal(b, &info) != nil {
		return errOtherForm("Text Embeddings Inference")
	}
	if t.server.Model != "" && info.Model != t.server.Model || t.server.Version != "" && info.SHA != t.server.Version {
		return fmt.Errorf("the server has another model: found %.80q version %.80q, expected %q version %q", info.Model, info.SHA, t.server.Model, t.server.Version)
	}
	t.known = true
	return nil
}

// OpenAI asks a server for embeddings in the form of OpenAI's. The address holds what stands in front
// of /embeddings, as https://host/v1.
func (a *Access) OpenAI(server *Server) (*Texts, error) {
	s, err := a.service(server)
	if err != nil {
		return nil, err
	}
	t := &Texts{service: s, server: *server}
	t.ask = func(ctx context.Context, text string) ([]float32, error) {
		body, err := json.Marshal(map[string]any{"model": server.Model, "input": []string{text}, "encoding_format": "float"})
		if err != nil {
			return nil, err
		}
		b, err := s.ask(ctx, http.MethodPost, "embeddings", body)
		if err != nil {
			return nil, err
		}
		var answer struct {
			Data []struct {
				Index     int       `json:"index"`
				Embedding []float32 `json:"embedding"`
			} `json:"data"`
		}
		if json.Unmarshal(b, &answer) != nil || len(answer.Data) != 1 || answer.Data[0].Index != 0 {
			return nil, errOtherForm("OpenAI's embeddings")
		}
		return answer.Data[0].Embedding, nil
	}
	return t, nil
}
