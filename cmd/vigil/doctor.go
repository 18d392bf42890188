package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/doctor"
	"github.com/vigil-icu/vigil/schemas"
)

// doctorCommand gives the user a look at a site before anybody relies on it.
func doctorCommand() *cobra.Command {
	var (
		o      serveOptions
		site   doctor.Site
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "doctor", Short: "Examine a site: brokers, topics, rights, store, clocks, files; exit 4 if something is wrong", Args: noArgs,
		Example: `  vigil doctor --config vigil.yaml
  vigil doctor --brokers kafka:9092 --redis redis://redis:6379/0 --beds 24
  vigil doctor --config vigil.yaml --json             an object a line for each check`,
		Long: "It takes what vigil serve takes, and changes nothing.\n\nVigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := configure(cmd); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			if site.Beds < 1 {
				return boot.Usage(fmt.Errorf("--beds %d: want 1 or more", site.Beds))
			}
			site.Config, site.Clock = o.Config, time.Now
			out := cmd.OutOrStdout()
			checks := 0
			failures, err := doctor.Examine(cmd.Context(), &site, func(f doctor.Finding) {
				checks++
				if asJSON {
					_ = json.NewEncoder(out).Encode(f)
					return
				}
				fmt.Fprintf(out, "%-4s  %s: %s\n", f.Verdict, f.Check, f.Found)
				if f.Cause != "" {
					fmt.Fprintf(out, "      why: %s\n      fix: %s\n", f.Cause, f.Fix)
				}
			})
			if err != nil {
				return interruptedOr(cmd.Context(), boot.Failure(err))
			}
			if failures > 0 {
				return boot.Problems(fmt.Errorf("%d of %d checks failed", failures, checks))
			}
			if !asJSON {
				fmt.Fprintf(out, "%d checks, none failed. Vigil is %s.\n", checks, schemas.Notice)
			}
			return nil
		},
	}
	o.flags(cmd)
	cmd.Flags().IntVar(&site.Beds, "beds", 50, "beds for which the store's memory has to last")
	cmd.Flags().BoolVar(&asJSON, "json", false, "a JSON object a line")
	for _, name := range []string{"beds", "json"} {
		_ = cmd.Flags().SetAnnotation(name, notASetting, []string{"true"}) // the flag is there
	}
	return cmd
}
