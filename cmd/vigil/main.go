package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	ctx, end := context.WithCancel(ctx)
	stdout, stderr, gone := outlets(end)
	code := run(ctx, os.Args[1:], stdout, stderr)
	end()
	stop()
	if gone.Load() {
		code = boot.ExitPipe
	}
	os.Exit(code)
}

// run is the whole program with its edges as arguments, so that tests call it as a shell does. It
// returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand(stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return boot.ExitOK
	}
	var exit *boot.Exit
	if !errors.As(err, &exit) {
		exit = boot.Failure(err) // cobra's own errors come wrapped by usageErrors
	}
	if exit.Err != nil && !errors.Is(exit.Err, syscall.EPIPE) { // who reads no more wants no word
		fmt.Fprintf(stderr, "vigil: %v\n", exit)
	}
	return exit.Code
}

// rootCommand is the tree of all commands. doc.go lists them, and a test holds it against the tree.
func rootCommand(stdout, stderr io.Writer) *cobra.Command {
	version := false
	root := &cobra.Command{
		Use:   "vigil",
		Short: "Watch an intensive-care unit: vitals, ECG, notes and images in, risk scores and alerts out",
		Long: `Examples:
  vigil demo                                        watch an invented unit of 12 beds
  vigil demo --data mimic-iii-demo --speed max      play a recorded ICU as fast as it goes
  vigil demo --for 30s --summary json               ... and end with one JSON object
  vigil channels                                    what can be sent: names, units, ranges, codes
  vigil alerts tail                                 follow the alerts of a running demo
  vigil deadletters tail                            what was refused, why, and how to mend it
  vigil topics init --brokers kafka:9092            make the topics on a Kafka
  vigil serve --brokers kafka:9092 --redis redis://redis:6379/0
  vigil replay mimic-iii mimic-iii-demo --brokers kafka:9092 --speed max --wait
  vigil publish vitals.jsonl --brokers kafka:9092   publish live messages, one JSON object a line
  vigil synth mimic-iv --out unit                   write an invented unit as the folder of a recorded one
  vigil train --recipe physionet2012-plain --data physionet2012 --out my.safetensors
  vigil model show                                  the card of the shipped model

Vigil takes vitals, ECG waveforms, notes and imaging events as they arrive on Kafka,
keeps each patient's irregular series, fuses whatever is there, and raises alerts that
can be replayed bit for bit.

Vigil is ` + schemas.Notice + `.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return boot.Usage(fmt.Errorf("there is no command %q%s see `vigil help`", args[0], didYouMean(cmd, args[0])))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return printVersion(cmd.OutOrStdout())
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&version, "version", false, "print what `vigil version` prints")
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpTemplate(helpTemplate)
	root.SetFlagErrorFunc(flagMistake)
	root.SetHelpCommand(helpCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(demoCommand(), serveCommand(), auditCommand(), replayCommand(), publishCommand(), alertsCommand(), deadLettersCommand(), topicsCommand(), trainCommand(), evaluateCommand(), explainCommand(), encodersCommand(), modelCommand(), labCommand(), synthCommand(),
		channelsCommand(), limitsCommand(), codesCommand(), configCommand(), doctorCommand(), sinksCommand(), sourcesCommand(), recipesCommand(), policyCommand(), versionCommand())
	return root
}

// group is a command that only holds others. Called without one of them it says which there are.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	names := make([]string, len(children))
	for i, child := range children {
		names[i] = child.Name()
	}
	cmd := &cobra.Command{
		Use: use, Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			found := "nothing"
			if len(args) > 0 {
				found = fmt.Sprintf("%q", args[0]) + didYouMean(cmd, args[0])
			} else {
				found += ":"
			}
			return boot.Usage(fmt.Errorf("`%s` wants one of %s, found %s see `%s --help`",
				cmd.CommandPath(), strings.Join(names, ", "), found, cmd.CommandPath()))
		},
	}
	cmd.AddCommand(children...)
	return cmd
}

// noArgs refuses words that the command does not take.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return boot.Usage(fmt.Errorf("`%s` takes no %q: see `%s --help`", cmd.CommandPath(), args[0], cmd.CommandPath()))
	}
	return nil
}

// helpTemplate puts the examples first, since most people look for a line to copy.
const helpTemplate = `{{.Short}}.
{{if .Example}}
Examples:
{{.Example}}
{{end}}{{if .Long}}
{{.Long}}
{{end}}{{.UsageString}}`

const usageTemplate = `
Usage:
{{if .HasAvailableSubCommands}}  {{.CommandPath}} COMMAND [flags]

Commands:
{{range .Commands}}{{if .IsAvailableCommand}}  {{rpad .Name .NamePadding}} {{.Short}}
{{end}}{{end}}{{else}}  {{.UseLine}}
{{end}}{{if .HasAvailableLocalFlags}}
Flags:
{{.LocalFlags.FlagUsages}}{{end}}{{if .HasAvailableInheritedFlags}}
Flags of every command:
{{.InheritedFlags.FlagUsages}}{{end}}`
