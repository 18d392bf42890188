package judge

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteText writes a report as tables.
func WriteText(w io.Writer, r *Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "model %.12s (%s), policy %.12s, on %s, values from when they were %s\n", r.Model, r.Name, r.Policy, strings.Join(r.Data, ", "), r.TimeBasis)
	if len(r.Withheld) > 0 || r.Dropped > 0 || r.Delays > 0 {
		fmt.Fprintf(&b, "withheld: %s; %.0f %% of the other observations lost; delays times %g\n", orNothing(strings.Join(r.Withheld, ", ")), 100*r.Dropped, max(r.Delays, 1))
	}
	if r.Corrupted > 0 || r.Gap > 0 {
		fmt.Fprintf(&b, "%.0f %% of the vital signs are artefacts; nothing arrives in the %g hours before hour 24\n", 100*r.Corrupted, r.Gap)
	}
	if r.Skipped+r.Unknown > 0 {
		fmt.Fprintf(&b, "left out: %d patients that the model has learned from, %d stays without an outcome\n", r.Skipped, r.Unknown)
	}
	r.each(func(name string, q *Quality) {
		fmt.Fprintf(&b, "\n%s: %d stays of %d patients, %d end in death in hospital; %.0f patient-days\n", name, q.N, q.Patients, q.Events, float64(q.PatientDays))
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "hour\tstays\tdeaths\tno number\tAUROC\tAUPRC\tBrier\tslope\tintercept\tmean risk\tobserved")
		for _, name := range q.hours() {
			a := q.Hours[name]
			if name == "all" {
				a = q.All
			}
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, a.N, a.Events, a.Indeterminate, span(a.AUROC, a.AUROCLow, a.AUROCHigh), span(a.AUPRC, a.AUPRCLow, a.AUPRCHigh),
				plain(a.Brier), span(a.Slope, a.SlopeLow, a.SlopeHigh), span(a.Intercept, a.InterceptLow, a.InterceptHigh), plain(a.Mean), plain(a.Observed))
		}
		fmt.Fprintln(t, "\nalarms\tthreshold\trecall\tprecision\ta patient-day\tfirst-alarm PPV\tever alerted\tlead, hours")
		for _, name := range q.points() {
			o := q.Alerts[name]
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, plain(o.Threshold), span(o.Recall, o.RecallLow, o.RecallHigh), span(o.Precision, o.PrecisionLow, o.PrecisionHigh),
				plain(o.PerPatientDay), span(o.FirstPPV, o.FirstPPVLow, o.FirstPPVHigh), plain(o.Alerted), plain(o.Lead))
		}
		if len(q.Groups) > 0 {
			fmt.Fprintln(t, "\nat hour 24\tstays\tdeaths\tAUROC\tAUPRC\tslope\tmean risk\tobserved")
			for _, name := range slices.Sorted(maps.Keys(q.Groups)) {
				a := q.Groups[name]
				fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", name, a.N, a.Events, span(a.AUROC, a.AUROCLow, a.AUROCHigh), span(a.AUPRC, a.AUPRCLow, a.AUPRCHigh),
					span(a.Slope, a.SlopeLow, a.SlopeHigh), plain(a.Mean), plain(a.Observed))
			}
		}
		t.Flush()
		if words := q.missing(); words != "" {
			fmt.Fprintf(&b, "\n%s\n", words)
		}
	})
	if r.Charted != nil {
		b.WriteString("\nwith values known when they were charted, which no live run can have\n")
		if err := WriteText(&b, r.Charted); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(&b, "\n%s\n", r.Notice)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// orNothing is text, or a word for none.
func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// each calls visit with what was judged: the model's tasks, then what stands beside them.
func (r *Report) each(visit func(name string, q *Quality)) {
	for _, m := range []map[string]*Quality{r.Tasks, r.Baselines} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			visit(name, m[name])
		}
	}
}

// missing says which components of a plain score were not known, and how often.
func (q *Quality) missing() string {
	if len(q.Missing) == 0 {
		return ""
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(q.Missing)) {
		list = append(list, fmt.Sprintf("%s %.0f %%", name, 100*float64(q.Missing[name])))
	}
	return "not known, and counted 0, at this share of full hours: " + strings.Join(list, ", ")
}

// hours are the names of the hours in their order, and "all".
func (q *Quality) hours() (names []string) {
	for _, h := range Hours {
		names = append(names, strconv.Itoa(h))
	}
	return append(names, "all")
}

// points are the names of the operating points in a fixed order.
func (q *Quality) points() (names []string) {
	names = append(names, "policy")
	if q.Alerts["policy"] == nil { // a score for which the policy has no rule
		names = nil
	}
	for _, name := range slices.Sorted(maps.Keys(q.Alerts)) {
		if name != "policy" {
			names = append(names, name)
		}
	}
	return names
}

// plain is a number for people, "-" for none.
func plain(n Number) string {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return strconv.FormatFloat(float64(n), 'f', 3, 64)
}

// span is a number with its interval.
func span(n, low, high Number) string {
	if plain(n) == "-" || plain(low) == "-" {
		return plain(n)
	}
	return fmt.Sprintf("%s (%s to %s)", plain(n), plain(low), plain(high))
}
