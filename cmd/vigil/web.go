package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/audit"
	"github.com/vigil-icu/vigil/alerts/bedside/api"
	"github.com/vigil-icu/vigil/alerts/bedside/web"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// tokenVariable is the environment variable of a single token, ROLE:TOKEN.
const tokenVariable = "VIGIL_WEB_TOKEN"

// demoWeb is where a demo's page is, if nothing else is there.
const demoWeb = "127.0.0.1:8710"

// webOptions say where the page is and who may see it.
type webOptions struct {
	address   string // empty: no page
	any       bool   // any port will do where that of the address is taken
	tokens    string // file; empty: the environment's, or none
	cert, key string
	audit     string // file of the audit log
}

// flags adds the settings of the page to a command.
func (o *webOptions) flags(cmd *cobra.Command, address, usage, auditFile string) {
	f := cmd.Flags()
	f.StringVar(&o.address, "web", address, usage)
	f.StringVar(&o.tokens, "web-tokens", "", "file of who may see the page, with roles; "+tokenVariable+"=ROLE:TOKEN is one in the environment. Without: this machine only")
	f.StringVar(&o.cert, "web-cert", "", "PEM file of the page's certificate; wanted wherever the address is not this machine's own")
	f.StringVar(&o.key, "web-key", "", "PEM file of its key")
	f.StringVar(&o.audit, "web-audit", "", "file of the audit log, who looked at whom and answered what; "+auditFile)
}

// page is a web page that listens.
type page struct {
	options  webOptions
	listener net.Listener
	tokens   []api.Token
	tls      *tls.Config
}

// open reads the files and listens. It returns nil where no page is wanted; who gets a page closes it or serves it.
func (o *webOptions) open() (*page, error) {
	if o.address == "" {
		return nil, nil
	}
	p := &page{options: *o}
	if err := p.load(); err != nil {
		return nil, boot.Usage(err)
	}
	var err error
	p.listener, err = net.Listen("tcp", o.address)
	if err != nil && o.any {
		host, _, _ := net.SplitHostPort(o.address)
		p.listener, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, boot.Usage(fmt.Errorf("--web %s: %w; name another address, as 127.0.0.1:8080", o.address, err))
	}
	return p, nil
}

// load reads tokens and certificate, and refuses an address of others without both.
func (p *page) load() (err error) {
	o := &p.options
	host, _, err := net.SplitHostPort(o.address)
	if err != nil {
		return fmt.Errorf("--web %s: want host:port, for example 127.0.0.1:8080", o.address)
	}
	if o.tokens != "" {
		text, err := os.ReadFile(o.tokens)
		if err == nil {
			p.tokens, err = api.ParseTokens(text)
		}
		if err != nil {
			return fmt.Errorf("--web-tokens %s: %w", o.tokens, err)
		}
	}
	if text := os.Getenv(tokenVariable); text != "" {
		token, err := api.OneToken(text)
		if err != nil {
			return fmt.Errorf("%s: %w", tokenVariable, err)
		}
		p.tokens = append(p.tokens, token)
	}
	if (o.cert == "") != (o.key == "") {
		return errors.New("--web-cert and --web-key go together: name both PEM files")
	}
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return fmt.Errorf("--web-cert %s, --web-key %s: %w", o.cert, o.key, err)
		}
		p.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	ip := net.ParseIP(host)
	here := host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case !here && len(p.tokens) == 0:
		return fmt.Errorf("--web %s is open to other machines, and nobody would need a token: name a file of them (--web-tokens), or listen on 127.0.0.1", o.address)
	case !here && p.tls == nil:
		return fmt.Errorf("--web %s is open to other machines, and tokens and patients would go over the wire as they are: name --web-cert and --web-key, or listen on 127.0.0.1 behind a proxy that encrypts", o.address)
	}
	return nil
}

// line says where the page is.
func (p *page) line() string {
	scheme := "http"
	if p.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + p.listener.Addr().String()
}

// close gives the address back where the page was not served.
func (p *page) close() {
	if p != nil {
		_ = p.listener.Close()
	}
}

// watchedUnit is what a page shows.
type watchedUnit struct {
	title  string
	replay bool
	shows  func(patient string) bool
	now    func(patient string) (schemas.Time, bool)
	speed  float64
}

// livingUnit is what a page of `vigil serve` shows. Where recorded patients are taken too, nobody's time is that of
// this machine.
func livingUnit(liveOnly bool) watchedUnit {
	if !liveOnly {
		return watchedUnit{title: "live and recorded", replay: true, now: func(string) (schemas.Time, bool) { return 0, false }}
	}
	return watchedUnit{title: "live", speed: 1, now: func(string) (schemas.Time, bool) { return schemas.FromStd(time.Now()), true }}
}

// serve serves the page until stop is called.
func (p *page) serve(ctx context.Context, house *boot.House, unit watchedUnit, journal zerolog.Logger) (stop func(), err error) {
	clock := func() schemas.Time { return schemas.FromStd(time.Now()) }
	file := p.options.audit
	if file == "" && house.StateFolder() != "" {
		file = filepath.Join(house.StateFolder(), "audit.jsonl")
	}
	records, err := audit.Open(cmp.Or(file, "vigil-audit.jsonl"), clock())
	if err != nil {
		return nil, boot.Usage(fmt.Errorf("--web-audit: %w", err))
	}
	service := api.New(api.Config{
		Topics: house.Cluster, Partitions: house.Partitions, Title: unit.title, Version: programVersion(), Replay: unit.replay,
		Shows: unit.shows, Now: unit.now, Speed: func() float64 { return unit.speed }, Clock: clock, Nonce: rand.Text(),
		Answer: func(ctx context.Context, alert *schemas.Alert, c api.Command) error {
			return answerFrom(ctx, house.Cluster, alert, c)
		},
		Audit: records.Append, Eyes: house, Status: house.Status, Model: modelFacts(house.Model), Tokens: p.tokens, User: localUser(),
		Page: web.Handler(), Log: journal,
	})
	ctx, cancel := context.WithCancel(ctx)
	server := &http.Server{
		Handler: service.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0), TLSConfig: p.tls,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	listener := p.listener
	if p.tls != nil {
		listener = tls.NewListener(listener, p.tls)
	}
	var done sync.WaitGroup
	done.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			journal.Error().Err(err).Msg("the page has ended")
		}
	})
	done.Go(func() {
		if err := service.Run(ctx); err != nil {
			journal.Error().Err(err).Msg("the page hears nothing any more: start this process anew")
		}
	})
	return func() {
		cancel()
		_ = server.Close()
		done.Wait()
		_ = records.Close()
	}, nil
}

// answerFrom brings an answer of the page where `vigil alerts ack` brings it. What went wrong it says without naming
// the patient.
func answerFrom(ctx context.Context, c *kafka.Cluster, alert *schemas.Alert, command api.Command) error {
	a := &answer{verb: command.Verb, reason: command.Reason, actor: command.Actor, lasts: command.Lasts, wait: answerWait}
	err := a.check()
	if err == nil {
		_, err = a.tell(ctx, c, alert)
	}
	var exit *boot.Exit
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.Code == boot.ExitUsage:
		return &api.Refused{Status: http.StatusBadRequest, Text: "the answer cannot be sent as it is: say less, or something else"}
	case exit != nil && exit.Code == boot.ExitProblems:
		return &api.Refused{Status: http.StatusConflict, Text: fmt.Sprintf("the answer was sent, and within %s the alert did not tell it: is a worker running, is the alert still open?", answerWait)}
	}
	return &api.Refused{Status: http.StatusServiceUnavailable, Text: "the broker does not answer; try again"}
}

// localUser is who sits at this machine.
func localUser() string {
	who, err := user.Current()
	if err != nil || who.Username == "" {
		return "local"
	}
	return who.Username
}

// programVersion is the version for people.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return versionOf(info)
	}
	return "devel"
}

// modelFacts is what is to be known of the model: its card, and the numbers of its file. nil where it is off.
func modelFacts(m *fusion.Model) json.RawMessage {
	if m == nil {
		return nil
	}
	var record *train.Record
	if raw := m.Record(); raw != nil {
		record = new(train.Record)
		if json.Unmarshal(raw, record) != nil {
			record = nil
		}
	}
	card := m.Card()
	card.Record = nil
	facts, err := json.Marshal(struct {
		Card *appliedCard `json:"card"`
		File fusion.Card  `json:"file"`
	}{cardOf(m, record), card})
	if err != nil {
		return nil // of our own types, which encode
	}
	return facts
}
