package boot

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/vigil-icu/vigil/window/redisstore"
)

// RedisPasswordVariable is the environment variable of the Redis password.
const RedisPasswordVariable = "VIGIL_REDIS_PASSWORD"

// Redis says how to reach a Redis that runs elsewhere.
type Redis struct {
	URL           string // without a password; empty: none runs elsewhere
	PasswordFile  string // empty: the environment's
	PasswordInEnv string
}

// Address is the URL with the password. A password in the URL itself is refused: it came in by
// the command line, which everybody on the machine can read. It is empty where there is no URL.
func (r *Redis) Address() (string, error) {
	if r.URL == "" {
		return "", nil
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return r.URL, nil // the store says what is wrong with it, without showing it
	}
	if _, there := u.User.Password(); there {
		return "", fmt.Errorf("--redis: a password on the command line can be read by everybody on this machine: leave it out of the URL and put it into the environment as %s, or into a file named by --redis-password-file", RedisPasswordVariable)
	}
	password := r.PasswordInEnv
	if r.PasswordFile != "" {
		b, err := os.ReadFile(r.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("--redis-password-file: %w", err)
		}
		if password = strings.TrimRight(string(b), "\r\n"); password == "" {
			return "", fmt.Errorf("--redis-password-file %s is empty", r.PasswordFile)
		}
	}
	if password != "" {
		u.User = url.UserPassword(u.User.Username(), password)
	}
	return u.String(), nil
}

// mended adds to what a Redis answered how a password is given, where it wants another.
func (r *Redis) mended(err error) error {
	for _, answer := range []string{"NOAUTH", "WRONGPASS", "without any password configured"} {
		if strings.Contains(err.Error(), answer) {
			return errors.Join(err, fmt.Errorf("the password of --redis comes from %s or --redis-password-file, the user from the URL (redis://USER@HOST:PORT/0)", RedisPasswordVariable))
		}
	}
	return err
}

// Open connects to the Redis of a site, and says clearly when it is away or refuses. The error
// carries the exit code; the caller closes the store.
func (r *Redis) Open(ctx context.Context, prefix string) (*redisstore.Store, error) {
	address, err := r.Address()
	if err != nil {
		return nil, Usage(err)
	}
	return r.open(ctx, address, prefix)
}

// open connects to an address. What a site keeps lies under its topic prefix.
func (r *Redis) open(ctx context.Context, address, prefix string) (*redisstore.Store, error) {
	s, err := redisstore.Open(address, "vigil:"+prefix)
	if err != nil {
		return nil, Usage(fmt.Errorf("--redis: %w", err))
	}
	if err := s.Ping(ctx); err != nil {
		_ = s.Close()
		return nil, Dependency(fmt.Errorf("%s: %w", Redacted(address), r.mended(err)))
	}
	return s, nil
}
