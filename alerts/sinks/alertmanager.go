package sinks

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// Alertmanager posts alerts to the API v2 of a Prometheus Alertmanager. It knows an alert by its labels, and forgets
// those that nobody tells again; whoever calls Deliver must therefore tell the open ones again and again.
type Alertmanager struct {
	*poster
	settings AlertmanagerSettings
	now      func() time.Time
}

// NewAlertmanager opens a sink.
func NewAlertmanager(s AlertmanagerSettings, e Environment) (*Alertmanager, error) {
	p, err := newPoster(s.Access, e)
	if err != nil {
		return nil, err
	}
	s.URL = strings.TrimRight(s.URL, "/") + "/api/v2/alerts"
	return &Alertmanager{poster: p, settings: s, now: e.Now}, nil
}

// ownLabels are those that every alert has; the labels of a site come beside them.
var ownLabels = []string{"alertname", "alert_id", "kind", "patient", "severity", "task"}

// postable is an alert as the API takes it.
type postable struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    string            `json:"startsAt"`
	EndsAt      string            `json:"endsAt"`
}

// Deliver posts all notices at once.
func (a *Alertmanager) Deliver(ctx context.Context, notices []Notice) (int, error) {
	var alerts []postable
	for i := range notices {
		alerts = append(alerts, a.postables(&notices[i])...)
	}
	body, err := json.Marshal(alerts)
	if err != nil {
		return 0, err
	}
	if _, err := a.send(ctx, http.MethodPost, a.settings.URL, body, map[string]string{"Content-Type": "application/json"}); err != nil {
		return 0, err
	}
	return len(notices), nil
}

// postables are what Alertmanager is told of a notice. The severity is a label, since routes go by it, and with
// another one it is another alert to Alertmanager: those of the other severities are resolved. It says nothing of
// an alert that is resolved and never was there.
func (a *Alertmanager) postables(n *Notice) (list []postable) {
	if n.ended() {
		return nil // what is said of an alert after its end changes nothing
	}
	for _, severity := range []string{"high", "medium", "low"} {
		p := postable{Labels: labels(n, severity), Annotations: annotations(n), StartsAt: n.Told.String(), EndsAt: n.Told.String()}
		maps.Copy(p.Labels, a.settings.Labels)
		if severity == n.Severity && n.Open() {
			p.EndsAt = schemas.Time(a.now().Add(a.settings.ExpireAfter).UnixMilli()).String()
		}
		list = append(list, p)
	}
	return list
}

func labels(n *Notice, severity string) map[string]string {
	name := "Vigil" + map[string]string{"risk": "Risk", "score": "Score", "technical": "Technical"}[n.Kind]
	if n.Test {
		name = "VigilTest"
	}
	return map[string]string{"alertname": name, "alert_id": n.ID, "kind": n.Kind, "patient": n.Patient, "severity": severity, "task": n.Task}
}

func annotations(n *Notice) map[string]string {
	return map[string]string{
		"summary": n.Reason, "phase": string(n.Phase), "as_of": n.AsOf.String(), "acknowledged": fmt.Sprint(n.acknowledged()),
		"notice": "Vigil is " + schemas.Notice + ".",
	}
}

// webhookOf is a notice in the form in which Alertmanager posts to webhooks (version 4), one alert a message.
func webhookOf(n *Notice) object {
	status, ends := "firing", "0001-01-01T00:00:00Z"
	if !n.Open() {
		status, ends = "resolved", n.Told.String()
	}
	l, a := labels(n, n.Severity), annotations(n)
	return object{
		"version": "4", "groupKey": fmt.Sprintf("{}:{alert_id=%q}", n.ID), "truncatedAlerts": 0, "status": status, "receiver": "vigil",
		"groupLabels": object{"alert_id": n.ID}, "commonLabels": l, "commonAnnotations": a, "externalURL": "",
		"alerts": []object{{
			"status": status, "labels": l, "annotations": a, "startsAt": n.Told.String(), "endsAt": ends, "generatorURL": "",
			"fingerprint": n.short(16),
		}},
	}
}
