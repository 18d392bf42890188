package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/progress"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// evaluateOptions are the flags of `vigil evaluate`.
type evaluateOptions struct {
	model   string
	policy  string
	data    []string
	report  string
	heldOut bool
	most    int // patients; 0 for all
	basis   string
	without []string
	drop    float64
	delays  float64
	corrupt float64
	gap     float64
	robust  bool
	draws   int
	seed    uint64
	json    bool
	schema  bool
}

// evaluateCommand gives the user what a model is worth hour by hour on recorded stays: tables, one
// JSON object, a page.
func evaluateCommand() *cobra.Command {
	var o evaluateOptions
	cmd := &cobra.Command{
		Use: "evaluate --data DIR", Short: "Judge a model hour by hour on recorded stays, with its alarms, beside NEWS2 and SOFA", Args: noArgs,
		Example: `  vigil evaluate --data physionet2012/set-c.tar.gz
  vigil evaluate --data physionet2012 --held-out --report report
  vigil evaluate --data physionet2012 --held-out --robustness --report report
  vigil evaluate --model my.safetensors --data mimic-iv-demo --json`,
		Long: `Plays every patient of DIR through the Step that serves, and holds what was said at every
full hour against death in hospital. DIR is a folder or an archive of ` + dataSetNames() + `
with its outcomes in or beside it. Patients that the model has learned from are refused;
--held-out leaves them out and judges the others.

--robustness plays them once for each way to have less, and prints one table; with --report a
further call goes on where one was cut.

Intervals are of 95 %, by resampling patients. Vigil is ` + schemas.Notice + `.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runEvaluate(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.model, "model", fusion.OpenICU, "model file, or the name of one in the binary")
	f.StringVar(&o.policy, "policy", "", "policy file; without it the shipped one")
	f.StringSliceVar(&o.data, "data", nil, "folder or archive of recorded stays with their outcomes; may be given several times")
	f.StringVar(&o.report, "report", "", "folder to write report.json with its schema, report.html and the predictions of each hour (predictions.csv, hours.parquet; predictions.parquet for meds-evaluation) into")
	f.BoolVar(&o.heldOut, "held-out", false, "leave out the patients that the model has learned from")
	f.StringVar(&o.basis, "time-basis", basisAvailable, "from when a value counts: available (when it was known), charted (when it was measured), or both")
	f.StringSliceVar(&o.without, "withhold", nil, "modalities of the model that nobody sends, as vital,lab")
	f.Float64Var(&o.drop, "drop", 0, "share of the observations that are lost, by chance")
	f.Float64Var(&o.delays, "delays", 1, "how many times as long values take to become known")
	f.Float64Var(&o.corrupt, "corrupt", 0, "share of the vital signs that are artefacts: any value that models read")
	f.Float64Var(&o.gap, "gap", 0, "hours before hour 24 of each stay in which nothing arrives")
	f.BoolVar(&o.robust, "robustness", false, "print one table of what the model is worth with less: --drop, --gap, --corrupt, --delays and --withhold in turn")
	f.IntVar(&o.draws, "draws", 1000, "resamples of patients for the intervals")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the intervals")
	f.BoolVar(&o.json, "json", false, "end with one JSON object on stdout")
	f.BoolVar(&o.schema, "schema", false, "print the JSON Schema of that object, and do nothing else")
	return cmd
}

// The words of --time-basis.
const (
	basisAvailable = "available"
	basisCharted   = "charted"
	basisBoth      = "both"
)

// taskMortality is what evaluate judges: death in hospital.
const taskMortality = "mortality"

// runEvaluate is the whole command; ctx ends with Ctrl-C.
func runEvaluate(ctx context.Context, o evaluateOptions, stdout, stderr io.Writer) error {
	if o.schema {
		_, err := stdout.Write(judge.Schema)
		return err
	}
	if len(o.data) == 0 {
		return boot.Usage(errors.New("--data is missing: name a folder or archive of recorded stays"))
	}
	if o.draws < 1 || o.draws > 100_000 {
		return boot.Usage(fmt.Errorf("--draws %d: want 1 to 100000", o.draws))
	}
	if o.basis != basisAvailable && o.basis != basisCharted && o.basis != basisBoth {
		return boot.Usage(fmt.Errorf("--time-basis %q: want %s, %s or %s", o.basis, basisAvailable, basisCharted, basisBoth))
	}
	model, policy, err := boot.LoadFiles(o.model, o.policy)
	if err != nil {
		return err
	}
	if err := mustRiskDeath("--model "+o.model, model); err != nil {
		return err
	}
	if o.report != "" {
		if err := os.MkdirAll(o.report, 0o755); err != nil {
			return boot.Usage(fmt.Errorf("--report: %w", err))
		}
	}
	withheld, err := o.withheld(model.Config())
	if err != nil {
		return boot.Usage(err)
	}
	if o.robust {
		return o.robustness(ctx, model, policy, stdout, stderr)
	}
	judged := func(charted bool) (*judge.Report, *judgedStays, error) {
		all, err := playAll(ctx, o, judge.Plan{
			Model: model, Policy: policy, Task: taskMortality, Charted: charted, Withheld: withheld, Dropped: o.drop, Delays: o.delays, Seed: o.seed,
			Corrupted: o.corrupt, Gap: schemas.Time(o.gap * float64(schemas.Hour)),
		}, stderr)
		if err != nil {
			return nil, nil, interruptedOr(ctx, err)
		}
		r := judge.Judge(all.Stays, taskMortality, judge.Settings{Draws: o.draws, Seed: o.seed, Modalities: all.Modalities})
		r.Model, r.Name, r.Policy = model.Hash(), model.Config().Name, policy.Hash()
		r.Data, r.Skipped, r.Unknown, r.TimeBasis = all.sources, all.Skipped, all.Unknown, basisAvailable
		if charted {
			r.TimeBasis = basisCharted
		}
		if r.Withheld, r.Dropped = o.without, o.drop; o.delays != 1 {
			r.Delays = o.delays
		}
		r.Corrupted, r.Gap = o.corrupt, o.gap
		return r, all, nil
	}
	report, all, err := judged(o.basis == basisCharted)
	if err == nil && o.basis == basisBoth {
		report.Charted, _, err = judged(true)
	}
	if err != nil {
		return err
	}
	if o.report != "" {
		if err := writeReport(o.report, report, all.Stays); err != nil {
			return boot.Failure(err)
		}
	}
	if o.json {
		return json.NewEncoder(stdout).Encode(report)
	}
	return judge.WriteText(stdout, report)
}

// mustRiskDeath refuses a model, as the user named it, that does not tell the risk of death in
// hospital.
func mustRiskDeath(named string, model *fusion.Model) error {
	if model == nil || !slices.ContainsFunc(model.Config().Tasks, func(t fusion.Task) bool { return t.Name == taskMortality && t.Report == fusion.ReportRisk }) {
		return boot.Usage(fmt.Errorf("%s: it has no risk %q, which is what recorded outcomes can judge", named, taskMortality))
	}
	return nil
}

// withheld are the channels of the modalities that are withheld, once what else there is less of
// was looked at.
func (o *evaluateOptions) withheld(c *fusion.Config) (list []schemas.Channel, err error) {
	if !(o.drop >= 0 && o.drop < 1) || !(o.delays > 0 && o.delays <= 100) {
		return nil, fmt.Errorf("--drop %v, --delays %v: want a share from 0 to below 1, and a factor above 0 up to 100", o.drop, o.delays)
	}
	if !(o.corrupt >= 0 && o.corrupt < 1) || !(o.gap >= 0 && o.gap <= 24) {
		return nil, fmt.Errorf("--corrupt %v, --gap %v: want a share from 0 to below 1, and 0 to 24 hours", o.corrupt, o.gap)
	}
	if o.robust && (len(o.without) > 0 || o.drop > 0 || o.delays != 1 || o.corrupt > 0 || o.gap > 0 || o.basis != basisAvailable) {
		return nil, errors.New("--robustness goes through --drop, --gap, --corrupt, --delays and --withhold itself: leave them and --time-basis away")
	}
	return o.withheldChannels(c)
}

// withheldChannels are the channels of the modalities that are withheld.
func (o *evaluateOptions) withheldChannels(c *fusion.Config) (list []schemas.Channel, err error) {
	for _, name := range o.without {
		members := c.Members(name)
		if len(members) == 0 {
			return nil, fmt.Errorf("--withhold %s: the model reads no channels of a modality of that name", name)
		}
		for _, m := range members {
			if id, ok := schemas.ChannelByName(c.Channels[m].Name); ok {
				list = append(list, id)
			}
		}
	}
	return list, nil
}

// judgedStays are the stays of all data that were named.
type judgedStays struct {
	judge.Played
	sources []string
}

// playAll plays all data.
func playAll(ctx context.Context, o evaluateOptions, plan judge.Plan, stderr io.Writer) (*judgedStays, error) {
	model := plan.Model
	training, err := train.RecordOf(model)
	if err != nil {
		return nil, boot.Usage(err)
	}
	if model.Trained() && (training == nil || len(training.Seen) == 0) {
		fmt.Fprintln(stderr, "the model does not say whom it has learned from: nobody knows whether these are other patients")
	}
	all := &judgedStays{}
	taken, beyond := 0, 0
	names := map[string]string{} // patient to path
	for _, path := range o.data {
		recorded, outcome, stays, err := openJudged(path)
		if plan.Unjudged && recorded != nil && err != nil {
			fmt.Fprintf(stderr, "without outcomes: %v\n", err)
			outcome, err = func(source.Stay) (judge.Outcome, bool) { return judge.Outcome{}, false }, nil
		}
		if err != nil {
			return nil, boot.Usage(err)
		}
		ctx, cancel := context.WithCancel(ctx)
		var wrong error
		plan.Outcome = outcome
		plan.Skip = func(patient string) bool {
			if twice, ok := names[patient]; ok {
				wrong = fmt.Errorf("patient %s is in %s and in %s: name them once", patient, twice, path)
			}
			names[patient] = path
			if training == nil || !training.Seen.Has(patient) {
				if o.most > 0 && taken >= o.most {
					beyond++
					return true
				}
				taken++
				return wrong != nil
			}
			if !o.heldOut {
				wrong = fmt.Errorf("%s: the model has learned from patient %s and maybe others: name other stays, or judge only those that it has not seen with --held-out", path, patient)
			}
			if wrong != nil {
				cancel()
			}
			return true
		}
		bar := progress.New(stderr, "patients", time.Now)
		plan.Progress = func(n int) { bar.Set(int64(n), int64(stays), filepath.Base(path)) }
		one, err := judge.Play(ctx, recorded, plan)
		bar.Stop()
		n, in := bar.Done()
		fmt.Fprintf(stderr, "%s: %d patients in %s\n", filepath.Base(path), n, in.Round(100*time.Millisecond))
		cancel()
		if wrong != nil {
			return nil, boot.Usage(wrong)
		}
		if err != nil {
			return nil, boot.Usage(err)
		}
		all.Stays, all.Modalities = append(all.Stays, one.Stays...), one.Modalities
		all.Skipped, all.Unknown = all.Skipped+one.Skipped, all.Unknown+one.Unknown
		all.sources = append(all.sources, source.Edition(recorded))
	}
	all.Skipped -= beyond
	if len(all.Stays) == 0 {
		return nil, boot.Usage(fmt.Errorf("no stay is left to judge: %d patients were seen in training, %d stays have no outcome", all.Skipped, all.Unknown))
	}
	return all, nil
}

// openJudged opens recorded stays with their outcomes, and says how many of these there are. Where
// only the outcomes are missing it returns the stays beside the error.
func openJudged(path string) (recorded source.Source, outcome func(source.Stay) (judge.Outcome, bool), stays int, err error) {
	if recorded, err = openRecorded(path); err != nil {
		return nil, nil, 0, err
	}
	if of, ok := recorded.(*mimic.Source); ok {
		outcomes, err := of.Outcomes()
		return recorded, func(s source.Stay) (judge.Outcome, bool) {
			o, ok := outcomes[s.ID]
			known := judge.Outcome{Died: o.Died}
			if o.Death > s.Admit {
				known.Death = o.Death - s.Admit
			}
			return known, ok
		}, len(outcomes), err
	}
	outcomes, err := physionet.ReadOutcomes(path)
	return recorded, func(s source.Stay) (judge.Outcome, bool) {
		o, ok := outcomes[s.ID]
		known := judge.Outcome{Died: o.Died}
		if days := float64(o.Survival); o.Died && days > 0 && !math.IsInf(days, 0) {
			known.Death = schemas.Time(days*24) * schemas.Hour // the day is what is known
		}
		return known, ok
	}, len(outcomes), err
}

// writeReport writes the files of a report.
func writeReport(dir string, r *judge.Report, stays []judge.Stay) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "report.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "report.schema.json"), judge.Schema, 0o644); err != nil {
		return err
	}
	var page strings.Builder
	if err := judge.WriteHTML(&page, r); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "report.html"), []byte(page.String()), 0o644); err != nil {
		return err
	}
	return writeTables(dir, stays, map[string]func(io.Writer, []judge.Stay) error{"predictions.csv": judge.WriteCSV, "predictions.parquet": judge.WritePredictions, "hours.parquet": judge.WriteHours})
}

// writeTables writes tables of stays by the names of their files.
func writeTables(dir string, stays []judge.Stay, tables map[string]func(io.Writer, []judge.Stay) error) error {
	for name, write := range tables {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := errors.Join(write(f, stays), f.Close()); err != nil {
			return err
		}
	}
	return nil
}
