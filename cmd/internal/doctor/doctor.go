package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// Verdict is how a check ended.
type Verdict string

// Fail means that Vigil will not work, or not as it should; Warn that it works and a site should know; Skip that
// another finding hides what the check looks for.
const (
	OK   Verdict = "ok"
	Warn Verdict = "warn"
	Fail Verdict = "fail"
	Skip Verdict = "skip"
)

// Finding is what a check found.
type Finding struct {
	Check   string  `json:"check"` // a name that stays, for scripts
	Verdict Verdict `json:"verdict"`
	Found   string  `json:"found"`
	Cause   string  `json:"cause,omitempty"` // why it matters; none where all is well
	Fix     string  `json:"fix,omitempty"`   // what to do
}

// Site is what is examined.
type Site struct {
	boot.Config
	Beds  int // for how many the store's memory has to last
	Clock func() time.Time
}

// Examine runs all checks and tells each finding as it comes, in an order in which causes come before what they
// hide. It returns the number of failures; its error is the end of ctx.
func Examine(ctx context.Context, s *Site, tell func(Finding)) (failures int, err error) {
	e := &examination{Site: s, tell: func(f Finding) {
		if f.Verdict == Fail {
			failures++
		}
		tell(f)
	}}
	for _, part := range []func(context.Context){e.files, e.machine, e.brokers, e.topics, e.store} {
		part(ctx)
		if ctx.Err() != nil {
			return failures, ctx.Err()
		}
	}
	return failures, nil
}

// examination is one round through a site.
type examination struct {
	*Site
	tell func(Finding)
}

func (e *examination) ok(check, found string, args ...any) {
	e.tell(Finding{Check: check, Verdict: OK, Found: fmt.Sprintf(found, args...)})
}

func (e *examination) skip(check, found string) {
	e.tell(Finding{Check: check, Verdict: Skip, Found: found})
}

// judge tells ok where good holds, and else the verdict with cause and fix.
func (e *examination) judge(good bool, otherwise Verdict, f Finding) {
	f.Verdict = otherwise
	if good {
		f.Verdict, f.Cause, f.Fix = OK, "", ""
	}
	e.tell(f)
}

// failed tells an error, whose text says how to mend it where the packages of Vigil made it.
func (e *examination) failed(check string, err error, cause, fix string) {
	e.tell(Finding{Check: check, Verdict: Fail, Found: err.Error(), Cause: cause, Fix: fix})
}
