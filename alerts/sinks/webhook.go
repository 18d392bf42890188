package sinks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// Formats of a webhook.
const (
	formatCloudEvents  = "cloudevents"
	formatAlertmanager = "alertmanager"
)

// Webhook posts each notice to a program: as a CloudEvent in the structured mode, or as Alertmanager's webhook
// does. With a secret it signs, by the rules of Standard Webhooks.
type Webhook struct {
	*poster
	settings WebhookSettings
	secret   []byte // nil: nothing is signed
	now      func() time.Time
}

// NewWebhook opens a sink.
func NewWebhook(s WebhookSettings, e Environment) (*Webhook, error) {
	p, err := newPoster(s.Access, e)
	if err != nil {
		return nil, err
	}
	w := &Webhook{poster: p, settings: s, now: e.Now}
	if s.SecretFile != "" {
		if w.secret, err = readSecret(s.SecretFile); err != nil {
			return nil, fmt.Errorf("secret_file: %w", err)
		}
	}
	return w, nil
}

// secretPrefix begins a secret of Standard Webhooks; base64 follows.
const secretPrefix = "whsec_"

func readSecret(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(string(b)), secretPrefix)
	secret, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(secret) < 24 || len(secret) > 64 {
		return nil, errors.New("want whsec_ and 24 to 64 bytes in base64, for example of: echo whsec_$(openssl rand -base64 32)")
	}
	return secret, nil
}

// Deliver posts each notice.
func (w *Webhook) Deliver(ctx context.Context, notices []Notice) (int, error) {
	for i := range notices {
		n := &notices[i]
		body, content, err := w.body(n)
		if err != nil {
			return i, err
		}
		headers := map[string]string{"Content-Type": content}
		if w.secret != nil {
			w.sign(headers, n.Key(), body)
		}
		if _, err := w.send(ctx, http.MethodPost, w.settings.URL, body, headers); err != nil {
			return i, err
		}
	}
	return len(notices), nil
}

func (w *Webhook) body(n *Notice) (body []byte, content string, err error) {
	if w.settings.Format == formatAlertmanager {
		body, err = json.Marshal(webhookOf(n))
		return body, "application/json", err
	}
	data, err := n.body()
	if err != nil {
		return nil, "", err
	}
	body, err = json.Marshal(struct {
		Version string          `json:"specversion"`
		ID      string          `json:"id"`
		Source  string          `json:"source"`
		Type    string          `json:"type"`
		Subject string          `json:"subject"` // the alert, and no patient: brokers and proxies log it
		Time    string          `json:"time"`
		Content string          `json:"datacontenttype"`
		Notice  string          `json:"notice"`
		Test    bool            `json:"vigiltest,omitempty"`
		Data    json.RawMessage `json:"data"`
	}{"1.0", n.Key(), w.settings.Source, schemas.TypeAlert, n.ID, n.Told.String(), schemas.ContentJSON, schemas.Notice, n.Test, data})
	return body, "application/cloudevents+json; charset=utf-8", err
}

// sign adds the headers of Standard Webhooks. The time is that of the attempt, so that receivers may refuse old
// ones; the id is the notice's key, the same in each attempt.
func (w *Webhook) sign(headers map[string]string, id string, body []byte) {
	at := strconv.FormatInt(w.now().Unix(), 10)
	mac := hmac.New(sha256.New, w.secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	headers["Webhook-Id"], headers["Webhook-Timestamp"] = id, at
	headers["Webhook-Signature"] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
