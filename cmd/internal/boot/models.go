package boot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/window"
)

// modelStore keeps the files of models that logs may ask for.
type modelStore interface {
	Model(ctx context.Context, hash string) ([]byte, error)
}

// models are those that `vigil model use` has put into the store, and the files that were named
// as known. Both stages ask it: intake before it lets a log ask for a model, the monitor when
// it meets that in the log.
type models struct {
	store  modelStore
	policy *alerts.Policy // whose tasks a model must have

	own Encoders // of the site, whose vectors a model may read

	mu   sync.Mutex
	read []*fusion.Model
}

// Model implements worker.Models.
func (m *models) Model(ctx context.Context, hash string) (*fusion.Model, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(hash) < 16 {
		return nil, nil
	}
	for _, one := range m.read {
		if strings.HasPrefix(one.Hash(), hash) {
			return one, nil
		}
	}
	file, err := m.store.Model(ctx, hash)
	if file == nil || err != nil {
		return nil, err
	}
	one, err := fusion.Read(file)
	if err != nil {
		return nil, fmt.Errorf("the store's model %s: it cannot serve patients: %w", hash, err)
	}
	m.read = append(m.read, one)
	return one, nil
}

// Find implements intake.Models.
func (m *models) Find(ctx context.Context, hash string) (string, error) {
	one, err := m.Model(ctx, hash)
	switch {
	case errors.Is(err, window.ErrUnavailable) || ctx.Err() != nil:
		return "", err
	case err != nil:
		return "", fmt.Errorf("%w: %w", intake.ErrNoModel, err)
	case one == nil:
		return "", fmt.Errorf("%w: %.16s is neither in the store nor among the files of --known: `vigil model use FILE` puts it there", intake.ErrNoModel, hash)
	}
	if err := FitsPolicy(one, m.policy); err != nil {
		return "", fmt.Errorf("%w: %w", intake.ErrNoModel, err)
	}
	if err := FitsEncoders(one, m.own); err != nil {
		return "", fmt.Errorf("%w: %w", intake.ErrNoModel, err)
	}
	return one.Hash(), nil
}

// ReadModel reads a model that is to serve, a file or one in the binary by its name, and gives its
// bytes too.
func ReadModel(file string) (*fusion.Model, []byte, error) {
	b, err := os.ReadFile(file)
	if named := fusion.NamedFile(file); named != nil && errors.Is(err, fs.ErrNotExist) {
		return fusion.Named(file), named, nil
	}
	if err != nil {
		return nil, nil, Usage(fmt.Errorf("model file: %w", err))
	}
	m, err := fusion.Read(b)
	if err != nil {
		return nil, nil, Usage(fmt.Errorf("model file %s: it cannot serve patients: %w; `vigil model verify` checks it", file, err))
	}
	if err := FitsEncoders(m); err != nil {
		return nil, nil, Usage(fmt.Errorf("model file %s: %w", file, err))
	}
	return m, b, nil
}
