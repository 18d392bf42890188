package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/train"
)

// describeOptions are the flags of `vigil model describe`.
type describeOptions struct {
	recipe, out string
	set         []string
	paths       train.Paths
}

// modelDescribe gives the user a model that knows what its training data looked like.
func modelDescribe() *cobra.Command {
	var o describeOptions
	cmd := &cobra.Command{
		Use: "describe FILE", Short: "Write into a trained model what its training data looked like: for drift, intervals, and abstention",
		Example: `  vigil model describe raw.safetensors --recipe open-icu --data physionet2012 --folds fold-1.safetensors,... --out described.safetensors`,
		Long: `Nothing is trained: the weights stay as they are. From the training stays, and what the models of
the recipe's folds say of those that they have not seen, come the spread of each channel, of the risk
and of the experts' load, which vigil serve holds the present against; how unlike a stay must be to all
of them for the model to give no number; and the interval in which a risk stays until the first 48
hours are known. The set-aside stays tell how often that holds.`,
		Args: argument("describe", "file", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args[0], cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.recipe, "recipe", "", "recipe that the model was trained with: a file, or the name of one in the binary")
	f.StringSliceVar(&o.paths.Data, "data", nil, "folder or archive of recorded stays, as in training; may be given several times")
	f.StringSliceVar(&o.paths.Folds, "folds", nil, "models of the recipe's folds, as in training")
	f.StringArrayVar(&o.set, "set", nil, "change a key of the recipe, KEY=VALUE; may be given several times")
	f.StringVar(&o.out, "out", "", "model file to write")
	linkedFlags(f, &o.paths.Linked)
	return cmd
}

// run is the whole command.
func (o *describeOptions) run(ctx context.Context, file string, stdout io.Writer) error {
	if o.recipe == "" || len(o.paths.Data) == 0 || len(o.paths.Folds) == 0 || o.out == "" {
		return boot.Usage(errors.New("`vigil model describe` wants --recipe, --data and --folds, those of the training, and --out: see `vigil model describe --help`"))
	}
	if err := newFile(o.out); err != nil {
		return boot.Usage(err)
	}
	r, err := train.ReadRecipe(o.recipe, o.set)
	if err != nil {
		return boot.Usage(err)
	}
	o.paths.Threads = runtime.GOMAXPROCS(0)
	d, err := r.Describe(ctx, o.paths, file)
	if err != nil {
		return interruptedOr(ctx, boot.Usage(err))
	}
	if err := d.Write(o.out); err != nil {
		return boot.Failure(err)
	}
	m, err := fusion.Open(o.out)
	if err != nil {
		return boot.Failure(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", o.out, m.Hash())
	writeDescription(&b, m.Config().Description)
	fmt.Fprintf(&b, "of %d set-aside moments %d are unlike the training stays and get no number\n", d.Aside, d.Unlike)
	_, err = io.WriteString(stdout, b.String())
	return err
}

// writeDescription writes a description for people.
func writeDescription(w io.Writer, d *fusion.Description) {
	fmt.Fprintf(w, "described from %d moments of training stays; no number where the unlikeness is above %.3f\n", d.Examples, d.Unlike)
	if len(d.Intervals) == 0 {
		return
	}
	fmt.Fprintf(w, "the risk stays within its interval until the first 48 hours are known:\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "hour\twanted\tset-aside stays\theld\ta risk of 0.1 goes\n")
	for _, p := range d.Intervals {
		low, high, _ := d.Interval(0.1, float32(p.Hours))
		fmt.Fprintf(t, "%g\t%.2f\t%d\t%.3f\t%.3f to %.3f\n", p.Hours, p.Level, p.Aside, p.Covered, low, high)
	}
	_ = t.Flush()
}
