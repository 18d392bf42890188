package sinks

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas/yamlfile"
)

// Config is a site's file of sinks.
type Config struct {
	Sinks []Settings
}

// Settings are those of one sink: its name, how patient it is, and one of the kinds.
type Settings struct {
	Name  string
	Begin string // where a sink that has no position yet begins: BeginNow or BeginBeginning
	// DeadLetterAfter is how long a receiver that is away may keep an alert waiting before it becomes a dead letter
	// and the next one is tried; 0: for ever. RefusedAfter is the same of a receiver that has read it and refuses.
	DeadLetterAfter time.Duration
	RefusedAfter    time.Duration
	Timeout         time.Duration // of one attempt
	Only            Only

	FHIR         *FHIRSettings
	HL7          *HL7Settings
	Webhook      *WebhookSettings
	Alertmanager *AlertmanagerSettings
	MEDS         *MEDSSettings
	File         *FileSettings
}

// Where a sink without a position begins.
const (
	BeginNow       = "now"
	BeginBeginning = "beginning"
)

// Only says which alerts a sink is for, by what stays the same through an alert's life. Empty lists are for all.
type Only struct {
	Kinds   []string `yaml:"kinds"`   // risk, score, technical
	Tasks   []string `yaml:"tasks"`   // mortality, news2, no_data
	Domains []string `yaml:"domains"` // of patient ids, site of site:42: keeps recorded patients from a pager
}

// Wants says whether a notice is for the sink.
func (o *Only) Wants(n *Notice) bool {
	in := func(list []string, word string) bool { return len(list) == 0 || slices.Contains(list, word) }
	return n.Test || in(o.Kinds, n.Kind) && in(o.Tasks, n.Task) && in(o.Domains, n.domain())
}

// Kinds are the kinds of a sink, as they stand in a file.
var Kinds = []string{"alertmanager", "fhir", "file", "hl7", "meds", "webhook"}

// Kind is which of the kinds a sink is.
func (s *Settings) Kind() string {
	for i, there := range []bool{s.Alertmanager != nil, s.FHIR != nil, s.File != nil, s.HL7 != nil, s.MEDS != nil, s.Webhook != nil} {
		if there {
			return Kinds[i]
		}
	}
	return ""
}

// Receiver is where the sink sends to, for people: an address or a folder. Of a webhook it is the host alone, since
// some have their secret in the path.
func (s *Settings) Receiver() string {
	switch {
	case s.FHIR != nil:
		return s.FHIR.URL
	case s.HL7 != nil:
		return s.HL7.Address
	case s.Webhook != nil:
		u, _ := url.Parse(s.Webhook.URL) // it was checked
		return u.Scheme + "://" + u.Host
	case s.Alertmanager != nil:
		return s.Alertmanager.URL
	case s.MEDS != nil:
		return s.MEDS.Folder
	}
	return s.File.Path
}

// Access is how an HTTP receiver lets the sink in. Secrets stand in files of their own.
type Access struct {
	TokenFile string `yaml:"token_file"` // of a bearer token
	CA        string `yaml:"ca"`         // PEM file of the authority that the receiver's certificate is checked against; empty: the system's
	Cert      string `yaml:"cert"`       // PEM files of this client
	Key       string `yaml:"key"`
}

// FHIRSettings are those of a FHIR server.
type FHIRSettings struct {
	URL    string `yaml:"url"` // the base, to which the bundle is posted
	Access `yaml:",inline"`
	// Systems gives the domains of patient ids the systems of the receiver's identifiers.
	Systems map[string]string `yaml:"systems"`
	// DeviceAlert sends the draft resource of the R6 ballot instead, which R4 servers do not know.
	DeviceAlert bool `yaml:"device_alert"`
}

// HL7Settings are those of a receiver of HL7 v2 by MLLP.
type HL7Settings struct {
	Address   string            `yaml:"address"`  // host:port
	Messages  []string          `yaml:"messages"` // oru_r01, oru_r40, or both
	TLS       bool              `yaml:"tls"`
	CA        string            `yaml:"ca"`
	Cert      string            `yaml:"cert"`
	Key       string            `yaml:"key"`
	Sender    string            `yaml:"sender"`   // MSH-3 and MSH-4, application^facility with the components of each after &
	Receiver  string            `yaml:"receiver"` // MSH-5 and MSH-6
	Authority map[string]string `yaml:"authority"`
	Codes     map[string]string `yaml:"codes"`    // OBX-3 of a task, code^text^system
	Priority  string            `yaml:"priority"` // of ORU^R40: none (PN, an advisory), severity (PH, PM, PL)
	Profile   string            `yaml:"profile"`  // MSH-21 of ORU^R40
	Answer    string            `yaml:"answer"`   // what ORU^R40 waits for: application (ORA^R41) or accept
}

// WebhookSettings are those of a program that takes POST.
type WebhookSettings struct {
	URL    string `yaml:"url"`
	Access `yaml:",inline"`
	Format string `yaml:"format"` // cloudevents or alertmanager
	// SecretFile holds the key of the signature, whsec_ and base64, as Standard Webhooks have it.
	SecretFile string `yaml:"secret_file"`
	Source     string `yaml:"source"` // of the CloudEvents
}

// AlertmanagerSettings are those of a Prometheus Alertmanager.
type AlertmanagerSettings struct {
	URL    string `yaml:"url"`
	Access `yaml:",inline"`
	Labels map[string]string `yaml:"labels"`
	Repeat yamlfile.Text     `yaml:"repeat"`
	Expire yamlfile.Text     `yaml:"expire"`

	RepeatEvery time.Duration `yaml:"-"` // how often an open alert is told again
	ExpireAfter time.Duration `yaml:"-"` // when Alertmanager takes an alert for resolved that is not told again
}

// MEDSSettings are those of a folder of predictions.
type MEDSSettings struct {
	Folder string `yaml:"folder"`
	Task   string `yaml:"task"`
}

// FileSettings are those of a file of JSON lines.
type FileSettings struct {
	Path string `yaml:"path"`
}

type configFile struct {
	Version int        `yaml:"version"`
	Sinks   []sinkFile `yaml:"sinks"`
}

type sinkFile struct {
	Name            yamlfile.Text         `yaml:"name"`
	Begin           yamlfile.Text         `yaml:"begin"`
	DeadLetterAfter yamlfile.Text         `yaml:"dead_letter_after"`
	RefusedAfter    yamlfile.Text         `yaml:"refused_after"`
	Timeout         yamlfile.Text         `yaml:"timeout"`
	Only            Only                  `yaml:"only"`
	FHIR            *FHIRSettings         `yaml:"fhir"`
	HL7             *HL7Settings          `yaml:"hl7"`
	Webhook         *WebhookSettings      `yaml:"webhook"`
	Alertmanager    *AlertmanagerSettings `yaml:"alertmanager"`
	MEDS            *MEDSSettings         `yaml:"meds"`
	File            *FileSettings         `yaml:"file"`
}

// nameForm is what a name may be: it becomes part of the name of a consumer group.
var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,40}$`)

// MaxSinks is how many sinks one file may have.
const MaxSinks = 32

// Parse reads a file of sinks. It opens nothing: whether files and receivers are there shows when a sink is opened.
func Parse(file []byte) (*Config, error) {
	var f configFile
	if err := yamlfile.Decode(file, &f); err != nil {
		return nil, err
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("version %d: this program reads version 1; write `version: 1` at the top", f.Version)
	}
	if len(f.Sinks) == 0 || len(f.Sinks) > MaxSinks {
		return nil, fmt.Errorf("sinks: %d of them: want 1 to %d", len(f.Sinks), MaxSinks)
	}
	c := &Config{}
	names := map[string]bool{}
	for i := range f.Sinks {
		s, err := f.Sinks[i].settings()
		if err != nil {
			return nil, fmt.Errorf("sinks[%d] (%q, line %d): %w", i, f.Sinks[i].Name.Word, f.Sinks[i].Name.Line, err)
		}
		if names[s.Name] {
			return nil, fmt.Errorf("line %d: there is a sink %q before: each wants a name of its own, since its position in the alerts goes by it", f.Sinks[i].Name.Line, s.Name)
		}
		names[s.Name] = true
		c.Sinks = append(c.Sinks, *s)
	}
	return c, nil
}

// Find returns the sink of a name.
func (c *Config) Find(name string) (*Settings, error) {
	var names []string
	for i := range c.Sinks {
		if c.Sinks[i].Name == name {
			return &c.Sinks[i], nil
		}
		names = append(names, c.Sinks[i].Name)
	}
	return nil, fmt.Errorf("there is no sink %q; the file has %s", name, strings.Join(names, ", "))
}

func (f *sinkFile) settings() (*Settings, error) {
	s := &Settings{Name: f.Name.Word, Begin: cmp.Or(f.Begin.Word, BeginNow), Only: f.Only,
		FHIR: f.FHIR, HL7: f.HL7, Webhook: f.Webhook, Alertmanager: f.Alertmanager, MEDS: f.MEDS, File: f.File}
	if !nameForm.MatchString(s.Name) {
		return nil, errors.New("name: want small letters, digits and hyphens, for example ward-fhir")
	}
	if s.Begin != BeginNow && s.Begin != BeginBeginning {
		return nil, fmt.Errorf("begin: found %q, want %s or %s", s.Begin, BeginNow, BeginBeginning)
	}
	for _, d := range []struct {
		key  string
		text yamlfile.Text
		into *time.Duration
		to   time.Duration
	}{{"dead_letter_after", f.DeadLetterAfter, &s.DeadLetterAfter, 24 * time.Hour}, {"refused_after", f.RefusedAfter, &s.RefusedAfter, time.Minute}, {"timeout", f.Timeout, &s.Timeout, 10 * time.Second}} {
		if err := duration(d.key, d.text, d.into, d.to); err != nil {
			return nil, err
		}
	}
	if s.Timeout <= 0 || s.Timeout > 5*time.Minute {
		return nil, fmt.Errorf("timeout: found %s, want more than 0s and 5m at most", s.Timeout)
	}
	for _, kind := range s.Only.Kinds {
		if !slices.Contains([]string{alerts.KindRisk, alerts.KindScore, alerts.KindTechnical}, kind) {
			return nil, fmt.Errorf("only.kinds: found %q, want risk, score, technical", kind)
		}
	}
	kinds := 0
	for _, there := range []bool{s.FHIR != nil, s.HL7 != nil, s.Webhook != nil, s.Alertmanager != nil, s.MEDS != nil, s.File != nil} {
		if there {
			kinds++
		}
	}
	if kinds != 1 {
		return nil, fmt.Errorf("%d kinds: want one of %s", kinds, strings.Join(Kinds, ", "))
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Kind(), err)
	}
	return s, nil
}

// duration reads a time such as 24h; 0s is for ever where a key says so.
func duration(key string, text yamlfile.Text, into *time.Duration, without time.Duration) (err error) {
	if *into = without; text.Word == "" {
		return nil
	}
	if *into, err = time.ParseDuration(text.Word); err != nil || *into < 0 {
		return fmt.Errorf("line %d: %s: found %q, want a time such as 30s, 10m, 24h", text.Line, key, text.Word)
	}
	return nil
}

// check looks at the settings of the kind, and fills in those that are left out.
func (s *Settings) check() error {
	switch {
	case s.FHIR != nil:
		for domain, system := range s.FHIR.Systems {
			if u, err := url.Parse(system); err != nil || !u.IsAbs() {
				return fmt.Errorf("systems.%s: found %q, want a URI, for example urn:oid:2.999.1 or https://hospital.example/mrn", domain, system)
			}
		}
		return s.FHIR.check(s.FHIR.URL)
	case s.HL7 != nil:
		return s.HL7.check()
	case s.Webhook != nil:
		w := s.Webhook
		if w.Format = cmp.Or(w.Format, formatCloudEvents); w.Format != formatCloudEvents && w.Format != formatAlertmanager {
			return fmt.Errorf("format: found %q, want %s or %s", w.Format, formatCloudEvents, formatAlertmanager)
		}
		if w.Source = cmp.Or(w.Source, "urn:vigil:alerts"); strings.ContainsAny(w.Source, " \t\n") {
			return fmt.Errorf("source: found %q, want a URI", w.Source)
		}
		return w.Access.check(w.URL)
	case s.Alertmanager != nil:
		return s.Alertmanager.check()
	case s.MEDS != nil:
		if s.MEDS.Folder == "" {
			return errors.New("folder: name one in which the predictions are to stand")
		}
		s.MEDS.Task = cmp.Or(s.MEDS.Task, "mortality")
	case s.File.Path == "":
		return errors.New("path: name a file")
	}
	return nil
}

// labelForm is what Prometheus takes as the name of a label.
var labelForm = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (a *AlertmanagerSettings) check() error {
	if err := duration("repeat", a.Repeat, &a.RepeatEvery, time.Minute); err != nil {
		return err
	}
	if err := duration("expire", a.Expire, &a.ExpireAfter, time.Hour); err != nil {
		return err
	}
	if a.RepeatEvery < time.Second || a.ExpireAfter < 3*a.RepeatEvery {
		return fmt.Errorf("repeat %s, expire %s: want 1s or more, and to expire after three repeats at least: one may be lost", a.RepeatEvery, a.ExpireAfter)
	}
	for name := range a.Labels {
		if !labelForm.MatchString(name) || slices.Contains(ownLabels, name) {
			return fmt.Errorf("labels: found %q, want a name of letters, digits and _ that is none of %s", name, strings.Join(ownLabels, ", "))
		}
	}
	return a.Access.check(a.URL)
}

func (h *HL7Settings) check() error {
	if _, _, err := net.SplitHostPort(h.Address); err != nil {
		return fmt.Errorf("address: found %q, want host:port", h.Address)
	}
	if len(h.Messages) == 0 {
		return fmt.Errorf("messages: want a list of %s", strings.Join(hl7Messages, ", "))
	}
	for i, m := range h.Messages {
		if !slices.Contains(hl7Messages, m) || slices.Contains(h.Messages[:i], m) {
			return fmt.Errorf("messages: found %q, want a list of %s, each once", m, strings.Join(hl7Messages, ", "))
		}
	}
	h.Sender = cmp.Or(h.Sender, "VIGIL^VIGIL")
	h.Receiver = cmp.Or(h.Receiver, "EHR^HOSPITAL")
	h.Profile = cmp.Or(h.Profile, "IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.4.4^ISO")
	for key, text := range map[string]string{"sender": h.Sender, "receiver": h.Receiver, "profile": h.Profile} {
		if strings.ContainsAny(text, "|\r\n~\\") {
			return fmt.Errorf("%s: found %q, want no | ~ \\ in it", key, text)
		}
	}
	for key, text := range map[string]string{"sender": h.Sender, "receiver": h.Receiver} {
		if strings.Count(text, "^") != 1 {
			return fmt.Errorf("%s: found %q, want application^facility", key, text)
		}
	}
	for task, code := range h.Codes {
		if strings.Count(code, "^") != 2 || strings.ContainsAny(code, "|\r\n~\\") {
			return fmt.Errorf("codes.%s: found %q, want code^text^system", task, code)
		}
	}
	if h.Priority = cmp.Or(h.Priority, "none"); h.Priority != "none" && h.Priority != "severity" {
		return fmt.Errorf("priority: found %q, want none or severity", h.Priority)
	}
	if h.Answer = cmp.Or(h.Answer, "application"); h.Answer != "application" && h.Answer != "accept" {
		return fmt.Errorf("answer: found %q, want application or accept", h.Answer)
	}
	if (h.Cert == "") != (h.Key == "") {
		return errors.New("cert and key go together")
	}
	return nil
}

// check looks at a URL and the files beside it.
func (a *Access) check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("url: want http:// or https:// and a host")
	}
	if u.User != nil {
		return errors.New("url: there is a user in it: put a bearer token into a file and name it as token_file")
	}
	if a.TokenFile != "" && u.Scheme == "http" && !loopback(u.Hostname()) {
		return errors.New("url: a token over http:// can be read by everybody on the way: want https://")
	}
	if (a.Cert == "") != (a.Key == "") {
		return errors.New("cert and key go together")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
