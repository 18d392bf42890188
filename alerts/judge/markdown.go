package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// readmeHours are those of the README's table.
var readmeHours = []int{1, 2, 4, 8, 12, 24, 36, 48}

// Markdown is the table for the README, in percent: what a task's risks are worth by the hour of the
// stay, beside those of another model on the same stays (nil for none) and NEWS2. Reports of other
// data are refused.
func (r *Report) Markdown(task, name string, other *Report) (string, error) {
	if other != nil && !slices.Equal(r.Data, other.Data) {
		return "", fmt.Errorf("the reports are of other data, %v and %v: a table is of one set of stays", r.Data, other.Data)
	}
	var b strings.Builder
	b.WriteString("| hour | AUROC | AUPRC | mean risk, observed | slope |")
	columns := 6
	if other != nil {
		fmt.Fprintf(&b, " `%s`: AUROC | its slope |", name)
		columns += 2
	}
	b.WriteString(" NEWS2: AUROC |\n|" + strings.Repeat("---|", columns) + "\n")
	for _, h := range readmeHours {
		hour := strconv.Itoa(h)
		a, err := r.atHour(r.Tasks[task], hour)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %d | %s (%s to %s) | %s | %s, %s | %.2f |", h, percent(a.AUROC), percent(a.AUROCLow), percent(a.AUROCHigh), percent(a.AUPRC), percent(a.Mean), percent(a.Observed), a.Slope)
		if other != nil {
			o, err := other.atHour(other.Tasks[task], hour)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, " %s | %.2f |", percent(o.AUROC), o.Slope)
		}
		news, err := r.atHour(r.Baselines["news2"], hour)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, " %s |\n", percent(news.AUROC))
	}
	return b.String(), nil
}

// atHour is what a report says of an hour.
func (r *Report) atHour(q *Quality, hour string) (*AtHour, error) {
	if q == nil || q.Hours[hour] == nil {
		return nil, fmt.Errorf("the report of model %.12s has nothing at hour %s of the stay, which the table tells", r.Model, hour)
	}
	return q.Hours[hour], nil
}

// Told are the sentences that stand below the table in the README.
func (r *Report) Told(task string) (string, error) {
	q, news := r.Tasks[task], r.Baselines["news2"]
	if q == nil || news == nil || q.Alerts["policy"] == nil || news.Alerts["policy"] == nil {
		return "", fmt.Errorf("the report of model %.12s has no alarms of %s and NEWS2 by the policy", r.Model, task)
	}
	first, err := r.atHour(q, "1")
	if err != nil {
		return "", err
	}
	p, n := q.Alerts["policy"], news.Alerts["policy"]
	whole := func(n Number) string { return strconv.FormatFloat(100*float64(n), 'f', 0, 64) }
	return fmt.Sprintf(`At hour 1 it gives no number for %d of them. By the shipped policy it alarms %.3f times a
patient-day, in %s %% (%s to %s) of the stays that end in death; %s %% (%s to %s) of first alarms are of such stays. NEWS2 by
its policy alarms %.2f times a patient-day, in %s %%, and %s %% of first alarms are of such stays`,
		first.Indeterminate, p.PerPatientDay, whole(p.Recall), whole(p.RecallLow), whole(p.RecallHigh), whole(p.FirstPPV), whole(p.FirstPPVLow), whole(p.FirstPPVHigh),
		n.PerPatientDay, whole(n.Recall), whole(n.FirstPPV)), nil
}
