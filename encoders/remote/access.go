package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/encoders/network"
)

// maxAnswer bounds what a server may answer, in bytes.
const maxAnswer = 64 << 20

// Access says which servers may be asked, and how they are reached. Its fields must not change after
// the first call.
type Access struct {
	// Hosts are the servers that may be asked, by name or by name and port. Empty: none.
	Hosts []string
	// Now is the clock of deadlines and of the pauses after failures.
	Now func() time.Time
	// Dial reaches a server; nil: as the system does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Server is where a network is.
type Server struct {
	Address   string // https://host:port of HTTP, host:port of gRPC
	Model     string
	Version   string // empty: the server's choice
	Timeout   time.Duration
	CA        []byte // authorities in PEM to trust in place of the machine's; nil: those
	Token     string // sent as a bearer token; empty: none
	Plaintext bool   // without TLS, to this machine only
}

// allow says whether a host may be asked, and whether without TLS.
func (a *Access) allow(s *Server, host, port string) error {
	if !slices.ContainsFunc(a.Hosts, func(h string) bool {
		return strings.EqualFold(h, host) || strings.EqualFold(h, net.JoinHostPort(host, port))
	}) {
		return fmt.Errorf("the server %s is not allowed: what is sent to it leaves this process. Allow it by name, if that may be", net.JoinHostPort(host, port))
	}
	if s.Plaintext && !isThisMachine(host) {
		return fmt.Errorf("the server %s would be asked without TLS: only 127.0.0.1, ::1 and localhost may be", host)
	}
	if s.Timeout <= 0 {
		return errors.New("a server is asked with a deadline: want a timeout above 0")
	}
	return nil
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (a *Access) tls(s *Server) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, Time: a.Now}
	if s.CA != nil {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(s.CA) {
			return nil, errors.New("the file of authorities holds no certificate in PEM")
		}
	}
	return c, nil
}

// service is a server that speaks HTTP.
type service struct {
	base    *url.URL
	client  *http.Client
	timeout time.Duration
	token   string
	breaker *breaker
}

func (a *Access) service(s *Server) (*service, error) {
	u, err := url.Parse(s.Address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the server's address: want https://host:port, without a name, a password or a question in it")
	}
	port, usual := u.Port(), map[string]string{"https": "443", "http": "80"}[u.Scheme]
	switch {
	case usual == "":
		return nil, fmt.Errorf("the server's address has the scheme %q: want https", u.Scheme)
	case (u.Scheme == "http") != s.Plaintext:
		return nil, errors.New("the server's address and the setting plaintext disagree: want https, or http and plaintext for this machine")
	case port == "":
		port = usual
	}
	if err := a.allow(s, u.Hostname(), port); err != nil {
		return nil, err
	}
	settings, err := a.tls(s)
	if err != nil {
		return nil, err
	}
	return &service{
		base: u, timeout: s.Timeout, token: s.Token, breaker: &breaker{now: a.Now},
		client: &http.Client{
			Transport: &http.Transport{TLSClientConfig: settings, DialContext: a.Dial, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute},
			// An answer that leads elsewhere is none.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Close ends the connections.
func (s *service) Close() { s.client.CloseIdleConnections() }

// ask sends a question and gives the answer's body. Of a failure it says the number only: a body may
// repeat what was asked.
func (s *service) ask(ctx context.Context, method, path string, body []byte) (answer []byte, err error) {
	err = s.breaker.guard(func() error {
		ctx, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		answer, err = s.exchange(ctx, method, path, body)
		return err
	})
	return answer, err
}

func (s *service) exchange(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.base.JoinPath(path).String(), strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, away(ctx, err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, away(ctx, err)
	case len(b) > maxAnswer:
		return nil, fmt.Errorf("the server answers more than %d bytes", maxAnswer)
	case answer.StatusCode == http.StatusOK:
		return b, nil
	}
	says := strconv.Itoa(answer.StatusCode) + " " + http.StatusText(answer.StatusCode)
	switch answer.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusFailedDependency:
		return nil, fmt.Errorf("the server refuses the item: %s", says)
	}
	return nil, fmt.Errorf("%w: the server answers %s", network.ErrAway, says)
}

// away puts what hinders a question into words, without the address's path.
func away(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: no answer in time (%w)", network.ErrAway, ctx.Err())
	}
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("%w: %w", network.ErrAway, err)
}
