package sinks

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// FHIR posts alerts to a FHIR server, one transaction a revision. Of R4 the risk of a model or a score becomes a
// RiskAssessment, the alert a Flag that is active as long as the alert stands, and what asks for attention a
// Communication about both. A repeat creates nothing: RiskAssessment and Communication are created under the
// condition that none has the revision's identifier, and the Flag is the one of the alert's.
type FHIR struct {
	*poster
	settings FHIRSettings
}

// NewFHIR opens a sink.
func NewFHIR(s FHIRSettings, e Environment) (*FHIR, error) {
	p, err := newPoster(s.Access, e)
	if err != nil {
		return nil, err
	}
	s.URL = strings.TrimRight(s.URL, "/")
	return &FHIR{poster: p, settings: s}, nil
}

// Systems of Vigil's own identifiers.
const (
	systemAlert    = "urn:vigil:alert"          // of an alert, its id
	systemRevision = "urn:vigil:alert-revision" // of a revision, Notice.Key
	systemDomain   = "urn:vigil:domain:"        // of patients and stays, where the site gives no other; the domain follows
	systemTask     = "urn:vigil:task"
	systemModel    = "urn:vigil:model"
)

const contentFHIR = "application/fhir+json"

// object is a JSON object; encoding/json sorts its keys, so that the same notice gives the same bytes.
type object = map[string]any

// Deliver posts a transaction for each notice.
func (f *FHIR) Deliver(ctx context.Context, notices []Notice) (int, error) {
	for i := range notices {
		n := &notices[i]
		since := f.since(ctx, n)
		body, err := json.Marshal(f.bundle(n, since))
		if err != nil {
			return i, err
		}
		if _, err := f.send(ctx, http.MethodPost, f.settings.URL, body, map[string]string{"Content-Type": contentFHIR, "Accept": contentFHIR}); err != nil {
			return i, err
		}
	}
	return len(notices), nil
}

// since is when the alert began: of a start now, of all else what the server has. Without an answer the period of the Flag has
// no beginning, which is no reason not to tell the rest.
func (f *FHIR) since(ctx context.Context, n *Notice) string {
	if n.Phase == schemas.PhaseStart {
		return n.AsOf.String()
	}
	if f.settings.DeviceAlert {
		return ""
	}
	answer, err := f.send(ctx, http.MethodGet, f.settings.URL+"/Flag?identifier="+url.QueryEscape(systemAlert+"|"+n.ID), nil, map[string]string{"Accept": contentFHIR})
	if err != nil {
		return ""
	}
	var found struct {
		Entry []struct {
			Resource struct {
				Period struct {
					Start string `json:"start"`
				} `json:"period"`
			} `json:"resource"`
		} `json:"entry"`
	}
	if json.Unmarshal(answer, &found) != nil || len(found.Entry) == 0 {
		return ""
	}
	return found.Entry[0].Resource.Period.Start
}

// bundle is the transaction of a notice.
func (f *FHIR) bundle(n *Notice, since string) object {
	if f.settings.DeviceAlert {
		return transaction([]object{put("DeviceAlert", n, f.deviceAlert(n, since))})
	}
	var entries []object
	about := []object{}
	if !n.technical() {
		entries = append(entries, create(n, f.riskAssessment(n)))
		about = append(about, object{"reference": fullURL("RiskAssessment", n)})
	}
	if !n.passedOn() { // then the id under which it stands tells of it, perhaps before
		entries = append(entries, put("Flag", n, f.flag(n, since)))
		about = append(about, object{"reference": fullURL("Flag", n)})
	}
	if n.calls() {
		entries = append(entries, create(n, f.communication(n, about)))
	}
	if len(entries) == 0 {
		entries = append(entries, create(n, f.communication(n, nil)))
	}
	return transaction(entries)
}

func transaction(entries []object) object {
	return object{"resourceType": "Bundle", "type": "transaction", "entry": entries}
}

// create makes an entry that creates a resource where none has the revision's identifier.
func create(n *Notice, resource object) object {
	kind := resource["resourceType"].(string)
	return object{"fullUrl": fullURL(kind, n), "resource": resource, "request": object{
		"method": "POST", "url": kind, "ifNoneExist": "identifier=" + url.QueryEscape(systemRevision+"|"+n.Key()),
	}}
}

// put makes an entry that writes the one resource of the alert.
func put(kind string, n *Notice, resource object) object {
	return object{"fullUrl": fullURL(kind, n), "resource": resource, "request": object{
		"method": "PUT", "url": kind + "?identifier=" + url.QueryEscape(systemAlert+"|"+n.ID),
	}}
}

// fullURL is a UUID made of what the resource is of, the same each time (version 8 of RFC 9562: a hash of one's own).
func fullURL(kind string, n *Notice) string {
	b := sha256.Sum256([]byte(kind + " " + n.Key()))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func identifier(system, value string) []object {
	return []object{{"system": system, "value": value}}
}

// base is what all resources of a notice have in common.
func (f *FHIR) base(kind string, n *Notice) object {
	r := object{"resourceType": kind, "identifier": identifier(systemRevision, n.Key()), "subject": f.subject(n)}
	if n.Test {
		r["meta"] = object{"tag": []object{{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST", "display": "test health data"}}}
	}
	return r
}

// system is the system of the identifiers of a domain.
func (f *FHIR) system(n *Notice) string {
	if s := f.settings.Systems[n.domain()]; s != "" {
		return s
	}
	return systemDomain + url.PathEscape(n.domain())
}

// subject names the patient as the site's systems do; which Patient resource that is the server knows.
func (f *FHIR) subject(n *Notice) object {
	return object{"type": "Patient", "identifier": object{"system": f.system(n), "value": n.local()}}
}

func (f *FHIR) encounter(n *Notice) object {
	return object{"type": "Encounter", "identifier": object{"system": systemDomain + "stay", "value": n.Stay}}
}

// vigil names the program as the device that says it, by the hash of its model.
func vigil(n *Notice) object {
	return object{"type": "Device", "identifier": object{"system": systemModel, "value": orNone(n.Model)}, "display": "Vigil, " + schemas.Notice}
}

func orNone(hash string) string {
	if hash == "" {
		return "none"
	}
	return hash
}

// task names what the alert is about.
func task(n *Notice) object {
	return object{"coding": []object{{"system": systemTask, "code": n.Task}}, "text": words(n.Task)}
}

// words are a task's name for people.
func words(task string) string {
	switch task {
	case alerts.TaskNEWS2:
		return "National Early Warning Score 2"
	case alerts.TaskNoData:
		return "missing data"
	case "mortality":
		return "risk of death in hospital"
	}
	return strings.ReplaceAll(task, "_", " ")
}

func (f *FHIR) riskAssessment(n *Notice) object {
	prediction := object{"outcome": task(n), "rationale": n.Reason, "qualitativeRisk": object{
		"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/risk-probability", "code": map[string]string{"high": "high", "medium": "moderate", "low": "low"}[n.Severity]}},
		"text":   n.Severity,
	}}
	if n.Kind == alerts.KindRisk {
		prediction["probabilityDecimal"] = json.Number(number(n.Value))
	}
	r := f.base("RiskAssessment", n)
	r["status"] = "final"
	r["method"] = object{"text": fmt.Sprintf("model %s, policy %s", orNone(n.Model), orNone(n.Policy))}
	r["code"] = task(n)
	r["encounter"] = f.encounter(n)
	r["occurrenceDateTime"] = n.AsOf.String()
	r["performer"] = vigil(n)
	r["prediction"] = []object{prediction}
	r["note"] = []object{{"text": "Vigil is " + schemas.Notice + "."}}
	return r
}

func (f *FHIR) flag(n *Notice, since string) object {
	status, period := "active", object{}
	if since != "" {
		period["start"] = since
	}
	if !n.Open() {
		status = "inactive"
		period["end"] = n.AsOf.String()
	}
	r := f.base("Flag", n)
	r["identifier"] = append(identifier(systemAlert, n.ID), object{"system": systemRevision, "value": n.Key()})
	r["extension"] = []object{{"url": "http://hl7.org/fhir/StructureDefinition/flag-priority", "valueCodeableConcept": object{
		"coding": []object{{"system": "http://hl7.org/fhir/flag-priority-code", "code": map[string]string{"high": "PH", "medium": "PM", "low": "PL"}[n.Severity]}},
	}}}
	r["status"] = status
	r["category"] = []object{{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/flag-category", "code": "clinical"}}}}
	r["code"] = object{"coding": task(n)["coding"], "text": n.Reason + " (Vigil, " + schemas.Notice + ")"}
	r["author"] = vigil(n)
	r["encounter"] = f.encounter(n)
	if len(period) > 0 {
		r["period"] = period
	}
	return r
}

// communication says that somebody was told. Vigil informs beside the monitors, and never says stat.
func (f *FHIR) communication(n *Notice, about []object) object {
	r := f.base("Communication", n)
	r["status"] = "completed"
	r["category"] = []object{{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/communication-category", "code": "alert"}}}}
	r["priority"] = map[string]string{"high": "asap", "medium": "urgent", "low": "routine"}[n.Severity]
	if len(about) > 0 {
		r["about"] = about
	}
	r["encounter"] = f.encounter(n)
	r["sent"] = n.Told.String()
	r["sender"] = vigil(n)
	r["payload"] = []object{{"contentString": n.Reason}, {"contentString": "Vigil is " + schemas.Notice + "."}}
	return r
}

// deviceAlert is the draft resource of R6, by the elements of its full ballots. Ballots differ in where the codes of type
// and priority live, so that they are given under both systems.
func (f *FHIR) deviceAlert(n *Notice, since string) object {
	status, kind := "in-progress", "physiological"
	if !n.Open() {
		status = "completed"
	}
	if n.technical() {
		kind = "technical"
	}
	code := func(system, code string) object {
		return object{"text": code, "coding": []object{
			{"system": "http://hl7.org/fhir/devicealert-" + system, "code": code},
			{"system": "http://terminology.hl7.org/CodeSystem/devicealert-" + system, "code": code},
		}}
	}
	period := object{}
	if since != "" {
		period["start"] = since
	}
	if !n.Open() {
		period["end"] = n.AsOf.String()
	}
	r := f.base("DeviceAlert", n)
	r["identifier"] = append(identifier(systemAlert, n.ID), object{"system": systemRevision, "value": n.Key()})
	r["status"] = status
	r["type"] = code("type", kind)
	r["priority"] = code("priority", n.Severity)
	r["code"] = task(n)
	r["encounter"] = f.encounter(n)
	r["device"] = vigil(n)
	r["presence"] = n.Open()
	r["acknowledged"] = n.acknowledged()
	r["label"] = n.Reason + " (Vigil, " + schemas.Notice + ")"
	if len(period) > 0 {
		r["occurrencePeriod"] = period
	}
	return r
}
