package evaluate

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/vigil-icu/vigil/alerts/judge"
)

// WriteText writes a report of usefulness as a table.
func (r *UsefulnessReport) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d stays, %.1f patient-days; what came of it is known of %d stays, of which %d ended in death\n\n", r.Stays, float64(r.PatientDays), r.Outcomes, r.Deaths)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "rule\tseverity\talerts\tstays\ta patient-day\tacknowledged\tafter, min\topen, min\tuseful\tnot useful\tknown\tother\tuseful of judged\tPPV\trecall")
	for i := range r.Rules {
		u := &r.Rules[i]
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", u.Task, u.Severity, u.Alerts, u.Stays, written(u.PerPatientDay, 3),
			written(u.Acknowledged, 2), written(u.AckMinutes, 0), written(u.OpenMinutes, 0), u.Useful, u.NotUseful, u.Known, u.Other, written(u.Share, 2), written(u.PPV, 2), written(u.Recall, 2))
	}
	t.Flush()
	fmt.Fprintf(&b, "\nPPV and recall are of stays that ended in death. %s\n", r.Notice)
	_, err := io.WriteString(w, b.String())
	return err
}

// written is a number for people, "-" for none.
func written(n judge.Number, digits int) string {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return strconv.FormatFloat(float64(n), 'f', digits, 64)
}
