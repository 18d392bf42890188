// Package api is what the page of a unit asks, and what any other program may: HTTP under
// /api/v1, described by an OpenAPI document at /api/v1/openapi.json.
//
// A [Service] follows the topics as any subscriber does and never reads the store: scores, alerts,
// movements and dead letters from their last records on, and of one patient, when somebody looks,
// the patient log. Of the whole unit as of a moment it reads the same last records again, as far as that
// moment. What it holds is bounded. A page keeps one stream open (server-sent events)
// that begins with the whole unit and goes on with what changes; who lost the connection names the
// last event and gets what came since. A reader that does not keep up is dropped and slows nobody.
//
// Who may do what: without tokens the service answers loopback addresses alone, and who sits at
// the machine is a clinician. With tokens everybody needs one, also there. A token has a role, of
// viewer, clinician and admin, and may be for some units only. What no rule allows is refused.
// Each command and each view of a patient goes to an audit log (alerts/audit) before it is
// answered; where that cannot be written, nothing is shown. Errors and logs name no patient.
//
// Left to others: the page itself (alerts/bedside/web), the listening and its TLS (cmd/vigil), how
// an answer becomes part of the log (icu.commands.v1 and the Step behind it).
package api
