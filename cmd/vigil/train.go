package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/progress"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/schemas"
)

// trainOptions are the flags of `vigil train`.
type trainOptions struct {
	recipe     string
	data       []string
	out        string
	seed       uint64
	resume     bool
	validate   float64
	set        []string
	teacher    string
	folds      []string
	linked     mimic.Linked
	statistics string
	threads    int
	json       bool
}

// trainCommand gives the user a model file and its scores on stays that training never saw.
func trainCommand() *cobra.Command {
	var o trainOptions
	cmd := &cobra.Command{
		Use: "train --recipe RECIPE --data DIR --out MODEL", Short: "Fit a model to recorded stays", Args: noArgs,
		Example: `  vigil train --recipe physionet2012-plain --data physionet2012 --out plain.safetensors
  vigil train --recipe physionet2012-plain --data physionet2012 --out plain.safetensors --resume
  vigil train --recipe my.yaml --data physionet2012 --out my.safetensors --seed 2 --json
  vigil train --recipe physionet2012-plain --data physionet2012 --out softmax.safetensors --set model.gate=softmax
  vigil train --recipe physionet2012 --data physionet2012 --export-statistics statistics.csv`,
		Long: `RECIPE is a file, or one of those in the binary: ` + strings.Join(train.RecipeNames(), ", ") + `.

Ctrl-C ends it after the step in hand and keeps a checkpoint beside MODEL; the same command
with --resume goes on to the very file that an uncut run writes. The same recipe, data and
seed give the same file on any number of cores.

It ends with the scores on the stays that training never saw, with 95 % intervals over
patients. AUPRC is the average precision. Vigil is ` + schemas.Notice + `.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("validate") {
				o.set = append(o.set, "split.validation="+strconv.FormatFloat(o.validate, 'g', -1, 64))
			}
			return runTrain(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.recipe, "recipe", "", "recipe: a file, or the name of one in the binary")
	f.StringSliceVar(&o.data, "data", nil, "folder or archive of recorded stays; may be given several times")
	f.StringVar(&o.out, "out", "", "model file to write")
	f.Uint64Var(&o.seed, "seed", 1, "seed of weights, order, dropout and augmentation")
	f.BoolVar(&o.resume, "resume", false, "go on from the checkpoint of a run that was cut")
	f.Float64Var(&o.validate, "validate", 0, "share of the training patients held back to choose the epoch, in place of the recipe's split.validation")
	f.StringArrayVar(&o.set, "set", nil, "change a key of the recipe, KEY=VALUE; may be given several times")
	f.StringVar(&o.teacher, "teacher", "", "table of a teacher's probabilities, as fusion/recipes/teacher.py writes")
	f.StringSliceVar(&o.folds, "folds", nil, "models of the recipe's folds, which teach and calibrate; made with --set split.fold=1 and so on")
	linkedFlags(f, &o.linked)
	f.StringVar(&o.statistics, "export-statistics", "", "write the statistics of the stays to this file, for a teacher, and train nothing")
	f.IntVar(&o.threads, "threads", 0, "parts of a batch computed at the same time; 0: as many as there are cores")
	f.BoolVar(&o.json, "json", false, "end with one JSON object on stdout")
	return cmd
}

// linkedFlags are the folders of data sets whose patients are those of MIMIC-IV.
func linkedFlags(f *pflag.FlagSet, linked *mimic.Linked) {
	f.StringVar(&linked.Notes, "notes", "", "folder of MIMIC-IV-Note, for stays of MIMIC-IV: when a radiology report came")
	f.StringVar(&linked.ECG, "ecg", "", "folder of MIMIC-IV-ECG, for stays of MIMIC-IV: when an ECG was taken")
	f.StringVar(&linked.CXR, "cxr", "", "folder of MIMIC-CXR-JPG, for stays of MIMIC-IV: when a chest X-ray was taken")
}

// check refuses what the flags cannot mean, and a run that would write over an earlier one's file or
// checkpoint, before hours of work.
func (o *trainOptions) check() error {
	switch {
	case o.recipe == "":
		return fmt.Errorf("--recipe is missing: name a file, or one of %s", strings.Join(train.RecipeNames(), ", "))
	case o.out == "" && o.statistics == "":
		return errors.New("--out is missing: name the model file to write")
	case o.threads < 0 || o.threads > 1024:
		return fmt.Errorf("--threads %d: want 0 to 1024", o.threads)
	case o.statistics != "" && o.resume:
		return errors.New("--export-statistics trains nothing, so that there is nothing to --resume")
	}
	if o.statistics != "" {
		return newFile(o.statistics)
	}
	if err := newFile(o.out); err != nil {
		return err
	}
	step, err := train.CheckpointStep(o.checkpoint())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if o.resume {
			return fmt.Errorf("there is no checkpoint %s to resume from: without --resume training begins anew", o.checkpoint())
		}
		return nil
	case o.resume:
		return err
	case err != nil:
		return err
	}
	return fmt.Errorf("%s is there, of a run that was cut after step %d: --resume goes on with it; remove it to begin anew", o.checkpoint(), step)
}

// paths are the folders that the recipe reads, which bar shows.
func (o *trainOptions) paths(bar *progress.Bar) train.Paths {
	read, before, last := "", int64(0), int64(0) // one folder after the other
	return train.Paths{Data: o.data, Linked: o.linked, Teacher: o.teacher, Folds: o.folds, Threads: o.threads, Progress: func(path string, patients, most int) {
		if path != read {
			bar.Say("reading " + path)
			read, before = path, last
		}
		last = before + int64(patients)
		bar.Set(last, before+int64(most), filepath.Base(path))
	}}
}

// checkpoint is the file from which a cut run goes on.
func (o *trainOptions) checkpoint() string { return o.out + ".checkpoint" }

// newFile refuses a file that is there, and one whose folder is not.
func newFile(path string) error {
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s is there: name another file, or remove it", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s: there is no folder %s: make it first", path, filepath.Dir(path))
	}
	return nil
}

// runTrain is the whole command; ctx ends with Ctrl-C.
func runTrain(ctx context.Context, o trainOptions, stdout, stderr io.Writer) error {
	start := time.Now()
	if err := o.check(); err != nil {
		return boot.Usage(err)
	}
	if o.threads == 0 {
		o.threads = runtime.GOMAXPROCS(0)
	}
	recipe, err := train.ReadRecipe(o.recipe, o.set)
	if err != nil {
		return boot.Usage(err)
	}
	if len(o.data) == 0 && !recipe.Invented() {
		return boot.Usage(errors.New("--data is missing: name the folder of the recorded stays"))
	}
	fmt.Fprintf(stderr, "%s: %s\n", recipe.Name, recipe.About)
	reading := progress.New(stderr, "patients", time.Now)
	defer reading.Stop()
	if o.statistics != "" {
		return exportStatistics(ctx, o, recipe, reading, stderr)
	}
	plan, err := recipe.NewPlan(ctx, o.paths(reading), o.seed)
	reading.Stop()
	if err != nil {
		return interruptedOr(ctx, boot.Usage(err))
	}
	plan.Stays.Threads = o.threads
	fmt.Fprintln(stderr, plan.Line())
	bar := progress.New(stderr, "steps", time.Now)
	result, err := (&train.Loop{
		Problem: plan.Stays, Settings: recipe.Training, Seed: o.seed, Threads: o.threads,
		Checkpoint: o.checkpoint(), Signature: plan.Signature(), Resume: o.resume,
		Every: time.Minute, Now: time.Now, Progress: showTraining(bar),
	}).Run(ctx)
	bar.Stop()
	var cut *train.Cut
	var bad *train.BadCheckpoint
	switch {
	case errors.As(err, &bad):
		return boot.Usage(err)
	case errors.As(err, &cut):
		if cut.Checkpoint == "" {
			return boot.Failure(err)
		}
		fmt.Fprintf(stderr, "cut after step %d of %d; to go on:\n  %s\n", cut.Step, cut.Steps, o.again())
		return boot.Interrupted()
	case err != nil:
		return boot.Failure(err)
	}
	quality, err := plan.Judge(ctx, result)
	if err != nil {
		return interruptedOr(ctx, boot.Failure(err))
	}
	record := plan.Record(result, quality)
	if record.Hours, err = plan.JudgeHours(ctx, result); err != nil {
		return interruptedOr(ctx, boot.Failure(err))
	}
	if err := plan.Write(o.out, result, record); err != nil {
		return boot.Failure(fmt.Errorf("model file: %w", err))
	}
	_ = os.Remove(o.checkpoint()) // one was written only if the run took a minute
	if o.json {
		return json.NewEncoder(stdout).Encode(trained{Model: o.out, WallMS: time.Since(start).Milliseconds(), Record: record})
	}
	if err := printQuality(stdout, o.out, record); err != nil {
		return boot.Failure(err)
	}
	return printPublished(stdout, recipe.Published, record)
}

// trained is what --json prints.
type trained struct {
	Model string `json:"model"`
	*train.Record
	WallMS int64 `json:"wall_ms"`
}

// exportStatistics writes what a teacher is fitted to.
func exportStatistics(ctx context.Context, o trainOptions, r *train.Recipe, reading *progress.Bar, stderr io.Writer) error {
	f, err := os.Create(o.statistics)
	if err != nil {
		return boot.Failure(err)
	}
	training, testing, err := r.WriteStatistics(ctx, o.paths(reading), f)
	reading.Stop()
	if err := errors.Join(err, f.Close()); err != nil {
		return interruptedOr(ctx, boot.Usage(errors.Join(err, os.Remove(o.statistics))))
	}
	fmt.Fprintf(stderr, "%s: the statistics of %d examples to train on and %d to test on\n", o.statistics, training, testing)
	return nil
}

// again is the command that goes on with this run.
func (o *trainOptions) again() string {
	words := []string{"vigil", "train", "--recipe", o.recipe}
	for _, d := range o.data {
		words = append(words, "--data", d)
	}
	words = append(words, "--out", o.out, "--seed", strconv.FormatUint(o.seed, 10))
	for _, s := range o.set {
		words = append(words, "--set", s)
	}
	for _, f := range o.folds {
		words = append(words, "--folds", f)
	}
	for _, f := range [][2]string{
		{"--teacher", o.teacher}, {"--notes", o.linked.Notes}, {"--ecg", o.linked.ECG}, {"--cxr", o.linked.CXR},
	} {
		if f[1] != "" {
			words = append(words, f[0], f[1])
		}
	}
	for i, w := range words {
		if strings.ContainsAny(w, " \t\n'\"\\$`*?[]{}()<>|&;#~!") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(append(words, "--resume"), " ")
}

// printQuality prints how the model does on the test part.
func printQuality(w io.Writer, model string, r *train.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d parameters, epoch %d of %d, seed %d\n", model, r.Parameters, r.Epoch, r.Settings.Epochs, r.Seed)
	b.WriteString(testLine(r.Splits[len(r.Splits)-1]) + "\n")
	writeQuality(&b, r.Test)
	writeHours(&b, r.Hours)
	_, err := io.WriteString(w, b.String())
	return err
}

// testLine says what the scores were taken on.
func testLine(test train.Part) string {
	return fmt.Sprintf("test: %d examples of %d patients that training never saw; 95 %% intervals", test.Examples, test.Patients)
}

// writeQuality is the table of tasks.
func writeQuality(b *strings.Builder, list []train.TaskQuality) {
	widest := len("task")
	for _, q := range list {
		widest = max(widest, len(q.Task))
	}
	fmt.Fprintf(b, "%-*s %8s %8s  %-25s %-25s %s\n", widest, "task", "examples", "positive", "AUROC", "AUPRC", "Brier")
	for _, q := range list {
		fmt.Fprintf(b, "%-*s %8d %8d  %-25s %-25s %s\n", widest, q.Task, q.Examples, q.Positives, q.AUROC, q.AUPRC, q.Brier)
	}
}

// writeHours is the table of the first task by the hour at which it was asked.
func writeHours(b *strings.Builder, list []train.HourQuality) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s by the hour of the stay\n%4s  %-25s %-25s %-25s %-25s %-9s %s\n", list[0].Task, "hour", "AUROC", "AUPRC", "slope", "intercept", "mean risk", "observed")
	for _, q := range list {
		fmt.Fprintf(b, "%4d  %-25s %-25s %-25s %-25s %-9.4f %.4f\n", q.Hour, q.AUROC, q.AUPRC, q.Slope, q.Intercept, q.Mean, q.Observed)
	}
}

// printPublished prints the scores of a publication beside those of the model.
func printPublished(w io.Writer, rows []train.Published, r *train.Record) error {
	if len(rows) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-10s %8s %8s   %-14s %-14s %s\n", "percent", "AUROC", "F1", "published", "published F1", "from")
	for _, p := range rows {
		auroc, f1, used := r.Mean(p.Tasks)
		fmt.Fprintf(&b, "%-10s %8.2f %8.2f   %-14s %-14s %s", p.Name, 100*auroc, 100*f1, p.AUROC, p.F1, p.From)
		if used < len(p.Tasks) {
			fmt.Fprintf(&b, "; ours is the mean of %d of %d tasks, the others have one outcome only", used, len(p.Tasks))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
