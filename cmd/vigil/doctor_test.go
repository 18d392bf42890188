package main

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/doctor"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
)

// examined runs the doctor and returns the findings of each check.
func examined(t *testing.T, wantCode int, args ...string) map[string][]doctor.Finding {
	t.Helper()
	code, stdout, stderr := vigil(t.Context(), append([]string{"doctor", "--json"}, args...)...)
	if code != wantCode {
		t.Fatalf("%d, want %d: %s%s", code, wantCode, stdout, stderr)
	}
	found := map[string][]doctor.Finding{}
	for line := range strings.Lines(stdout) {
		var f doctor.Finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if (f.Verdict == doctor.Warn || f.Verdict == doctor.Fail) && (f.Cause == "" || f.Fix == "") {
			t.Errorf("%+v has no cause or no fix", f)
		}
		found[f.Check] = append(found[f.Check], f)
	}
	return found
}

// A site in order passes at least twenty checks, and each thing that is then broken is found by the check that is for it.
func TestDoctor(t *testing.T) {
	_, address := broker(t)
	store, err := embedded.StartStore(t.Context(), t.TempDir(), "auto", "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	password := filepath.Join(t.TempDir(), "redis.password")
	u, err := url.Parse(store.URL)
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := u.User.Password()
	u.User = url.User(u.User.Username())
	redis := u.String()
	if err := os.WriteFile(password, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	site := []string{"--brokers", address, "--redis", redis, "--redis-password-file", password, "--id", "a"}
	found := examined(t, boot.ExitOK, site...)
	all := 0
	for check, fs := range found {
		all += len(fs)
		for _, f := range fs {
			if f.Verdict != doctor.OK {
				t.Errorf("a site in order, %s: %+v", check, f)
			}
		}
	}
	if len(found) < 20 {
		t.Errorf("%d checks (%d findings), want 20 or more: %v", len(found), all, found)
	}
	closed := filepath.Join(t.TempDir(), "open.password")
	if err := os.WriteFile(closed, []byte(secret), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string]struct {
		args    []string
		check   string
		verdict doctor.Verdict
	}{
		"a broker that is away":             {[]string{"--brokers", "127.0.0.1:1"}, "broker", doctor.Fail},
		"a broker without a port":           {[]string{"--brokers", "kafka"}, "broker address", doctor.Fail},
		"a Redis that is away":              {[]string{"--redis", "redis://127.0.0.1:1/0"}, "store", doctor.Fail},
		"no Redis URL":                      {[]string{"--redis", "127.0.0.1:6379"}, "store settings", doctor.Fail},
		"a policy that is not there":        {[]string{"--policy", "nosuch.yaml"}, "model and policy", doctor.Fail},
		"no model":                          {[]string{"--model", "none"}, "model", doctor.Warn},
		"codes that are not there":          {[]string{"--codes", "nosuch.yaml"}, "codes", doctor.Fail},
		"recorded messages beside live":     {[]string{"--allow-runs"}, "recorded messages", doctor.Warn},
		"no id":                             {[]string{"--id", ""}, "id", doctor.Warn},
		"a password that others can read":   {[]string{"--redis-password-file", closed}, "secrets", doctor.Warn},
		"more workers than partitions":      {[]string{"--workers", "60"}, "partitions", doctor.Warn},
		"topics of another prefix":          {[]string{"--topic-prefix", "other."}, "partitions", doctor.Fail},
		"a certificate that is not there":   {[]string{"--tls-cert", "nosuch.pem", "--tls-key", "nosuch.pem"}, "client certificate", doctor.Fail},
		"more beds than the store's memory": {[]string{"--beds", "100000000"}, "store memory", doctor.Fail},
	} {
		if broken.check == "store memory" && store.Kind != embedded.KindRedis {
			continue // miniredis says nothing of its memory
		}
		code := boot.ExitOK
		if broken.verdict == doctor.Fail {
			code = boot.ExitProblems
		}
		got := examined(t, code, append(slices.Clone(site), broken.args...)...)[broken.check]
		if !slices.ContainsFunc(got, func(f doctor.Finding) bool { return f.Verdict == broken.verdict }) {
			t.Errorf("%s: %s: %+v, want %s", name, broken.check, got, broken.verdict)
		}
	}
}
