package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/vigil-icu/vigil/window"
)

// shortHash is how much of a model's hash its key has: as much as each batch of the log repeats.
const shortHash = 16

func (s *Store) modelKey(hash string) string {
	return s.prefix + "model:" + hash[:min(len(hash), shortHash)]
}

// PutModel keeps the file of a model where all workers find it, and returns its SHA-256 in hex.
// It stays until somebody deletes it: a log may ask for it as long as there is one.
func (s *Store) PutModel(ctx context.Context, file []byte) (hash string, err error) {
	sum := sha256.Sum256(file)
	hash = hex.EncodeToString(sum[:])
	if err := s.client.Set(ctx, s.modelKey(hash), file, 0).Err(); err != nil {
		return "", failed("put model", err)
	}
	return hash, nil
}

// Model returns the file of a model by its hash, or 16 digits and more of it; nil where there is
// none. One that is not what was put there is window.ErrTorn.
func (s *Store) Model(ctx context.Context, hash string) ([]byte, error) {
	if len(hash) < shortHash {
		return nil, nil
	}
	file, err := s.client.Get(ctx, s.modelKey(hash)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, failed("get model", err)
	}
	sum := sha256.Sum256(file)
	if found := hex.EncodeToString(sum[:]); found[:min(len(hash), len(found))] != hash {
		return nil, fmt.Errorf("redis: the model %s: its bytes have the hash %s: %w: put it there again (vigil model use FILE)", hash, found, window.ErrTorn)
	}
	return file, nil
}
