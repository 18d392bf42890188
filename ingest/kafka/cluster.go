package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"

	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
)

// Cluster is a Kafka and the way to it. The zero value of all fields but Brokers is good. It
// is safe for concurrent use; fields must not change after the first call.
type Cluster struct {
	Brokers []string // host:port; one that answers is enough, it names the others
	Prefix  string   // of all topic names, of the group and of the transactional ids
	TLS     *tls.Config
	SASL    sasl.Mechanism
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // nil: a plain dial
	Log     zerolog.Logger

	// ReadUncommitted has readers return the records of transactions at once, also of those that
	// never end or are given up.
	ReadUncommitted bool

	ClientID string // brokers log it, and Evict knows its own members by it; empty: "vigil"

	once      sync.Once
	transport *kafkago.Transport
	client    *kafkago.Client
	dialer    *kafkago.Dialer
	trouble   retry.Trouble
	leaders   leaders
	fetcher   fetcher
	writer    writer
	newest    glance
	versions  versions
	heldBack  sync.Map // by target: those whose readers an open transaction holds back

	life     context.Context // of the requests that serve several callers, which outlives each of them
	end      context.CancelFunc
	mu       sync.Mutex // guards closed, so that no request begins after it
	closed   bool
	requests sync.WaitGroup
}

// AwaySince is when calls began to fail that are tried again; it is zero where none does.
func (c *Cluster) AwaySince() time.Time { return c.trouble.Since() }

// ErrUnreachable means that no broker answers.
var ErrUnreachable = errors.New("no Kafka broker answers")

// init makes the clients, once. Exported methods that may be the first call it.
func (c *Cluster) init() {
	c.once.Do(func() {
		if c.ClientID == "" {
			c.ClientID = "vigil"
		}
		c.transport = &kafkago.Transport{
			Dial: c.Dial, TLS: c.TLS, SASL: c.SASL, ClientID: c.ClientID,
			DialTimeout: 3 * time.Second, MetadataTTL: time.Second, IdleTimeout: 30 * time.Second,
			MetadataTopics: c.names(), // else the client asks for all topics of the brokers, twice a second
		}
		c.client = &kafkago.Client{Addr: kafkago.TCP(c.Brokers...), Timeout: 15 * time.Second, Transport: c.transport}
		c.life, c.end = context.WithCancel(context.Background())
		c.leaders.cluster, c.fetcher.cluster, c.writer.cluster = c, c, c
		c.dialer = &kafkago.Dialer{ClientID: c.ClientID, Timeout: 3 * time.Second, DialFunc: c.Dial, TLS: c.TLS, SASLMechanism: c.SASL}
	})
}

// Close ends what is under way and all connections. The Cluster must not be used any
// more.
func (c *Cluster) Close() {
	c.init()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.requests.Wait()
	c.transport.CloseIdleConnections()
}

// errClosed is the answer to those who still wait for one when the Cluster is closed.
var errClosed = errors.New("the Kafka client is closed")

// begin announces a request that serves several callers, so that Close can end it and wait for
// it. The caller must call done after it. ok is false once the Cluster is closed: no request
// may begin.
func (c *Cluster) begin(patience time.Duration) (ctx context.Context, done func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, false
	}
	c.requests.Add(1)
	ctx, cancel := context.WithTimeout(c.life, patience)
	return ctx, func() {
		cancel()
		c.requests.Done()
	}, true
}

// topic is a topic's name at the brokers.
func (c *Cluster) topic(name string) string { return c.Prefix + name }

// names are those of all topics, with the prefix.
func (c *Cluster) names() []string {
	names := make([]string, len(schemas.Topics))
	for i, topic := range schemas.Topics {
		names[i] = c.topic(topic)
	}
	return names
}

// Reach waits until a broker answers. It returns ErrUnreachable when ctx ends before that, and
// at once an error for what waiting does not mend: no broker is named, a broker refuses the
// user, or its certificate is not trusted. The error says what to look at.
func (c *Cluster) Reach(ctx context.Context) error {
	c.init()
	if len(c.Brokers) == 0 {
		return fmt.Errorf("%w: no broker is named; say --brokers HOST:PORT", ErrUnreachable)
	}
	var last error
	backoff := retry.Backoff{First: 50 * time.Millisecond, Longest: time.Second}
	for {
		for _, address := range c.Brokers {
			conn, err := c.dialer.DialContext(ctx, "tcp", address)
			if err == nil {
				_ = conn.SetDeadline(now().Add(3 * time.Second))
				_, err = conn.Brokers()
				conn.Close()
				if err == nil {
					return nil
				}
			}
			var code kafkago.Error
			if errors.As(err, &code) && !temporary(err) {
				return fmt.Errorf("broker %s refuses: %w; check user, password and TLS", address, err)
			}
			var untrusted *tls.CertificateVerificationError
			if errors.As(err, &untrusted) {
				return fmt.Errorf("broker %s: %w; name the authority of its certificate with --tls-ca, and it by a name in its certificate", address, err)
			}
			last = err
		}
		if backoff.Pause(ctx) != nil {
			return fmt.Errorf("%w at %v: %w; %s", ErrUnreachable, c.Brokers, last, c.perhaps(last))
		}
	}
}

// perhaps guesses what may be behind the error of a broker that was reached for in vain, and
// says it as a question to whoever set the flags.
func (c *Cluster) perhaps(err error) string {
	var record tls.RecordHeaderError
	switch {
	case c.TLS != nil && (errors.As(err, &record) || strings.Contains(err.Error(), "failed to dial: EOF")): // kafka-go says so in these words only
		return "does it speak TLS there? Else leave --tls out"
	case !errors.Is(err, io.EOF):
		return "is it running, is --brokers right?"
	case c.TLS == nil:
		return "it closes the connection; does it want --tls, or --sasl and --user? That of another user's demo lets in nobody else"
	case c.SASL == nil:
		return "it closes the connection; does it want --sasl and --user?"
	}
	return "it closes the connection; is --sasl a way in that it knows?"
}
