package api

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/alerts/audit"
	"github.com/vigil-icu/vigil/alerts/watch"
	"github.com/vigil-icu/vigil/schemas"
)

// Topics are the topics of a Vigil; *kafka.Cluster has them.
type Topics interface {
	Log
	FollowLast(ctx context.Context, topic string, most int64, see func(*schemas.Message) error) error
}

// Command is an answer on its way to the topic of commands.
type Command struct {
	Verb   string // of package alerts
	Actor  string
	Reason string
	Lasts  time.Duration // of a snooze
}

// Refused is why an answer did not come to be, in the words of HTTP. Its text names no patient.
type Refused struct {
	Status int
	Text   string
}

// Error is the text.
func (r *Refused) Error() string { return r.Text }

// Config is what a Service works with. Topics, Clock, Now, Answer and Audit are needed.
type Config struct {
	Topics     Topics
	Partitions int
	Title      string                                    // what is watched
	Version    string                                    // of this program
	Replay     bool                                      // recorded or invented patients
	Shows      func(patient string) bool                 // nil: all patients
	Now        func(patient string) (schemas.Time, bool) // a patient's own time; false: as of the last score
	Speed      func() float64                            // how fast that time goes; 1 of live patients, 0 where it does not go evenly
	Clock      func() schemas.Time                       // the time of day
	Nonce      string                                    // names this process, so that pages know another
	// Answer publishes an answer to an alert and returns when a revision of the alert tells it.
	Answer func(ctx context.Context, alert *schemas.Alert, c Command) error
	Audit  func(audit.Entry) error
	Eyes   watch.Eyes      // what of the stages is to be seen; nil: nothing
	Status func() string   // one line for people on the stages; nil: none
	Model  json.RawMessage // what is to be known of the model; nil: there is none
	Tokens []Token         // without: loopback only, and who sits there is a clinician
	User   string          // who that is
	Page   http.Handler    // everything that is not under /api; nil: nothing
	Log    zerolog.Logger
}

// Service answers pages and programs. Run follows the topics for it, and Handler serves.
type Service struct {
	config  Config
	live    *live
	door    door
	letters letters
	looks   chan struct{} // so many may read logs at a time
	viewed  viewed
}

// New returns a service of which nothing is known yet.
func New(c Config) *Service {
	if c.Speed == nil {
		c.Speed = func() float64 { return 1 }
	}
	return &Service{
		config: c, live: newLive(c.Shows, c.Now, c.Nonce), looks: make(chan struct{}, 4),
		door: door{tokens: c.Tokens, local: Principal{Name: c.User, Role: Clinician}},
	}
}

// budget is how many records of a topic are read when the process begins, or when somebody asks for the unit as of a
// moment: of a live Vigil the topics hold years.
var budget = []struct {
	topic   string
	records int64
}{{schemas.TopicADT, 200_000}, {schemas.TopicScores, 100_000}, {schemas.TopicAlerts, 100_000}, {schemas.TopicDeadLetters, 10_000}}

// budgetOf is how many records of each partition of a topic are read.
func (s *Service) budgetOf(topic string) int64 {
	records := int64(0)
	for _, b := range budget {
		if b.topic == topic {
			records = b.records
		}
	}
	return max(records/int64(max(s.config.Partitions, 1)), 500)
}

// Run follows the topics and tells the pages until ctx ends, which is no error.
func (s *Service) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		done sync.WaitGroup
		mu   sync.Mutex
		fail error
	)
	for _, b := range budget {
		done.Go(func() {
			err := s.config.Topics.FollowLast(ctx, b.topic, s.budgetOf(b.topic), func(m *schemas.Message) error {
				s.See(m)
				return nil
			})
			if err != nil && ctx.Err() == nil {
				mu.Lock()
				fail = errors.Join(fail, err)
				mu.Unlock()
				cancel()
			}
		})
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			done.Wait()
			return fail
		case <-tick.C:
			s.live.tell()
		}
	}
}

// See takes in one record of a topic.
func (s *Service) See(m *schemas.Message) {
	s.live.see(m)
	s.letters.see(m)
}

// Handler is all that is served: the API, and the page for the rest.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	for i := range routes {
		r := &routes[i]
		mux.HandleFunc(r.Method+" "+Base+r.Path, func(w http.ResponseWriter, req *http.Request) { s.serve(r, w, req) })
	}
	mux.HandleFunc(Base+"/", func(w http.ResponseWriter, req *http.Request) {
		fail(w, http.StatusNotFound, "there is no such call; "+Base+"/openapi.json lists those that there are")
	})
	if s.config.Page != nil {
		mux.Handle("/", s.config.Page)
	}
	crossing := http.NewCrossOriginProtection()
	crossing.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusForbidden, "the request comes from another site's page")
	}))
	guarded := crossing.Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header())
		if s.door.open() && !loopback(r) {
			fail(w, http.StatusForbidden, "this address is served on the machine itself only: ask it as localhost, or give tokens (--web-tokens)")
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// loopback says whether a request comes from this machine, for a name of this machine: a page of another site that
// points its own name here is not let in.
func loopback(r *http.Request) bool {
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(from); err != nil || ip == nil || !ip.IsLoopback() {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// harden sets what browsers are told of every answer. The page's own policy is stricter than its needs would be: only
// its own script and style, no code made of text, nothing from or to other hosts.
func harden(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
}

// serve lets in who may, and answers.
func (s *Service) serve(r *route, w http.ResponseWriter, req *http.Request) {
	who := s.door.who(req, s.config.Clock())
	switch {
	case r.Role > Nobody && who.Role == Nobody:
		w.Header().Set("WWW-Authenticate", `Bearer realm="vigil"`)
		fail(w, http.StatusUnauthorized, "a token is wanted: log in, or send it as Authorization: Bearer")
		return
	case who.Role < r.Role:
		if s.record(w, who, audit.Entry{What: "refused", Detail: r.Method + " " + r.Path}) {
			fail(w, http.StatusForbidden, "this is for the role "+r.Role.String()+"; yours is "+who.Role.String())
		}
		return
	}
	if r.raw != nil {
		r.raw(s, w, req, who)
		return
	}
	answer, err := r.handle(s, &call{Request: req, who: who, header: w.Header()})
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		fail(w, refused.Status, refused.Text)
	case req.Context().Err() != nil: // nobody reads any more
	case err != nil:
		s.config.Log.Warn().Err(err).Str("call", r.Path).Msg("a call of the page failed")
		fail(w, http.StatusBadGateway, "the broker or the store cannot be asked now; try again")
	default:
		write(w, http.StatusOK, answer)
	}
}

// call is a request with who asks.
type call struct {
	*http.Request
	who    Principal
	header http.Header
}

// record writes to the audit log; where that fails, nothing is shown.
func (s *Service) record(w http.ResponseWriter, who Principal, e audit.Entry) bool {
	if err := s.audit(who, e); err != nil {
		fail(w, http.StatusServiceUnavailable, err.Error())
		return false
	}
	return true
}

// audit writes to the audit log.
func (s *Service) audit(who Principal, e audit.Entry) error {
	e.At, e.Who, e.Role = s.config.Clock(), who.Name, who.Role.String()
	if err := s.config.Audit(e); err != nil {
		s.config.Log.Error().Err(err).Msg("the audit log cannot be written: the page shows nothing until this process is started anew")
		return &Refused{http.StatusServiceUnavailable, "the audit log cannot be written, and nothing is shown without it: see the log of Vigil"}
	}
	return nil
}

// again is how long a view that goes on is one view in the audit log.
const again = 5 * schemas.Minute

// viewed is who has looked at whom, so that a page that stays open does not fill the audit log.
type viewed struct {
	mu sync.Mutex
	at map[string]schemas.Time
}

// first says whether a view is a new one.
func (v *viewed) first(what string, now schemas.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if at, seen := v.at[what]; seen && now < at+again && now >= at {
		return false
	}
	if v.at == nil || len(v.at) > 10_000 {
		v.at = map[string]schemas.Time{}
	}
	v.at[what] = now
	return true
}

// fail answers that it is no success.
func fail(w http.ResponseWriter, status int, text string) { write(w, status, Failure{Error: text}) }

// write answers.
func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(encode(body), '\n'))
}

// letters are the last dead letters.
type letters struct {
	mu   sync.Mutex
	last []DeadLetter
}

// maxLetters is how many are kept, and shownPayload how much of each.
const maxLetters, shownPayload = 200, 2048

// see keeps a dead letter.
func (l *letters) see(m *schemas.Message) {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeDeadLetter {
		return
	}
	d, err := schemas.DecodeDeadLetter(m.Value)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = append(l.last[max(0, len(l.last)-maxLetters+1):], DeadLetter{
		At: m.Appended, Place: schemas.Place(d.Topic, d.Partition, d.Offset), Source: d.Source, Reason: string(d.Reason), Field: d.Field,
		Expected: d.Expected, Partial: d.Partial, Found: d.Found, Payload: strings.ToValidUTF8(string(d.Payload[:min(len(d.Payload), shownPayload)]), "\uFFFD"),
	})
}

// list is those that there are, the newest first.
func (l *letters) list(admin bool) []DeadLetter {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Clone(orEmpty(l.last))
	slices.SortStableFunc(out, func(a, b DeadLetter) int { return int(b.At - a.At) })
	for i := range out {
		if !admin {
			out[i].Found, out[i].Payload, out[i].Field = "", "", ""
		}
	}
	return out
}
