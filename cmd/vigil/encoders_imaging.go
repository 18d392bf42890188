package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/encoders/imaging/labelled"
	"github.com/vigil-icu/vigil/encoders/imaging/training"
	"github.com/vigil-icu/vigil/fusion/score"
	"github.com/vigil-icu/vigil/schemas"
)

// encodersEvaluateImaging gives the user what the encoder of chest films is worth on labelled ones.
func encodersEvaluateImaging() *cobra.Command {
	var o imagingOptions
	cmd := &cobra.Command{
		Use: "imaging FILE.npz|DIR", Short: "Judge the encoder of chest films on labelled ones", Args: oneArgument("vigil encoders evaluate imaging", "file or folder"),
		Example: `  vigil encoders evaluate imaging pneumoniamnist.npz
  vigil encoders evaluate imaging chest_xray --part test
  vigil encoders evaluate imaging films --json | tail -n 1`,
		Long: `Reads labelled films: arrays of MedMNIST's form (X_images and X_labels in a .npz), or all below
DIR: such arrays, images (DICOM, PNG, JPEG) in folders NORMAL and PNEUMONIA (or 0 and 1), or
images with a labels.csv (file,label) beside them. For each part of the set it prints

  AUROC       of the probability of pneumonia, with its 95 % interval by 1,000 resamples
  Brier       mean squared difference of probability and truth
  intercept   and slope of truth by the logit of the probability: 0 and 1 where it is calibrated
              for a prevalence of one half; other prevalences move the intercept alone
  ms          for a film, on this machine

and how many films the weights were fitted to, which are no test of them. --json ends with the
figures of --part, by default of test, or else val, or else of all films. The encoder is of low fidelity.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.evaluate(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&o.part, "part", "", "the part that --json tells, as test")
	cmd.Flags().BoolVar(&o.json, "json", false, "end with one JSON object on stdout")
	return cmd
}

// encodersTrainImaging gives the user new weights of the networks of chest films.
func encodersTrainImaging() *cobra.Command {
	var o imagingOptions
	cmd := &cobra.Command{
		Use: "imaging FILE.npz|DIR", Short: "Fit the networks of chest films to labelled ones", Args: oneArgument("vigil encoders train imaging", "file or folder"),
		Example: `  vigil encoders train imaging pneumoniamnist_train_val.npz                     what they are worth
  vigil encoders train imaging pneumoniamnist_train_val.npz --out weights.json  ... and the weights`,
		Long: `Fits a network to the films without those of one fold, judges it on these, and so on for all
folds; together the networks are the classifier, whose weights are the file of --out. The
weights in the program were made this way. A part test is left out.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.train(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().IntVar(&o.folds, "folds", 4, "into which the films are divided")
	cmd.Flags().IntVar(&o.epochs, "epochs", training.Default.Epochs, "times that as many films are shown as there are")
	cmd.Flags().StringVar(&o.out, "out", "", "file for the weights, JSON")
	return cmd
}

// imagingOptions are the flags of the commands above.
type imagingOptions struct {
	part          string
	json          bool
	folds, epochs int
	out           string
}

// eachFilm calls f for each labelled film of a file or a folder.
func eachFilm(ctx context.Context, name string, f func(*labelled.Item) error) error {
	info, err := os.Stat(name)
	if err != nil {
		return boot.Usage(fmt.Errorf("there is no %s: name a .npz file or a folder of labelled films", name))
	}
	counted := func(i *labelled.Item) error {
		if ctx.Err() != nil {
			return boot.Interrupted()
		}
		return f(i)
	}
	if info.IsDir() {
		err = labelled.Folder(os.DirFS(name), counted)
	} else {
		var in *os.File
		if in, err = os.Open(name); err != nil {
			return boot.Usage(err)
		}
		defer in.Close()
		err = labelled.NPZ(in, info.Size(), counted)
	}
	if ctx.Err() != nil {
		return boot.Interrupted()
	}
	if err != nil {
		return boot.Problems(fmt.Errorf("%s: %w", name, err))
	}
	return nil
}

// films are the judged ones of a part, or of all.
type films struct {
	part          string
	probability   []float64
	pneumonia     []bool
	names         []string
	unused, torn  int
	seen          int
	took          time.Duration
	area          score.Interval
	brier         float64
	intercept, by float64
}

func (f *films) add(o *films) {
	f.probability, f.pneumonia, f.names = append(f.probability, o.probability...), append(f.pneumonia, o.pneumonia...), append(f.names, o.names...)
	f.unused, f.torn, f.seen, f.took = f.unused+o.unused, f.torn+o.torn, f.seen+o.seen, f.took+o.took
}

// judge makes the figures.
func (f *films) judge() {
	for i := range f.names { // each film for itself: nobody says whose it is
		f.names[i] = fmt.Sprint(i)
	}
	f.area = score.Bootstrap{Draws: 1000, Seed: 1}.Interval(score.AUROC, f.probability, f.pneumonia, f.names)
	f.brier = score.Brier(f.probability, f.pneumonia)
	f.intercept, f.by = score.Calibrate(f.probability, f.pneumonia)
}

func (o *imagingOptions) evaluate(ctx context.Context, name string, stdout, stderr io.Writer) error {
	shipped := imaging.Shipped()
	var parts []*films
	err := eachFilm(ctx, name, func(i *labelled.Item) error {
		at := slices.IndexFunc(parts, func(f *films) bool { return f.part == i.Part })
		if at < 0 {
			parts = append(parts, &films{part: i.Part})
			at = len(parts) - 1
		}
		f := parts[at]
		if i.Err != nil {
			f.torn++
			fmt.Fprintf(stderr, "%s: %v\n", i.Name, i.Err)
			return nil
		}
		begin := time.Now()
		e := imaging.EncodeFilm(i.Film)
		f.took += time.Since(begin)
		p, ok := e.Value(imaging.Pneumonia)
		if !ok {
			f.unused++
			fmt.Fprintf(stderr, "%s is not used: %s\n", i.Name, e.Unused)
			return nil
		}
		if shipped.Seen.Has(i.Film.Small()) {
			f.seen++
		}
		f.probability, f.pneumonia, f.names = append(f.probability, p), append(f.pneumonia, i.Pneumonia), append(f.names, i.Name)
		return nil
	})
	if err != nil {
		return err
	}
	told := &films{part: "all"}
	for _, f := range parts {
		told.add(f)
	}
	rows := parts
	if len(parts) != 1 {
		rows = append(slices.Clone(parts), told)
	}
	wanted := []string{"test", "val"}
	if o.part != "" {
		wanted = []string{o.part}
	}
	chosen := told
	for _, part := range wanted {
		if at := slices.IndexFunc(parts, func(f *films) bool { return f.part == part }); at >= 0 {
			chosen = parts[at]
			break
		}
		if o.part != "" {
			var have []string
			for _, f := range parts {
				have = append(have, f.part)
			}
			return boot.Usage(fmt.Errorf("--part %s: %s has the parts %q", o.part, name, have))
		}
	}
	if len(chosen.probability) == 0 {
		return boot.Problems(errors.New("none of the films can be judged"))
	}
	for _, f := range rows {
		f.judge()
	}
	if len(parts) == 1 {
		told.judge()
	}
	if err := writeFilms(stdout, rows); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "encoder %s %s, %s\n", imaging.ID, imaging.Version, imaging.Fidelity)
	for _, f := range parts {
		if f.seen > 0 {
			fmt.Fprintf(stderr, "the weights were fitted to %d of the %d films of %q, which are no test of them\n", f.seen, len(f.names), f.part)
		}
	}
	if !o.json {
		return nil
	}
	return json.NewEncoder(stdout).Encode(imagingReport{
		len(chosen.probability), number(chosen.area.Value), number(chosen.area.Low), number(chosen.area.High), chosen.part,
		positives(chosen.pneumonia), number(chosen.brier), imagingCalibration{number(chosen.intercept), number(chosen.by)},
		chosen.cost(), chosen.seen, chosen.unused, chosen.torn, imaging.ID, imaging.Version,
	})
}

// imagingReport is what --json ends with.
type imagingReport struct {
	N           int                `json:"n"`
	AUROC       *float64           `json:"auroc"`
	Low         *float64           `json:"low"`
	High        *float64           `json:"high"`
	Part        string             `json:"part"`
	Pneumonia   int                `json:"pneumonia"`
	Brier       *float64           `json:"brier"`
	Calibration imagingCalibration `json:"calibration"`
	Cost        float64            `json:"ms_per_film"`
	Seen        int                `json:"fitted_to"`
	Unused      int                `json:"unused"`
	Torn        int                `json:"unreadable"`
	Encoder     string             `json:"encoder"`
	Version     string             `json:"version"`
}

type imagingCalibration struct {
	Intercept *float64 `json:"intercept"`
	Slope     *float64 `json:"slope"`
}

func positives(list []bool) (n int) {
	for _, is := range list {
		if is {
			n++
		}
	}
	return n
}

// cost is the milliseconds that a film took.
func (f *films) cost() float64 {
	return float64(f.took.Microseconds()) / 1000 / float64(max(len(f.names)+f.unused, 1))
}

func writeFilms(w io.Writer, rows []*films) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "part\tfilms\tpneumonia\tAUROC\t95 %\tBrier\tintercept\tslope\tms\tfitted to\tunused\tunreadable\t\n")
	figure := func(x float64, format string) string {
		if number(x) == nil {
			return "-"
		}
		return fmt.Sprintf(format, x)
	}
	for _, f := range rows {
		part := f.part
		if part == "" {
			part = "films"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s to %s\t%s\t%s\t%s\t%.2f\t%d\t%d\t%d\t\n", part, len(f.probability), positives(f.pneumonia),
			figure(f.area.Value, "%.4f"), figure(f.area.Low, "%.4f"), figure(f.area.High, "%.4f"), figure(f.brier, "%.4f"),
			figure(f.intercept, "%+.2f"), figure(f.by, "%.2f"), f.cost(), f.seen, f.unused, f.torn)
	}
	return t.Flush()
}

func (o *imagingOptions) train(ctx context.Context, name string, stdout, stderr io.Writer) error {
	var examples []training.Example
	var parts []string
	err := eachFilm(ctx, name, func(i *labelled.Item) error {
		if i.Err != nil {
			return fmt.Errorf("%s: %w", i.Name, i.Err)
		}
		if i.Part != "test" {
			examples, parts = append(examples, training.Example{Shades: i.Film.Small(), Pneumonia: i.Pneumonia}), append(parts, i.Part)
		}
		return nil
	})
	if err != nil {
		return err
	}
	settings := training.Default
	settings.Epochs = o.epochs
	c, judged, err := training.Cross(examples, o.folds, runtime.GOMAXPROCS(0), settings, func(fold, epoch int, loss float64) error {
		fmt.Fprintf(stderr, "fold %d of %d, epoch %d of %d: loss %.4f\n", fold+1, o.folds, epoch+1, o.epochs, loss)
		return ctx.Err()
	})
	if ctx.Err() != nil {
		return boot.Interrupted()
	}
	if err != nil {
		return boot.Usage(err)
	}
	if err := writeFolds(stdout, judged, parts, o.folds); err != nil || o.out == "" {
		return err
	}
	b, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return boot.Failure(err)
	}
	if err := os.WriteFile(o.out, append(b, '\n'), 0o644); err != nil {
		return boot.Usage(fmt.Errorf("--out: %w", err))
	}
	fmt.Fprintln(stderr, "weights in", o.out)
	return nil
}

// writeFolds prints what the networks say of films that they have not seen, by fold, by part and of
// all.
func writeFolds(w io.Writer, judged []training.Judged, parts []string, folds int) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "not fitted to\tfilms\tpneumonia\tAUROC\t95 %\t\n")
	row := func(name string, of func(i int) bool) {
		f := &films{}
		for i, j := range judged {
			if j.Fold >= 0 && of(i) {
				f.probability, f.pneumonia, f.names = append(f.probability, j.Logit), append(f.pneumonia, j.Pneumonia), append(f.names, fmt.Sprint(i))
			}
		}
		a := score.Bootstrap{Draws: 1000, Seed: 1}.Interval(score.AUROC, f.probability, f.pneumonia, f.names)
		fmt.Fprintf(t, "%s\t%d\t%d\t%.4f\t%.4f to %.4f\t\n", name, len(f.names), positives(f.pneumonia), a.Value, a.Low, a.High)
	}
	for fold := range folds {
		row(fmt.Sprint("fold ", fold+1), func(i int) bool { return judged[i].Fold == fold })
	}
	var names []string
	for _, part := range parts {
		if !slices.Contains(names, part) {
			names = append(names, part)
		}
	}
	for _, part := range names {
		row(part, func(i int) bool { return parts[i] == part })
	}
	row("all", func(int) bool { return true })
	return t.Flush()
}
