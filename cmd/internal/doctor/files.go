package doctor

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// files looks at what is on this machine's disk: model, policy, codes, secrets, certificates.
func (e *examination) files(context.Context) {
	model, policy, err := boot.LoadFiles(e.Model, e.Policy, e.Encoders)
	switch {
	case err != nil:
		e.failed("model and policy", err, "a worker does not start without them", "mend or name other files with --model and --policy")
	case model == nil:
		e.tell(Finding{Check: "model", Verdict: Warn, Found: "none", Cause: "scores and alerts are of NEWS2 only", Fix: "leave --model out for the shipped one"})
		e.ok("policy", "%d rules, sha256 %s", len(policy.Rules), policy.Hash())
	default:
		e.judge(model.Trained(), Warn, Finding{Check: "model", Found: fmt.Sprintf("%s, sha256 %s", model.Config().Name, model.Card().Hash),
			Cause: "it is untrained, and its risks mean nothing", Fix: "vigil model list says which are trained"})
		e.ok("policy", "%d rules, sha256 %s", len(policy.Rules), policy.Hash())
	}
	if own, rows, err := boot.LoadCodes(e.Codes); err != nil {
		e.failed("codes", err, "a worker does not start without them", "vigil codes check FILE")
	} else if own == nil {
		e.ok("codes", "none of the site's own")
	} else {
		e.ok("codes", "%d rows, sha256 %s", len(rows), own.Hash())
	}
	e.judge(e.LiveOnly, Warn, Finding{Check: "recorded messages", Found: word(e.LiveOnly, "refused", "taken"),
		Cause: "recorded patients may play beside live ones", Fix: "leave --allow-runs out at a bedside"})
	e.judge(!e.Switch, Warn, Finding{Check: "switch", Found: word(e.Switch, "--switch is on", "off"),
		Cause: "each start would let the logs ask for what this process has", Fix: "leave --switch out once the switch is made"})
	e.judge(e.ID != "", Warn, Finding{Check: "id", Found: word(e.ID != "", e.ID, "none"),
		Cause: "after a crash a restart waits for the group's session to end, seconds longer", Fix: "give each process an --id of its own"})
	e.secrets()
	e.certificate()
}

// secrets must not be readable by others on this machine.
func (e *examination) secrets() {
	looked := 0
	for name, file := range map[string]string{"--password-file": e.Kafka.PasswordFile, "--redis-password-file": e.Redis.PasswordFile, "--tls-key": e.Key} {
		if file == "" {
			continue
		}
		looked++
		info, err := os.Stat(file)
		if err != nil {
			e.failed("secrets", err, "a worker does not start without it", "mend "+name)
			continue
		}
		e.judge(info.Mode().Perm()&0o077 == 0, Warn, Finding{Check: "secrets", Found: fmt.Sprintf("%s: %s has mode %04o", name, filepath.Base(file), info.Mode().Perm()),
			Cause: "others on this machine can read it", Fix: "chmod 600 " + file})
	}
	if looked == 0 {
		e.ok("secrets", "no files of secrets are named")
	}
}

// soon is how long before its end a certificate is spoken of.
const soon = 30 * 24 * time.Hour

// certificate is this client's own.
func (e *examination) certificate() {
	if e.Cert == "" {
		e.ok("client certificate", "none is named")
		return
	}
	text, err := os.ReadFile(e.Cert)
	if err != nil {
		e.failed("client certificate", err, "the brokers want it", "mend --tls-cert")
		return
	}
	block, _ := pem.Decode(text)
	if block == nil {
		e.failed("client certificate", fmt.Errorf("%s holds no PEM block", e.Cert), "the brokers want it", "mend --tls-cert")
		return
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		e.failed("client certificate", err, "the brokers want it", "mend --tls-cert")
		return
	}
	e.expiry("client certificate", c)
}

// expiry judges when a certificate ends.
func (e *examination) expiry(check string, c *x509.Certificate) {
	left := c.NotAfter.Sub(e.Clock())
	f := Finding{Check: check, Found: "valid until " + c.NotAfter.UTC().Format("2006-01-02 15:04 MST"), Cause: "connections end with it", Fix: "renew it"}
	if left <= 0 {
		e.judge(false, Fail, f)
		return
	}
	e.judge(left > soon, Warn, f)
}

// word is one of two.
func word(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}
