package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/policytest"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// policyCommand holds the commands about policies.
func policyCommand() *cobra.Command {
	return group("policy", "Show, begin, check, test and try by which rules numbers become alerts", policyInit(), policyCheck(), policyShow(), policyTest(), policyTry())
}

// overridesGuide stands behind the shipped policy in the file of `vigil policy init`. It is no part of the shipped file, whose
// hash stands in every score and alert.
const overridesGuide = `
# What holds for single units or patients instead of the numbers above: levels (of the same
# severities), dwell, clear_dwell, refractory, reset, continue, update. What an override leaves
# out is as in the rule, and what holds for a patient goes before what holds for the unit. A
# unit is called as in the messages of admission and transfer.
#
# overrides:
#   - units: [cardiac-surgery]
#     task: news2
#     levels:
#       - {severity: medium, at: 6, clear: 5}
#       - {severity: high, at: 8, clear: 7}
#   - patients: ["site:42"]
#     task: mortality
#     dwell: 30m
#
# What else keeps alerts quiet. Nothing is forgotten: what is still reached afterwards is told then.
#
# group: true                     # flag what asks for attention while a graver alert of the patient is open
# inhibit:                        # while news2 is high, mortality is told only where it is graver
#   - {by: news2, severity: high, tasks: [mortality]}
# suppress:                       # planned: medium and below, in one unit, for two hours
#   - {from: 2026-03-01T06:00:00Z, until: 2026-03-01T08:00:00Z, units: [picu], tasks: [news2], severity: medium}
#
# Try it: vigil policy check FILE; vigil policy test FILE (go doc ./alerts/policytest).
`

// policyInit gives the user a policy to change.
func policyInit() *cobra.Command {
	return &cobra.Command{
		Use: "init [FILE]", Short: "Write a policy to start an own one from, with comments on every number",
		Example: "  vigil policy init policy.yaml       without FILE: policy.yaml; - for stdout",
		Long:    "Vigil is " + schemas.Notice + ".",
		Args:    atMostOneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			text := append(usable(alerts.DefaultPolicyYAML(), alerts.DefaultPolicy(), fusion.Shipped().Card().Tasks), overridesGuide...)
			return writeNew(cmd, args, "policy.yaml", text, "change it, then: vigil policy check %[1]s; vigil demo --policy %[1]s")
		},
	}
}

// usable puts a comment sign before the rules of a policy for tasks that the model lacks, which would be refused.
func usable(text []byte, p *alerts.Policy, tasks []string) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.Kind != alerts.KindRisk || slices.Contains(tasks, r.Task) {
			continue
		}
		for n := r.Line - 1; n < len(lines) && (n == r.Line-1 || strings.HasPrefix(lines[n], "    ")); n++ {
			lines[n] = "#" + lines[n]
		}
		lines[r.Line-1] = "  # " + fusion.OpenICU + " does not have this task; a model that has it may use this rule.\n" + lines[r.Line-1]
	}
	return []byte(strings.Join(lines, ""))
}

// policyCheck tells the user whether a policy can be used, and with which model.
func policyCheck() *cobra.Command {
	var model string
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Check a policy: keys, numbers, and whether the model has its tasks",
		Example: `  vigil policy check policy.yaml
  vigil policy check policy.yaml --model my.safetensors`,
		Long: "Vigil is " + schemas.Notice + ".",
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, p, err := boot.LoadFiles(model, args[0])
			if err != nil {
				return err
			}
			name := "no model: rules for risks are not looked at"
			if m != nil {
				name = "model " + m.Config().Name
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s ok: %d rules, sha256 %s (%s)\n", args[0], len(p.Rules), p.Hash(), name)
			return err
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "model file, the name of one in the binary, or none; without it "+fusion.OpenICU)
	return cmd
}

// policyShow gives the user the policy in use without --policy.
func policyShow() *cobra.Command {
	return &cobra.Command{
		Use: "show [FILE]", Short: "Print a policy, after a check; without a file the shipped one, with its comments",
		Example: `  vigil policy show                   the shipped one
  vigil policy show policy.yaml       is it one? its hash, as scores and alerts have it, is said on stderr`,
		Long: "Vigil is " + schemas.Notice + ".",
		Args: atMostOneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, name := alerts.DefaultPolicyYAML(), "the shipped policy"
			if len(args) == 1 {
				var err error
				if text, err = os.ReadFile(args[0]); err != nil {
					return boot.Usage(err)
				}
				name = args[0]
			}
			p, err := alerts.ParsePolicy(text)
			if err != nil {
				return boot.Usage(fmt.Errorf("%s: %w", name, err))
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "Vigil, %s: %s, sha256 %s\n", schemas.Notice, name, p.Hash())
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}

// policyTest runs the tests of a site's policy.
func policyTest() *cobra.Command {
	return &cobra.Command{
		Use: "test FILE...", Short: "Run tests of a policy: series of numbers in, the alerts that must follow out",
		Example: `  vigil policy test policy_test.yaml    ends with 1 if one fails; - was expected, + came instead`,
		Long: `A test tells a story and lists its alerts, each at its time after admission:

  version: 1
  policy: policy.yaml              # beside this file; without it the shipped one
  tests:
    - name: a deterioration is told once
      every: 5m
      series: {news2: "2x3 8x5", mortality: "0.1+0.05x8"}
      alerts:
        - {at: 20m, task: news2, phase: start, severity: high}

2x3 is 2 and three times more, 0.1+0.05x8 eight times 0.05 more, _ nothing, 3! a NEWS2 with a single
component of 3 points. unit, patient, phases and events (acknowledge, snooze, close, move,
discharge): go doc ./alerts/policytest.

Vigil is ` + schemas.Notice + ".",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return boot.Usage(errors.New("`vigil policy test` wants a FILE of tests or several: see `vigil policy test --help`"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			failed := 0
			for _, file := range args {
				n, err := testPolicy(cmd.OutOrStdout(), file)
				if err != nil {
					return boot.Usage(fmt.Errorf("%s: %w", file, err))
				}
				failed += n
			}
			if failed > 0 {
				return boot.Failure(fmt.Errorf("%d tests failed: - was expected and did not come, + came and was not expected", failed))
			}
			return nil
		},
	}
}

// testPolicy runs the tests of a file and says how many failed.
func testPolicy(out io.Writer, file string) (failed int, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	suite, err := policytest.Parse(text)
	if err != nil {
		return 0, err
	}
	policy := alerts.DefaultPolicy()
	if suite.Policy != "" {
		path := suite.Policy
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		if text, err = os.ReadFile(path); err == nil {
			policy, err = alerts.ParsePolicy(text)
		}
		if err != nil {
			return 0, fmt.Errorf("policy %s: %w", suite.Policy, err)
		}
	}
	for i := range suite.Tests {
		t := &suite.Tests[i]
		r, err := t.Run(policy)
		if err != nil {
			return failed, fmt.Errorf("tests[%d] (%q): %w", i, t.Name, err)
		}
		if r.OK() {
			fmt.Fprintf(out, "ok    %s: %s\n", file, t.Name)
			continue
		}
		failed++
		fmt.Fprintf(out, "FAIL  %s: %s\n", file, t.Name)
		for line := range strings.Lines(r.Diff()) {
			fmt.Fprintf(out, "      %s", line)
		}
	}
	return failed, nil
}

// oneFile wants one file on the command line.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return boot.Usage(fmt.Errorf("`%s` takes one file, found %d arguments: see `%s --help`", cmd.CommandPath(), len(args), cmd.CommandPath()))
	}
	return nil
}

// atMostOneFile wants one file on the command line, or none.
func atMostOneFile(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return oneFile(cmd, args)
	}
	return nil
}

// writeNew writes a file that was not there, or stdout for -; a site's own file is never overwritten.
func writeNew(cmd *cobra.Command, args []string, name string, text []byte, next string) error {
	if len(args) == 1 {
		name = args[0]
	}
	if name == "-" {
		_, err := cmd.OutOrStdout().Write(text)
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return boot.Usage(fmt.Errorf("%s is there already and is left as it is; name another file, or - for stdout", name))
	} else if err != nil {
		return boot.Usage(err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return boot.Failure(err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s; "+next+"\n", name)
	return err
}
