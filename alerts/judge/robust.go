package judge

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// RobustHours are those at which a model with less is judged.
var RobustHours = []int{2, 12, 24, 48}

// Robustness is what a model is worth with less: a table with a row for each way to have less.
type Robustness struct {
	Model   string   `json:"model"`
	Name    string   `json:"name"`
	Data    []string `json:"data"`
	Draws   int      `json:"draws"`
	Seed    uint64   `json:"seed"`
	Stays   int      `json:"stays"`
	Events  int      `json:"events"`
	Skipped int      `json:"patients_seen_in_training"`
	Rows    []Less   `json:"rows"`
	Notice  string   `json:"notice"`
}

// Less is a row: what there was less of, and the model's quality by the hour of the stay.
type Less struct {
	Less  string             `json:"less"`
	Hours map[string]*AtHour `json:"hours"`
}

// AtHours judges a task's risks at hours of the stay, without the curves.
func AtHours(stays []Stay, task string, hours []int, s Settings) map[string]*AtHour {
	at := map[string]*AtHour{}
	for _, h := range hours {
		a := s.at(samplesAt(stays, riskOf(task), h, nil), true, s.Draws)
		a.Curve = nil
		at[strconv.Itoa(h)] = a
	}
	return at
}

// WriteText writes the table for people.
func (r *Robustness) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "model %.12s (%s) on %s: %d stays, %d end in death in hospital; AUROC by the hour of the stay, %% without a number at hour 24\n", r.Model, r.Name, strings.Join(r.Data, ", "), r.Stays, r.Events)
	fmt.Fprint(t, "less")
	for _, h := range RobustHours {
		fmt.Fprintf(t, "\thour %d", h)
	}
	fmt.Fprintln(t, "\tAUPRC at 48\tslope at 48\tno number")
	for _, row := range r.Rows {
		fmt.Fprint(t, row.Less)
		for _, h := range RobustHours {
			a := row.Hours[strconv.Itoa(h)]
			fmt.Fprintf(t, "\t%s", span(a.AUROC, a.AUROCLow, a.AUROCHigh))
		}
		last := row.Hours["48"]
		fmt.Fprintf(t, "\t%s\t%s\t%s\n", plain(last.AUPRC), plain(last.Slope), row.silent())
	}
	fmt.Fprintln(t, r.Notice)
	return t.Flush()
}

// Markdown is the table for the README, in percent.
func (r *Robustness) Markdown() string {
	var b strings.Builder
	b.WriteString("| less |")
	for _, h := range RobustHours {
		fmt.Fprintf(&b, " hour %d |", h)
	}
	b.WriteString(" AUPRC at 48 | slope at 48 | no number at 24 |\n|" + strings.Repeat("---|", len(RobustHours)+4) + "\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s |", row.Less)
		for _, h := range RobustHours {
			a := row.Hours[strconv.Itoa(h)]
			if plain(a.AUROC) == "-" {
				b.WriteString(" - |")
				continue
			}
			fmt.Fprintf(&b, " %s (%s to %s) |", percent(a.AUROC), percent(a.AUROCLow), percent(a.AUROCHigh))
		}
		last := row.Hours["48"]
		fmt.Fprintf(&b, " %s | %s | %s |\n", percent(last.AUPRC), plain(last.Slope), row.silent())
	}
	return b.String()
}

// silent is the share of stays of which the model said nothing at hour 24.
func (l *Less) silent() string {
	a := l.Hours[strconv.Itoa(groupHour)]
	if a.N+a.Indeterminate == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(a.Indeterminate)/float64(a.N+a.Indeterminate))
}

// percent is a share for people, "-" for none.
func percent(n Number) string {
	if plain(n) == "-" {
		return "-"
	}
	return strconv.FormatFloat(100*float64(n), 'f', 1, 64)
}
