package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/yamlfile"
)

// Role is what somebody may do; each may do what those before it may.
type Role int

// The roles. Nobody is who has not logged in.
const (
	Nobody    Role = iota
	Viewer         // sees
	Clinician      // answers alerts
	Admin          // sees what was refused, with its bytes
)

var roleNames = [...]string{"none", "viewer", "clinician", "admin"}

// String is the role's name.
func (r Role) String() string { return roleNames[r] }

// Principal is who asks.
type Principal struct {
	Name  string
	Role  Role
	Units []string // those that they may see; empty: all
}

// sees says whether patients of a unit may be shown. A patient whose unit is not known is shown to who may see all.
func (p *Principal) sees(unit string) bool {
	return p.Role >= Viewer && (len(p.Units) == 0 || unit != "" && slices.Contains(p.Units, unit))
}

// Token lets its bearer in. Its text is nowhere, only the hash.
type Token struct {
	Principal
	SHA256 [sha256.Size]byte
}

// leastToken is how long a token must be, so that nobody can guess it.
const leastToken = 16

// ParseTokens reads a file of tokens:
//
//	tokens:
//	  - {name: ward-a, role: viewer, units: [MICU], sha256: 9f86d081...}
//
// The hash is that of the token's text: printf %s "$TOKEN" | sha256sum.
func ParseTokens(text []byte) ([]Token, error) {
	var file struct {
		Tokens []struct {
			Name   yamlfile.Text   `yaml:"name"`
			Role   yamlfile.Text   `yaml:"role"`
			Units  []yamlfile.Text `yaml:"units"`
			SHA256 yamlfile.Text   `yaml:"sha256"`
		} `yaml:"tokens"`
	}
	if err := yamlfile.Decode(text, &file); err != nil {
		return nil, err
	}
	if len(file.Tokens) == 0 {
		return nil, errors.New("no token stands in it: name one under tokens, or nobody may log in")
	}
	var out []Token
	for i, t := range file.Tokens {
		role := Role(slices.Index(roleNames[:], t.Role.Word))
		sum, err := hex.DecodeString(t.SHA256.Word)
		switch {
		case t.Name.Word == "":
			return nil, fmt.Errorf("tokens[%d]: name is missing: the audit log must say who it was", i)
		case role < Viewer:
			return nil, fmt.Errorf("line %d: tokens[%d]: role %q: want viewer, clinician or admin", t.Role.Line, i, t.Role.Word)
		case err != nil || len(sum) != sha256.Size:
			return nil, fmt.Errorf("line %d: tokens[%d]: sha256 wants the 64 hex digits of printf %%s \"$TOKEN\" | sha256sum", t.SHA256.Line, i)
		}
		token := Token{Principal: Principal{Name: t.Name.Word, Role: role}, SHA256: [sha256.Size]byte(sum)}
		for _, unit := range t.Units {
			token.Units = append(token.Units, unit.Word)
		}
		if slices.ContainsFunc(out, func(o Token) bool { return o.SHA256 == token.SHA256 }) {
			return nil, fmt.Errorf("line %d: tokens[%d]: another has the same hash: give each a token of its own", t.SHA256.Line, i)
		}
		out = append(out, token)
	}
	return out, nil
}

// OneToken reads a single token in the form of role:token, as an environment variable has it.
func OneToken(text string) (Token, error) {
	role, token, _ := strings.Cut(text, ":")
	at := Role(slices.Index(roleNames[:], role))
	if at < Viewer || len(token) < leastToken {
		return Token{}, fmt.Errorf("want ROLE:TOKEN, with a role of viewer, clinician or admin and a token of %d characters or more", leastToken)
	}
	return Token{Principal: Principal{Name: "token", Role: at}, SHA256: sha256.Sum256([]byte(token))}, nil
}

const (
	maxSessions = 1000
	sessionFor  = 12 * schemas.Hour
)

// door knows who asks.
type door struct {
	tokens []Token
	local  Principal // who asks from this machine where there are no tokens

	mu       sync.Mutex
	sessions map[string]session // by the hash of the cookie
}

// session is a page that has logged in.
type session struct {
	Principal
	until schemas.Time
}

// open says whether nobody needs a token.
func (d *door) open() bool { return len(d.tokens) == 0 }

// byToken is whose a token is. All hashes are compared, so that the time tells nothing.
func (d *door) byToken(token string) (p Principal, ok bool) {
	sum := sha256.Sum256([]byte(token))
	for i := range d.tokens {
		if subtle.ConstantTimeCompare(sum[:], d.tokens[i].SHA256[:]) == 1 {
			p, ok = d.tokens[i].Principal, true
		}
	}
	return p, ok && len(token) >= leastToken
}

// who asks: by the header of a program, or by the cookie of a page.
func (d *door) who(r *http.Request, now schemas.Time) Principal {
	if d.open() {
		return d.local
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		p, _ := d.byToken(bearer)
		return p
	}
	for _, c := range r.Cookies() {
		if c.Name != cookieName(r) {
			continue
		}
		d.mu.Lock()
		s := d.sessions[hashed(c.Value)]
		d.mu.Unlock()
		if s.until > now {
			return s.Principal
		}
	}
	return Principal{}
}

// login begins a session and returns its cookie.
func (d *door) login(r *http.Request, p Principal, now schemas.Time) *http.Cookie {
	secret := rand.Text()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sessions == nil {
		d.sessions = map[string]session{}
	}
	first, least := "", schemas.Time(0)
	for key, s := range d.sessions {
		if s.until <= now {
			delete(d.sessions, key)
		} else if first == "" || s.until < least {
			first, least = key, s.until
		}
	}
	if len(d.sessions) >= maxSessions {
		delete(d.sessions, first)
	}
	d.sessions[hashed(secret)] = session{p, now + sessionFor}
	return cookie(r, secret, int(sessionFor/schemas.Second))
}

// logout ends the session of a request.
func (d *door) logout(r *http.Request) *http.Cookie {
	if c, err := r.Cookie(cookieName(r)); err == nil {
		d.mu.Lock()
		delete(d.sessions, hashed(c.Value))
		d.mu.Unlock()
	}
	return cookie(r, "", -1)
}

// hashed keeps cookies out of memory.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return string(sum[:])
}

// cookieName has the prefix that binds a cookie to this host wherever the way is encrypted.
func cookieName(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-vigil"
	}
	return "vigil"
}

func cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: cookieName(r), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode}
}
