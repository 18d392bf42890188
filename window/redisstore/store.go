package redisstore

import (
	"context"
	"errors"
	"fmt"
	neturl "net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/vigil-icu/vigil/window"
)

// Store keeps partitions in Redis. It may be used by many goroutines.
type Store struct {
	client redis.UniversalClient
	prefix string
	mine   bool // Close closes the client
}

// Open prepares a connection to a redis:// or rediss:// URL. All keys begin with prefix, which
// may be empty and must not contain braces; several runs share one Redis under several
// prefixes. Nothing is sent yet; Ping tells whether Redis is there.
func Open(url, prefix string) (*Store, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		var parse *neturl.Error // its text repeats the URL, password and all
		if errors.As(err, &parse) {
			err = parse.Err
		}
		return nil, fmt.Errorf("redis URL %q: %w (want redis://host:port/db)", withoutPassword(url), err)
	}
	o.MaxRetries = -1   // a command sent again after a lost reply is not one command
	o.DialerRetries = 1 // the caller says when to try again
	o.ContextTimeoutEnabled = true
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	s, err := New(redis.NewClient(o), prefix)
	if err != nil {
		return nil, err
	}
	s.mine = true
	return s, nil
}

// New uses a client that the caller has made and closes. Its MaxRetries must be -1, because a
// command that the client sends again behind Apply's back is answered twice.
func New(client redis.UniversalClient, prefix string) (*Store, error) {
	if strings.ContainsAny(prefix, "{}") {
		return nil, fmt.Errorf("redis key prefix %q contains braces: they choose the cluster slot, use another", prefix)
	}
	if c, ok := client.(*redis.Client); ok && c.Options().MaxRetries > 0 {
		return nil, fmt.Errorf("redis client retries commands %d times: set MaxRetries to -1", c.Options().MaxRetries)
	}
	return &Store{client: client, prefix: prefix}, nil
}

// withoutPassword is a URL as it can be shown in an error.
func withoutPassword(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		return scheme + "://…" + rest[at:]
	}
	return url
}

// Close closes the client if Open made it.
func (s *Store) Close() error {
	if s.mine {
		return s.client.Close()
	}
	return nil
}

// Ping says whether Redis can be reached and will keep what it is given. A Redis that evicts
// keys when it is full is refused here, since a window would go without a word.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.client.Ping(ctx).Err(); err != nil {
		return failed("ping", err)
	}
	info, err := s.client.Info(ctx, "memory").Result()
	if err != nil {
		return nil // miniredis has no such section, and no eviction
	}
	if policy := infoField(info, "maxmemory_policy"); policy != "" && policy != "noeviction" && infoField(info, "maxmemory") != "0" {
		return fmt.Errorf("redis evicts keys when full (maxmemory-policy %s), and would lose patients' windows: set maxmemory-policy noeviction", policy)
	}
	return nil
}

// infoField finds a field in the text of the command INFO.
func infoField(info, name string) string {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
			return v
		}
	}
	return ""
}

// keys are the keys of a partition. They share one hash tag and so lie in one cluster slot,
// as the keys of a script must.
type keys struct{ meta, out, chunks string }

func (s *Store) keys(partition int) keys {
	tag := s.prefix + "{k" + strconv.Itoa(partition) + "}:"
	return keys{tag + "m", tag + "out", tag + "w:"}
}

func (k keys) chunk(patient string, hour int64) string {
	return k.chunks + patient + ":" + strconv.FormatInt(hour, 10)
}

// Claim makes owner the owner of the partition, whoever had it, and returns the applied
// offset, or -1 if nothing was applied. Who may claim is for the consumer group to decide;
// the store only makes sure that the one before is refused from then on. A partition in
// another layout than this program's, or the one before, is an error.
func (s *Store) Claim(ctx context.Context, partition int, owner string) (applied int64, err error) {
	if partition < 0 || owner == "" {
		return 0, fmt.Errorf("redis: claim of partition %d by %q: want a partition of 0 or above and an owner", partition, owner)
	}
	found, applied, err := s.run(ctx, "claim", claimScript, []string{s.keys(partition).meta}, owner, layout, layoutBefore)
	if err == nil && found != layout {
		err = fmt.Errorf("redis: partition %d is stored in layout %s, this program knows %s: use the newer program, or another key prefix and rebuild", partition, found, layout)
	}
	return applied, err
}

// Follows names the log that a partition follows, where none is named yet, and returns the
// name that stands then. It stays until the partition's keys are deleted.
func (s *Store) Follows(ctx context.Context, partition int, log string) (named string, err error) {
	if partition < 0 || log == "" {
		return "", fmt.Errorf("redis: partition %d follows %q: want a partition of 0 or above and a name", partition, log)
	}
	named, _, err = s.run(ctx, "follows", followsScript, []string{s.keys(partition).meta}, log)
	return named, err
}

// Published drops the outbox up to and including a position, for the owner who has
// published it.
func (s *Store) Published(ctx context.Context, partition int, owner string, upTo window.Position) error {
	k := s.keys(partition)
	bound, digits := before(upTo.After())
	return s.fenced(ctx, "published", partition, publishedScript, []string{k.meta, k.out}, owner, bound, digits)
}

// Reset empties a partition that owner has claimed, so that it can be rebuilt from the log.
// Nothing is applied after it, and the owner stays.
func (s *Store) Reset(ctx context.Context, partition int, owner string) error {
	k := s.keys(partition)
	return s.fenced(ctx, "reset", partition, resetScript, []string{k.meta, k.out}, owner, k.chunks, layout)
}

// fenced runs a script that does something for the owner alone.
func (s *Store) fenced(ctx context.Context, what string, partition int, script *redis.Script, keys []string, args ...any) error {
	word, _, err := s.run(ctx, what, script, keys, args...)
	if err == nil && word != window.OK.String() {
		err = fmt.Errorf("redis: %s of partition %d: %w: claim it again", what, partition, window.ErrNotOwner)
	}
	return err
}

// run runs a script, which answers a word and the applied offset.
func (s *Store) run(ctx context.Context, what string, script *redis.Script, keys []string, args ...any) (word string, applied int64, err error) {
	reply, err := script.Run(ctx, s.client, keys, args...).StringSlice()
	if err != nil {
		return "", 0, failed(what, err)
	}
	if len(reply) != 2 {
		return "", 0, fmt.Errorf("redis: %s: %d values in the answer, want 2", what, len(reply))
	}
	if applied, err = strconv.ParseInt(reply[1], 10, 64); err != nil {
		return "", 0, fmt.Errorf("redis: %s: applied offset %q is no number: %w", what, reply[1], window.ErrTorn)
	}
	return reply[0], applied, nil
}

// away are the beginnings of replies by which a server that is there says that it cannot
// serve now, behind the ERR that some have.
var away = []string{
	"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "OOM", "MISCONF", "NOREPLICAS", "BUSY", "max number of clients",
	"Script attempted to access a non local key", // half of a slot of a cluster has moved: script.go
}

// failed makes the error of a call: what was tried and why it failed. What the network did, or
// a server out of service, is window.ErrUnavailable, after which the same call may be made
// again. What the caller or a mistake in the program did is not.
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

// The client library would write a line of its own for every failed call. Each of them comes
// back as an error, and the worker that waits for the store says so once.
func init() { logging.Disable() }

// Info is what Redis says of itself: the fields of INFO by their names ("maxmemory", "redis_version", "role"), and its
// time of day. A store that is not Redis may lack fields.
func (s *Store) Info(ctx context.Context) (fields map[string]string, now time.Time, err error) {
	info, err := s.client.Info(ctx).Result()
	if err != nil {
		return nil, now, failed("info", err)
	}
	if now, err = s.client.Time(ctx).Result(); err != nil {
		return nil, now, failed("time", err)
	}
	fields = map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	return fields, now, nil
}
