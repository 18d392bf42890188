package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders/boost"
	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/encoders/ecg/annotated"
	"github.com/vigil-icu/vigil/encoders/ecg/classifier"
	"github.com/vigil-icu/vigil/encoders/ecg/training"
	"github.com/vigil-icu/vigil/fusion/score"
	"github.com/vigil-icu/vigil/schemas"
)

// encodersEvaluateECG gives the user what the QRS detector and the classifier of strips are worth on
// annotated records.
func encodersEvaluateECG() *cobra.Command {
	var o ecgOptions
	cmd := &cobra.Command{
		Use: "ecg DIR", Short: "Judge the QRS detector and the findings on WFDB records with annotations",
		Example: `  vigil encoders evaluate ecg mitdb
  vigil encoders evaluate ecg mitdb --exclude 102,104,107,217    without the paced ones
  vigil encoders evaluate ecg mitdb --json | tail -n 1`,
		Long: `Finds all records below DIR that have a .atr file, WFDB records (.hea) and DICOM waveforms
(.dcm), and judges

  QRS    the beats found in the first lead, with the second as witness, of whole records:
         sensitivity and positive predictivity, within 150 ms of an annotated beat
         (ANSI/AAMI EC57); not within ventricular flutter
  V, S   ectopic beats of the ventricles (V, E, r), early ones from above (A, a, J, S)
  AF     fibrillation or flutter of the atria

the last three on strips of 10 seconds of all leads, by the area under the ROC curve.

Vigil is ` + schemas.Notice + ".",
		Args: folderArgument("vigil encoders evaluate ecg"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = args[0]
			return o.evaluate(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringSliceVar(&o.exclude, "exclude", nil, "records that do not count, by name")
	cmd.Flags().BoolVar(&o.json, "json", false, "end with one JSON object on stdout")
	return cmd
}

// encodersTrainECG gives the user new weights of the classifier of strips.
func encodersTrainECG() *cobra.Command {
	var o ecgOptions
	var out string
	cmd := &cobra.Command{
		Use: "ecg DIR", Short: "Fit the classifier of ECG strips to WFDB records with annotations",
		Example: `  vigil encoders train ecg mitdb                     what it is worth on other patients
  vigil encoders train ecg mitdb --out weights.json  ... and weights fitted to all of them
  vigil encoders train ecg mitdb --network           ... and a network beside the trees`,
		Long: `Fits the classifier without the patients of one fold, judges it on these, and so on for all
folds; then, for --out, to all records. The weights in the program were made this way.

With --network a small convolutional network of the samples around each beat is fitted in each
fold too, and a second table has the trees, the network and the mean of both for V and S, and how
much better the mean is than the trees alone, with an interval over 1,000 resamples of the
patients. The network is in no weights; it takes ten times as long as the trees.

Vigil is ` + schemas.Notice + ".",
		Args: folderArgument("vigil encoders train ecg"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = args[0]
			return o.train(cmd.Context(), out, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringSliceVar(&o.exclude, "exclude", nil, "records that do not count, by name")
	cmd.Flags().IntVar(&o.folds, "folds", 5, "into which the patients are divided")
	cmd.Flags().StringVar(&out, "out", "", "file for the weights, JSON")
	cmd.Flags().BoolVar(&o.network, "network", false, "fit a network in each fold too, and compare")
	return cmd
}

// folderArgument takes one folder.
func folderArgument(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return boot.Usage(fmt.Errorf("`%s` takes one folder, found %d arguments: see `%s --help`", command, len(args), command))
		}
		return nil
	}
}

// ecgOptions are the arguments of the commands above.
type ecgOptions struct {
	dir     string
	exclude []string
	json    bool
	folds   int
	network bool
}

// each opens every record that counts, and says on stderr which do not.
func (o *ecgOptions) each(ctx context.Context, stderr io.Writer, f func(*annotated.Recording) error) error {
	if info, err := os.Stat(o.dir); err != nil || !info.IsDir() {
		return boot.Usage(fmt.Errorf("there is no folder %s: name one with WFDB records (NAME.hea, NAME.atr and their signal files)", o.dir))
	}
	fsys := os.DirFS(o.dir)
	records, bare, err := annotated.Find(fsys)
	if err != nil {
		return boot.Failure(err)
	}
	if len(bare) > 0 {
		fmt.Fprintf(stderr, "%d headers have no .%s beside them and do not count: %s\n", len(bare), annotated.Extension, some(bare))
	}
	if len(records) == 0 {
		return boot.Usage(fmt.Errorf("%s holds no record with annotations: want NAME.hea or NAME.dcm and NAME.%s, in any folder below it", o.dir, annotated.Extension))
	}
	for _, name := range o.exclude {
		if !slices.ContainsFunc(records, func(r string) bool { return path.Base(r) == name || r == name }) {
			return boot.Usage(fmt.Errorf("--exclude %s: there is no such record in %s, which holds %s", name, o.dir, some(records)))
		}
	}
	for i, name := range records {
		if slices.Contains(o.exclude, path.Base(name)) || slices.Contains(o.exclude, name) {
			continue
		}
		if ctx.Err() != nil {
			return boot.Interrupted()
		}
		fmt.Fprintf(stderr, "%d of %d: %s\n", i+1, len(records), name)
		r, err := annotated.Open(fsys, name)
		if err != nil {
			return boot.Problems(fmt.Errorf("%w; --exclude %s leaves it out", err, path.Base(name)))
		}
		err = f(r)
		r.Close()
		if err != nil {
			return boot.Problems(fmt.Errorf("%w; --exclude %s leaves it out", err, path.Base(name)))
		}
	}
	return nil
}

// some names the first few of a list.
func some(list []string) string {
	if len(list) > 8 {
		return strings.Join(list[:8], ", ") + fmt.Sprintf(" and %d more", len(list)-8)
	}
	return strings.Join(list, ", ")
}

// ecgRow is the line of a record in the table, or of all together.
type ecgRow struct {
	name      string
	detection annotated.Detection
	strips    []training.Judged
}

func (o *ecgOptions) evaluate(ctx context.Context, stdout, stderr io.Writer) error {
	shipped := classifier.Shipped()
	reader := classifier.NewReader(shipped)
	var rows []ecgRow
	var detector ecg.Witnessed
	var seen []string
	err := o.each(ctx, stderr, func(r *annotated.Recording) error {
		row := ecgRow{name: r.Name}
		var err error
		if row.detection, err = annotated.Detect(r, &detector); err != nil {
			return err
		}
		if slices.Contains(shipped.Records, r.Name) {
			seen = append(seen, r.Name)
		}
		err = r.EachStrip(func(s *annotated.Strip) error {
			row.strips = append(row.strips, training.Judged{Record: r.Name, Findings: reader.Read(s.Strip), Truth: s.Truth})
			return nil
		})
		rows = append(rows, row)
		return err
	})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return boot.Usage(errors.New("--exclude leaves no record"))
	}
	if len(seen) > 0 {
		fmt.Fprintf(stderr, "the findings were fitted to records of these names, so that V, S and AF are no test of them: %s\n", strings.Join(seen, ", "))
	}
	total := ecgRow{name: "all"}
	for _, row := range rows {
		total.detection.Add(row.detection)
		total.strips = append(total.strips, row.strips...)
	}
	if err := writeECG(stdout, append(rows, total), true); err != nil || !o.json {
		return err
	}
	return json.NewEncoder(stdout).Encode(ecgReport{
		len(rows), ecgQRS{total.detection.Beats, number(total.detection.Sensitivity()), number(total.detection.Predictivity())},
		total.area(ventricular), total.area(supraventricular), total.area(fibrillation),
	})
}

// ecgReport is what --json ends with.
type ecgReport struct {
	Records int     `json:"records"`
	QRS     ecgQRS  `json:"qrs"`
	V       ecgArea `json:"v_ectopy"`
	S       ecgArea `json:"s_ectopy"`
	AF      ecgArea `json:"af"`
}

type ecgQRS struct {
	Beats        int      `json:"beats"`
	Sensitivity  *float64 `json:"sensitivity"`
	Predictivity *float64 `json:"ppv"`
}

// ecgArea is an area under the curve over so many strips; null where all have one answer.
type ecgArea struct {
	N     int      `json:"n"`
	AUROC *float64 `json:"auroc"`
}

// number is nil for what is not defined, for which JSON has no number.
func number(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}

// Questions that a strip answers: what was found, and what is true.
func ventricular(j *training.Judged) (float64, bool) {
	return j.Findings.Ventricular, j.Truth.Ventricular
}

func supraventricular(j *training.Judged) (float64, bool) {
	return j.Findings.Supraventricular, j.Truth.Supraventricular
}

func fibrillation(j *training.Judged) (float64, bool) {
	return j.Findings.Fibrillation, j.Truth.Fibrillation
}

func (r *ecgRow) area(question func(*training.Judged) (float64, bool)) ecgArea {
	var found []float64
	var truth []bool
	for i := range r.strips {
		p, yes := question(&r.strips[i])
		found, truth = append(found, p), append(truth, yes)
	}
	return ecgArea{len(found), number(score.AUROC(found, truth))}
}

// writeECG prints the table. A dash is a figure that is not defined: a record without such strips,
// or with nothing else.
func writeECG(out io.Writer, rows []ecgRow, qrs bool) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	figure := func(x *float64, format string) string {
		if x == nil {
			return "-"
		}
		return fmt.Sprintf(format, *x)
	}
	head := "record\tstrips\tV\tAUROC\tS\tAUROC\tAF\tAUROC\t\n"
	if qrs {
		head = "record\tbeats\tsensitivity\tPPV\tstrips\tV\tAUROC\tS\tAUROC\tAF\tAUROC\t\n"
	}
	fmt.Fprint(t, head)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t", r.name)
		if qrs {
			d := r.detection
			percent := func(x float64) *float64 { return number(100 * x) }
			fmt.Fprintf(t, "%d\t%s\t%s\t", d.Beats, figure(percent(d.Sensitivity()), "%.2f"), figure(percent(d.Predictivity()), "%.2f"))
		}
		fmt.Fprintf(t, "%d\t", len(r.strips))
		for _, question := range []func(*training.Judged) (float64, bool){ventricular, supraventricular, fibrillation} {
			n := 0
			for i := range r.strips {
				if _, yes := question(&r.strips[i]); yes {
					n++
				}
			}
			fmt.Fprintf(t, "%d\t%s\t", n, figure(r.area(question).AUROC, "%.3f"))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

func (o *ecgOptions) train(ctx context.Context, out string, stdout, stderr io.Writer) error {
	var recordings []*training.Recording
	err := o.each(ctx, stderr, func(r *annotated.Recording) error {
		rec, err := training.Read(r)
		recordings = append(recordings, rec)
		return err
	})
	if err != nil {
		return err
	}
	judged, err := training.Cross(recordings, o.folds, o.network, func(fold int) error {
		fmt.Fprintf(stderr, "fold %d of %d\n", fold+1, o.folds)
		return ctx.Err()
	})
	if ctx.Err() != nil {
		return boot.Interrupted()
	}
	if err != nil {
		return boot.Usage(fmt.Errorf("--folds: %w", err))
	}
	var rows []ecgRow
	for _, rec := range recordings {
		row := ecgRow{name: rec.Name}
		for _, j := range judged {
			if j.Record == rec.Name {
				row.strips = append(row.strips, j)
			}
		}
		rows = append(rows, row)
	}
	if err := writeECG(stdout, append(rows, ecgRow{name: "all", strips: judged}), false); err != nil {
		return err
	}
	if o.network {
		if err := writeNetworks(stdout, judged); err != nil {
			return err
		}
	}
	if out == "" {
		return nil
	}
	b, err := encodeWeights(training.Fit(recordings))
	if err != nil {
		return boot.Failure(err)
	}
	if err := os.WriteFile(out, b, 0o644); err != nil {
		return boot.Usage(fmt.Errorf("--out: %w", err))
	}
	fmt.Fprintln(stderr, "weights in", out)
	return nil
}

// writeNetworks prints what the trees, the networks and both are worth on ectopic beats.
func writeNetworks(out io.Writer, judged []training.Judged) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nAUROC\ttrees\tnetwork\tmean of both\tmean less trees\n")
	for _, question := range []struct {
		name   string
		answer func(*training.Judged) (float64, bool)
	}{{"V", ventricular}, {"S", supraventricular}} {
		var trees, network, both []float64
		var truth []bool
		var patient []string
		for _, j := range judged {
			p, yes := question.answer(&j)
			trees, truth, patient = append(trees, p), append(truth, yes), append(patient, j.Patient)
			j.Findings = j.Network
			p, _ = question.answer(&j)
			network = append(network, p)
			j.Findings = j.Both
			p, _ = question.answer(&j)
			both = append(both, p)
		}
		more := score.Bootstrap{Draws: 1000, Seed: 1}.Difference(score.AUROC, both, trees, truth, patient)
		fmt.Fprintf(t, "%s\t%.3f\t%.3f\t%.3f\t%+.4f (%+.4f to %+.4f)\n", question.name,
			score.AUROC(trees, truth), score.AUROC(network, truth), score.AUROC(both, truth), more.Value, more.Low, more.High)
	}
	return t.Flush()
}

// encodeWeights is JSON with a line for each tree.
func encodeWeights(c *classifier.Classifier) ([]byte, error) {
	for _, e := range []*boost.Ensemble{c.Ventricular, c.Supraventricular, c.Fibrillation} {
		for _, t := range e.Trees {
			for i, x := range t.Threshold { // as exact as they need be, in half of the bytes
				t.Threshold[i] = rounded(x)
			}
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return []byte(strings.ReplaceAll(string(b), `{"f":`, "\n"+`{"f":`) + "\n"), nil
}

// rounded has five digits.
func rounded(x float32) float32 {
	var y float32
	fmt.Sscan(fmt.Sprintf("%.5g", x), &y)
	return y
}
