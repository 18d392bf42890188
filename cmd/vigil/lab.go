package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/progress"
	"github.com/vigil-icu/vigil/fusion/lab"
	"github.com/vigil-icu/vigil/schemas"
)

// labCommand holds the experiments on invented data.
func labCommand() *cobra.Command {
	return group("lab", "Repeat the paper's experiments on invented data", convergenceCommand(), fleximodalCommand(), concatenationCommand())
}

// convergenceCommand gives the user the paper's figure 3 anew: a table, and if wanted a figure, of
// how fast the error of a fitted mixture falls with the size of the sample.
func convergenceCommand() *cobra.Command {
	s := lab.Paper()
	s.Threads = runtime.GOMAXPROCS(0)
	var plot string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "convergence", Short: "How fast a mixture of experts learns its parameters, Laplace gate and softmax", Args: noArgs,
		Example: `  vigil lab convergence --plot convergence.svg        figure 3 of the paper; some minutes
  vigil lab convergence --to 10000 --sizes 4          a quick look
  vigil lab convergence --json`,
		Long: `Draws samples of a known mixture of two experts, fits two (exact) and three of them
(over-specified) by EM, and prints the error over the size of the sample. The paper fits
n^-0.49 and n^-0.47 for the Laplace gate and shows no softmax.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.From < 100 || s.To <= s.From || s.Sizes < 2 || s.Datasets < 2 || s.Iterations < 1 || !(s.Spread > 0 && s.Spread < 1) || !(s.Tolerance > 0) {
				return boot.Usage(errors.New("want --from of at least 100, --to above it, --sizes and --datasets of at least 2, --iterations of at least 1, --spread between 0 and 1, --tolerance above 0: see `vigil lab convergence --help`"))
			}
			return runConvergence(cmd.Context(), s, plot, asJSON, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&s.Seed, "seed", s.Seed, "of the true mixture and all samples")
	f.IntVar(&s.From, "from", s.From, "smallest sample")
	f.IntVar(&s.To, "to", s.To, "largest sample")
	f.IntVar(&s.Sizes, "sizes", s.Sizes, "number of sizes between them")
	f.IntVar(&s.Datasets, "datasets", s.Datasets, "samples of each size")
	f.Float64Var(&s.Spread, "spread", s.Spread, "of EM's start around the truth, a standard deviation")
	f.Float64Var(&s.Tolerance, "tolerance", s.Tolerance, "EM ends when no parameter moves further")
	f.IntVar(&s.Iterations, "iterations", s.Iterations, "of EM at most")
	f.StringVar(&plot, "plot", "", "file for the figure, SVG")
	f.BoolVar(&asJSON, "json", false, "all fits as one JSON object on stdout")
	return cmd
}

// runConvergence opens the figure's file before the work begins, so that a wrong path costs no
// minutes.
func runConvergence(ctx context.Context, s lab.Settings, plot string, asJSON bool, stdout, stderr io.Writer) error {
	if plot != "" { // before minutes of work
		f, err := os.Create(plot)
		if err != nil {
			return boot.Failure(fmt.Errorf("--plot: %w; choose another file", err))
		}
		defer f.Close()
		curves, err := converge(ctx, s, asJSON, stdout, stderr)
		if err != nil {
			return err
		}
		if err := lab.WriteSVG(f, curves); err != nil {
			return boot.Failure(fmt.Errorf("--plot: %w", err))
		}
		fmt.Fprintln(stderr, "figure in", plot)
		return nil
	}
	_, err := converge(ctx, s, asJSON, stdout, stderr)
	return err
}

// converge runs the experiment and prints its table.
func converge(ctx context.Context, s lab.Settings, asJSON bool, stdout, stderr io.Writer) ([]lab.Curve, error) {
	bar := progress.New(stderr, "fits", time.Now)
	curves, err := lab.Convergence(ctx, s, func(done, of int) { bar.Set(int64(done), int64(of), "") })
	bar.Stop()
	switch {
	case ctx.Err() != nil:
		return nil, boot.Interrupted()
	case err != nil:
		return nil, boot.Failure(err)
	}
	fmt.Fprintf(stderr, "Vigil, %s. Invented data; the truth of seed %d:\n", schemas.Notice, s.Seed)
	for i := range curves[:2] {
		fmt.Fprintf(stderr, "  %s\n", curves[i].Truth)
	}
	if asJSON {
		return curves, json.NewEncoder(stdout).Encode(curves)
	}
	return curves, lab.WriteTable(stdout, curves)
}
