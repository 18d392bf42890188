package sinks

import (
	"fmt"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// Messages that HL7 can send: the number as a row of a flowsheet, and the alert as IHE ACM has it (PCD-04).
const (
	oruR01 = "oru_r01"
	oruR40 = "oru_r40"
)

var hl7Messages = []string{oruR01, oruR40}

// hl7Time is a moment as HL7 writes it, with its zone.
const hl7Time = "20060102150405.000+0000"

// escapes are what stands in a text for the separators, which are | ^ ~ \ &. A line end would end the segment.
var escapes = strings.NewReplacer(`\`, `\E\`, "|", `\F\`, "^", `\S\`, "~", `\R\`, "&", `\T\`, "\r\n", " ", "\r", " ", "\n", " ")

// segment puts escaped fields behind a name.
func segment(name string, fields ...string) string {
	return strings.TrimRight(name+"|"+strings.Join(fields, "|"), "|") + "\r"
}

// message is a notice as a message of HL7 v2.6. Its times are the patient's, and in MSH-7 that at which the alert was
// told, so that a repeat has the same bytes.
func (h *HL7) message(kind, id string, n *Notice) []byte {
	var b strings.Builder
	told, at := n.Told.Std().Format(hl7Time), n.AsOf.Std().Format(hl7Time)
	from, to := strings.SplitN(h.settings.Sender, "^", 2), strings.SplitN(h.settings.Receiver, "^", 2)
	for _, hd := range []*string{&from[0], &from[1], &to[0], &to[1]} {
		*hd = strings.ReplaceAll(*hd, "&", "^") // the components of one that is a hierarchic designator
	}
	processing := "P"
	if n.Test {
		processing = "T"
	}
	what, profile, application := "ORU^R01^ORU_R01", "", ""
	accept := "AL"
	if kind == oruR01 {
		accept, application = "NE", "AL"
	} else {
		what, profile = "ORU^R40^ORU_R40", h.settings.Profile
		if application = "NE"; h.settings.Answer == "application" {
			application = "AL"
		}
	}
	b.WriteString(segment(`MSH|^~\&`, from[0], from[1], to[0], to[1], told, "", what, id, processing, "2.6", "", "", accept, application, "", "UNICODE UTF-8", "", "", profile))
	domain := h.settings.Authority[n.domain()]
	if domain == "" {
		domain = n.domain()
	}
	// Vigil knows no names; U stands for one that is not given.
	b.WriteString(segment("PID", "1", "", escapes.Replace(n.local())+"^^^"+escapes.Replace(domain)+"^PI", "", "^^^^^^U"))
	visit := make([]string, 19)
	visit[0], visit[1], visit[18] = "1", "I", escapes.Replace(n.Stay)
	b.WriteString(segment("PV1", visit...))
	if kind == oruR01 {
		h.flowsheet(&b, n, at)
	} else {
		h.alarm(&b, n, at)
	}
	return []byte(b.String())
}

// code is the code of the alert's task, as the site or as Vigil has it.
func (h *HL7) code(n *Notice) string {
	if c := h.settings.Codes[n.Task]; c != "" {
		return c
	}
	return escapes.Replace(n.Task) + "^" + escapes.Replace(words(n.Task)) + "^99VIGIL"
}

// note says in a segment of its own what Vigil is not.
func note(b *strings.Builder, n *Notice) {
	text := "Vigil is " + schemas.Notice + "."
	if n.Test {
		text = "TEST, no patient is meant. " + text
	}
	b.WriteString(segment("NTE", "1", "L", escapes.Replace(text)))
}

// flowsheet is what an interface engine files into rows: the number, its severity, where the alert stands, and why.
func (h *HL7) flowsheet(b *strings.Builder, n *Notice, at string) {
	request := make([]string, 25)
	request[0], request[2], request[3], request[6], request[24] = "1", escapes.Replace(n.Key())+"^VIGIL", h.code(n), at, "F"
	b.WriteString(segment("OBR", request...))
	note(b, n)
	row := 0
	add := func(kind, code, value, unit, limit, flag string) {
		row++
		b.WriteString(segment("OBX", fmt.Sprint(row), kind, code, "", value, unit, limit, flag, "", "", "F", "", "", at, "", "", "", "VIGIL"))
	}
	flag := map[string]string{"high": "HH", "medium": "H", "low": "H"}[n.Severity]
	if !n.Open() {
		flag = "N"
	}
	if !n.technical() {
		unit := "1^no unit^UCUM"
		if n.Kind == alerts.KindScore {
			unit = "{score}^points^UCUM"
		}
		limit := "<" + number(n.Threshold)
		add("NM", h.code(n), number(n.Value), unit, limit, flag)
	}
	add("ST", "severity^severity of the alert^99VIGIL", n.Severity, "", "", "")
	add("ST", "phase^phase of the alert^99VIGIL", string(n.Phase), "", "", "")
	add("TX", "reason^reason of the alert^99VIGIL", escapes.Replace(n.Reason), "", "", "")
}

// alarm is the alert in the facets of IHE ACM. A risk or a score is an advisory of priority PN unless the site says
// otherwise; missing data are technical. Each revision has an id of its own in OBR-3; the first one's is that of the
// alert, and the others name it as their parent in OBR-29.
func (h *HL7) alarm(b *strings.Builder, n *Notice, at string) {
	request := make([]string, 29)
	request[0], request[2], request[3], request[6] = "1", escapes.Replace(n.ID)+"^VIGIL", "196616^MDC_EVT_ALARM^MDC", at
	if n.Phase != schemas.PhaseStart {
		request[2] = escapes.Replace(n.Key()) + "^VIGIL"
		request[28] = "^" + escapes.Replace(n.ID) + "&VIGIL"
	}
	b.WriteString(segment("OBR", request...))
	note(b, n)
	event, kind, priority := "196648^MDC_EVT_HI^MDC", "SA", "PN"
	if n.technical() {
		event, kind = "196616^MDC_EVT_ALARM^MDC", "ST"
	}
	if h.settings.Priority == "severity" {
		priority = map[string]string{"high": "PH", "medium": "PM", "low": "PL"}[n.Severity]
	}
	state, inactivation := "active", "enabled"
	if !n.Open() {
		state = "inactive"
	}
	switch {
	case n.snoozed():
		inactivation = "alarm-paused"
	case n.acknowledged():
		inactivation = "alert-acknowledged"
	}
	for i, facet := range [][3]string{
		{"ST", event, escapes.Replace(n.Reason)},
		{"CWE", "68480^MDC_ATTR_ALERT_SOURCE^MDC", h.code(n)},
		{"ST", "68481^MDC_ATTR_EVENT_PHASE^MDC", string(n.Phase)},
		{"ST", "68482^MDC_ATTR_ALARM_STATE^MDC", state},
		{"ST", "68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC", inactivation},
		{"ST", "68484^MDC_ATTR_ALARM_PRIORITY^MDC", priority},
		{"ST", "68485^MDC_ATTR_ALERT_TYPE^MDC", kind},
	} {
		b.WriteString(segment("OBX", fmt.Sprint(i+1), facet[0], facet[1], fmt.Sprintf("1.0.0.0.%d", i+1), facet[2], "", "", "", "", "", "F", "", "", at, "", "", "", "VIGIL"))
	}
}
