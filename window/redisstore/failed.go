package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/vigil-icu/vigil/window"
)

// away are the beginnings of replies by which a server says that it cannot
// serve now, though it is there.
var away = []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "OOM", "MISCONF", "NOREPLICAS", "BUSY", "ERR max number of clients"}

// failed says what was tried and why it failed. What the network or a server
// out of service did is window.ErrUnavailable: the same call may be made again.
func failed(what string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, redis.ErrClosed) {
		return fmt.Errorf("redis: %s: %w", what, err)
	}
	if reply := redis.Error(nil); errors.As(err, &reply) {
		for _, prefix := range away {
			if redis.HasErrorPrefix(err, prefix) {
				return fmt.Errorf("redis: %s: %w: %w", what, window.ErrUnavailable, err)
			}
		}
		return fmt.Errorf("redis: %s: %w", what, err)
	}
	return fmt.Errorf("redis: %s: %w: %w (is Redis running, and is the URL right?)", what, window.ErrUnavailable, err)
}
