package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/alerts/policylab"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/progress"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// tryOptions are the flags of `vigil policy try`.
type tryOptions struct {
	evaluate evaluateOptions // what is played, and how
	scores   string
	interval time.Duration
	grid     []string
	task     string
	severity string
	json     bool
	all      bool
	picture  string
	choose   string
	write    string
	alerts   string
}

// policyTry gives the user what policies would have rung on what was recorded, and the one that they choose as a file.
func policyTry() *cobra.Command {
	o := tryOptions{evaluate: evaluateOptions{delays: 1, basis: basisAvailable}}
	cmd := &cobra.Command{
		Use: "try [FILE...] --data DIR", Short: "Try policies on recorded stays: recall of events against alarms in a patient-day, with lead time",
		Example: `  vigil policy try --data mimic-iii-demo --grid mortality.medium.at=0.2..0.6:0.05
  vigil policy try one.yaml two.yaml --data physionet2012 --held-out
  vigil policy try --scores scores.jsonl --data mimic-iii-demo --grid mortality.medium.at=0.2..0.6:0.05 --grid mortality.dwell=0s..30m:10m
  vigil policy try ... --picture frontier.svg --choose 3f9a1c20b7d4 --write mine.yaml`,
		Long: `Plays every policy over the same scores, by the code that decides at the bedside. The policies
are the files, and all combinations of --grid, whose keys are set in the file of --policy:
TASK.SEVERITY.at, TASK.SEVERITY.clear, TASK.dwell (clear_dwell, refractory, reset, continue,
update). Where at is set and clear is not, clear keeps its distance.

DIR is a folder or an archive of ` + dataSetNames() + `,
with its outcomes in or beside it. Its patients are scored first, which takes longest; --scores takes
the scores from a file that ` + "`vigil demo --export`" + ` or ` + "`vigil replay --export`" + ` wrote. Such a file does not
tell where a patient lay, and on it what holds for single units is not tried.

On the frontier is a policy of which no other finds more with as few alarms. Intervals are of
95 %, by resampling patients. Vigil is ` + schemas.Notice + `.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTry(cmd.Context(), o, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.evaluate.model, "model", fusion.OpenICU, "model file, or the name of one in the binary")
	f.StringVar(&o.evaluate.policy, "policy", "", "the policy in force, with which the others are compared and of which --grid makes them; without it the shipped one")
	f.StringSliceVar(&o.evaluate.data, "data", nil, "folder or archive of recorded stays with their outcomes; may be given several times")
	f.BoolVar(&o.evaluate.heldOut, "held-out", false, "leave out the patients that the model has learned from")
	f.IntVar(&o.evaluate.most, "stays", 0, "play only the first so many patients; 0: all")
	f.StringVar(&o.scores, "scores", "", "file of recorded scores; --data then only tells what came of the stays")
	f.DurationVar(&o.interval, "score-interval", time.Hour, "least time between two scores that records make due; serve has 1m, which takes longer")
	f.StringArrayVar(&o.grid, "grid", nil, "KEY=FROM..TO:STEP or KEY=VALUE,VALUE; may be given several times, for all combinations")
	f.StringVar(&o.task, "task", taskMortality, "the rule whose alarms count, or all")
	f.StringVar(&o.severity, "severity", "low", "the lowest severity that counts: low, medium or high")
	f.IntVar(&o.evaluate.draws, "draws", 1000, "resamples of patients for the intervals of recall")
	f.Uint64Var(&o.evaluate.seed, "seed", 1, "seed of the intervals")
	f.BoolVar(&o.all, "all", false, "print every policy, not the frontier alone")
	f.BoolVar(&o.json, "json", false, "end with one JSON object on stdout")
	f.StringVar(&o.picture, "picture", "", "file for the picture, SVG")
	f.StringVar(&o.choose, "choose", "", "ID of a policy that was tried, as the table prints it")
	f.StringVar(&o.write, "write", "", "with --choose: file to write that policy into")
	f.StringVar(&o.alerts, "alerts", "", "with --choose: file to write the alerts of that policy into, as JSON lines")
	return cmd
}

// check refuses flags that do not go together, before minutes of work.
func (o *tryOptions) check(args []string) error {
	switch {
	case len(o.evaluate.data) == 0 && o.scores == "":
		return errors.New("--data is missing: name a folder or archive of recorded stays, or recorded scores with --scores")
	case len(args) == 0 && len(o.grid) == 0 && o.choose == "":
		return errors.New("nothing to try: name policy files, or a grid as --grid mortality.medium.at=0.2..0.6:0.05")
	case (o.write != "" || o.alerts != "") && o.choose == "":
		return errors.New("--write and --alerts want --choose ID, as the table prints it")
	case !slices.Contains([]string{"low", "medium", "high"}, o.severity):
		return fmt.Errorf("--severity %q: want low, medium or high", o.severity)
	case o.evaluate.draws < 1 || o.evaluate.draws > 100_000:
		return fmt.Errorf("--draws %d: want 1 to 100000", o.evaluate.draws)
	case o.evaluate.most < 0:
		return fmt.Errorf("--stays %d: want 0 or more", o.evaluate.most)
	case o.interval < time.Millisecond || o.interval > time.Hour:
		return fmt.Errorf("--score-interval %s: want above 0s and at most 1h", o.interval)
	}
	return nil
}

// runTry is the whole command.
func runTry(ctx context.Context, o tryOptions, args []string, stdout, stderr io.Writer) error {
	if err := o.check(args); err != nil {
		return boot.Usage(err)
	}
	model, inForce, err := boot.LoadFiles(o.evaluate.model, o.evaluate.policy)
	if err != nil {
		return err
	}
	candidates, leftOut, err := o.candidates(args, model, inForce)
	if err != nil {
		return boot.Usage(err)
	}
	if o.write != "" {
		if _, err := os.Stat(o.write); err == nil {
			return boot.Usage(fmt.Errorf("%s is there already and is left as it is; name another file", o.write))
		}
	}
	courses, data, err := o.courses(ctx, model, inForce, stderr)
	if err != nil {
		return err
	}
	options := policylab.Options{Task: o.task, Severity: o.severity, Draws: o.evaluate.draws, Seed: o.evaluate.seed}
	if o.task == "all" {
		options.Task = ""
	}
	bar := progress.New(stderr, "policies", time.Now)
	options.Progress = func(n int) { bar.Set(int64(n), int64(len(candidates)), "") }
	report, err := policylab.Try(ctx, courses, candidates, options)
	bar.Stop()
	if err != nil {
		return interruptedOr(ctx, boot.Failure(err))
	}
	_, took := bar.Done()
	fmt.Fprintf(stderr, "Vigil, %s: %d policies on %d stays in %s\n", schemas.Notice, len(candidates), len(courses), took.Round(100*time.Millisecond))
	report.Data, report.LeftOut = data, leftOut
	if err := o.results(report, candidates, courses); err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(stdout).Encode(report)
	}
	return policylab.WriteText(stdout, report, o.all || len(o.grid) == 0)
}

// candidates are the policies to try, that in force first. None comes twice.
func (o *tryOptions) candidates(args []string, model *fusion.Model, inForce *alerts.Policy) (list []policylab.Candidate, leftOut int, err error) {
	base, name := alerts.DefaultPolicyYAML(), "the shipped policy"
	if o.evaluate.policy != "" {
		if base, err = os.ReadFile(o.evaluate.policy); err != nil {
			return nil, 0, err
		}
		name = o.evaluate.policy
	}
	list = append(list, policylab.Candidate{Policy: inForce, Text: base, Name: name, InForce: true})
	for _, file := range args {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, 0, err
		}
		p, err := alerts.ParsePolicy(text)
		if err == nil {
			err = boot.FitsPolicy(model, p)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", file, err)
		}
		list = append(list, policylab.Candidate{Policy: p, Text: text, Name: file})
	}
	var axes []policylab.Axis
	for _, text := range o.grid {
		a, err := policylab.ParseAxis(text)
		if err != nil {
			return nil, 0, fmt.Errorf("--grid: %w", err)
		}
		axes = append(axes, a)
	}
	made, leftOut, err := policylab.Grid(base, axes)
	if err != nil {
		return nil, 0, fmt.Errorf("--grid: %w", err)
	}
	list = append(list, made...)
	if o.task != "all" && !slices.ContainsFunc(inForce.Rules, func(r alerts.Rule) bool { return r.Task == o.task }) {
		return nil, 0, fmt.Errorf("--task %s: the policy in force has no rule for it", o.task)
	}
	known := map[string]bool{}
	return slices.DeleteFunc(list, func(c policylab.Candidate) bool {
		twice := known[c.Policy.Hash()]
		known[c.Policy.Hash()] = true
		return twice
	}), leftOut, nil
}

// courses are what the policies are tried on, and where they come from.
func (o *tryOptions) courses(ctx context.Context, model *fusion.Model, inForce *alerts.Policy, stderr io.Writer) ([]*policylab.Course, []string, error) {
	if o.scores == "" {
		if err := mustRiskDeath("--model "+o.evaluate.model, model); err != nil {
			return nil, nil, err
		}
		recorder := &policylab.Recorder{}
		all, err := playAll(ctx, o.evaluate, judge.Plan{
			Model: model, Policy: inForce, Task: taskMortality, Delays: 1,
			Listen: recorder.Listen, ScoreInterval: schemas.Time(o.interval.Milliseconds()),
		}, stderr)
		if err != nil {
			return nil, nil, interruptedOr(ctx, err)
		}
		if recorder.Full() {
			return nil, nil, boot.Usage(fmt.Errorf("more than %d events of all stays: try policies on fewer, as --stays 1000, or on scores that are further apart (--score-interval 1h)", policylab.MostEvents))
		}
		return recorder.Judged(all.Stays), all.sources, nil
	}
	f, err := os.Open(o.scores)
	if err != nil {
		return nil, nil, boot.Usage(err)
	}
	defer f.Close()
	courses, err := policylab.ReadScores(f)
	if err != nil {
		return nil, nil, boot.Usage(fmt.Errorf("%s: %w", o.scores, err))
	}
	data := []string{filepath.Base(o.scores)}
	for _, path := range o.evaluate.data {
		if err := outcomesOf(ctx, path, courses); err != nil {
			return nil, nil, interruptedOr(ctx, boot.Usage(err))
		}
	}
	return courses, data, nil
}

// outcomesOf says of recorded courses what came of their stays, by the folder that they were played from.
func outcomesOf(ctx context.Context, path string, courses []*policylab.Course) error {
	recorded, outcome, _, err := openJudged(path)
	if err != nil {
		return err
	}
	of := map[[2]string]*policylab.Course{}
	for _, c := range courses {
		of[[2]string{withoutRun(c.Patient), c.Stay}] = c
	}
	found := 0
	for p, err := range recorded.Patients(ctx) {
		if err != nil {
			return err
		}
		for _, s := range p.Stays {
			c := of[[2]string{p.ID, s.ID}]
			if c == nil {
				continue
			}
			found++
			c.Admitted = s.Admit
			c.Outcome, c.OutcomeKnown = outcome(s)
		}
	}
	if found == 0 {
		return fmt.Errorf("%s: none of the stays that were scored is in it", path)
	}
	return nil
}

// results writes the picture, and the policy that was chosen with its alerts.
func (o *tryOptions) results(r *policylab.Report, candidates []policylab.Candidate, courses []*policylab.Course) error {
	if o.picture != "" {
		var b bytes.Buffer
		if err := policylab.WriteSVG(&b, r); err != nil {
			return boot.Failure(err)
		}
		if err := os.WriteFile(o.picture, b.Bytes(), 0o644); err != nil {
			return boot.Usage(fmt.Errorf("--picture: %w", err))
		}
	}
	if o.choose == "" {
		return nil
	}
	var chosen []*policylab.Candidate
	for i := range candidates {
		if strings.HasPrefix(candidates[i].Policy.Hash(), o.choose) {
			chosen = append(chosen, &candidates[i])
		}
	}
	if len(chosen) != 1 {
		return boot.Usage(fmt.Errorf("--choose %s: %d of the policies that were tried have an id that begins so; the table prints the ids", o.choose, len(chosen)))
	}
	if o.alerts != "" {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		for _, c := range courses {
			for _, a := range c.Play(chosen[0].Policy, nil) {
				if c.Plain && a.Kind == alerts.KindTechnical {
					continue // of which a log of scores does not tell
				}
				if err := enc.Encode(a); err != nil {
					return boot.Failure(err)
				}
			}
		}
		if err := os.WriteFile(o.alerts, b.Bytes(), 0o600); err != nil {
			return boot.Usage(fmt.Errorf("--alerts: %w", err))
		}
	}
	if o.write == "" {
		return nil
	}
	f, err := os.OpenFile(o.write, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return boot.Usage(fmt.Errorf("--write: %w", err))
	}
	_, err = f.Write(chosen[0].Text)
	if err := errors.Join(err, f.Close()); err != nil {
		return boot.Failure(err)
	}
	return nil
}
