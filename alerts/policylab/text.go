package policylab

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/vigil-icu/vigil/alerts/judge"
)

// mostRows is how many rows of the frontier a table has; those between are left out evenly.
const mostRows = 16

// WriteText writes a report as a table: the policy in force, the frontier, and with all every policy.
func WriteText(w io.Writer, r *Report, all bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d policies on %d stays of %d patients, %.0f patient-days (%s); alarms of %s, severity %s or above\n",
		r.Tried, r.Stays, r.Patients, float64(r.PatientDays), strings.Join(r.Data, ", "), r.Task, r.Severity)
	fmt.Fprintf(&b, "%d stays come to the outcome, death in hospital; of %d it is not known\n", r.Events, r.Unknown)
	if r.LeftOut > 0 {
		fmt.Fprintf(&b, "%d combinations of the grid are no policy, as a high level below the medium one, and were left out\n", r.LeftOut)
	}
	var rows []*Result
	for i := range r.Policies {
		if p := &r.Policies[i]; all || p.InForce && !p.Frontier {
			rows = append(rows, p)
		}
	}
	if !all {
		rows = append(rows, thinned(r.Frontier())...)
	}
	b.WriteString("\n")
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "id\ta patient-day\trecall\tlead, hours\tprecision\tfirst-alarm PPV\tever alerted\t\tpolicy")
	for _, p := range rows {
		mark := ""
		if p.Frontier {
			mark = "frontier"
		}
		if p.InForce {
			mark = strings.TrimPrefix(mark+", in force", ", ")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, plain(p.PerPatientDay), span(p.Recall, p.RecallLow, p.RecallHigh),
			hours(p.Lead, p.LeadLow, p.LeadHigh), plain(p.Precision), plain(p.FirstPPV), plain(p.Alerted), mark, p.Name)
	}
	t.Flush()
	if n := len(r.Frontier()); !all && n > mostRows {
		fmt.Fprintf(&b, "\nthe frontier has %d policies, of which %d are shown: --all prints every one\n", n, mostRows)
	}
	fmt.Fprintf(&b, "\n%s\n", r.Notice)
	_, err := io.WriteString(w, b.String())
	return err
}

// thinned is a list of at most mostRows, the ends among them.
func thinned(list []*Result) []*Result {
	if len(list) <= mostRows {
		return list
	}
	var some []*Result
	for i := range mostRows {
		some = append(some, list[i*(len(list)-1)/(mostRows-1)])
	}
	return some
}

// plain is a number for people, "-" for none.
func plain(n judge.Number) string { return fixed(n, 3) }

func fixed(n judge.Number, digits int) string {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return strconv.FormatFloat(float64(n), 'f', digits, 64)
}

// span is a number with its interval.
func span(n, low, high judge.Number) string {
	if plain(n) == "-" || plain(low) == "-" {
		return plain(n)
	}
	return fmt.Sprintf("%s (%s to %s)", plain(n), plain(low), plain(high))
}

// hours are a median and quartiles.
func hours(n, low, high judge.Number) string {
	if fixed(n, 0) == "-" {
		return "-"
	}
	return fmt.Sprintf("%s [%s, %s]", fixed(n, 0), fixed(low, 0), fixed(high, 0))
}
