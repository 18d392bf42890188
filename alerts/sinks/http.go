package sinks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Environment is what a sink takes from the machine it runs on.
type Environment struct {
	Now  func() time.Time                                                     // never nil
	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: a plain dial
}

func (e *Environment) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if e.Dial != nil {
		return e.Dial(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// poster posts to one HTTP receiver.
type poster struct {
	client *http.Client
	token  string
}

func newPoster(a Access, e Environment) (*poster, error) {
	p := &poster{}
	if a.TokenFile != "" {
		b, err := os.ReadFile(a.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("token_file: %w", err)
		}
		if p.token = strings.TrimSpace(string(b)); p.token == "" {
			return nil, fmt.Errorf("token_file: %s is empty", a.TokenFile)
		}
	}
	secure, err := encryption(a.CA, a.Cert, a.Key)
	if err != nil {
		return nil, err
	}
	// As many connections as partitions would be hard on a small receiver, and alerts are few.
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: e.dial, TLSClientConfig: secure, ForceAttemptHTTP2: true,
		MaxConnsPerHost: 4, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
	}
	// A redirect would take token and alert to another host than the file names.
	p.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return p, nil
}

// encryption reads what a TLS connection needs from PEM files; empty names are for the system's authorities and no
// certificate of the client's.
func encryption(ca, cert, key string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: %s holds no certificate: want PEM", ca)
		}
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("cert, key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// maxAnswer is how much of an answer is read.
const maxAnswer = 1 << 20

// send does one request and returns the answer's body where it is a success. A Refusal is for what is wrong with the
// body that was sent; what is wrong with the way there, a token or an address too, can be mended while the alert waits.
func (p *poster) send(ctx context.Context, method, address string, body []byte, headers map[string]string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "vigil")
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	for name, value := range headers {
		request.Header[name] = []string{value} // as it is written: some receivers tell CE-ID from ce-id
	}
	response, err := p.client.Do(request)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err // without the address, in which some webhooks have their secret
		}
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	switch code := response.StatusCode; code {
	case http.StatusBadRequest, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return nil, refuse(answer, "HTTP %d", code)
	default:
		if code < 200 || code > 299 {
			return nil, fmt.Errorf("the receiver answers HTTP %d", code)
		}
	}
	return answer, nil
}

// Close ends the connections that wait for a next request.
func (p *poster) Close() error {
	p.client.CloseIdleConnections()
	return nil
}
