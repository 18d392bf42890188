package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/audit"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// auditCommand holds the commands about the log of who looked at whom.
func auditCommand() *cobra.Command {
	return group("audit", "Check the log of who looked at which patient and answered which alert", auditVerify())
}

// auditVerify finds any edit or cut of an audit log.
func auditVerify() *cobra.Command {
	var key, copied string
	cmd := &cobra.Command{
		Use: "verify FILE", Short: "Find any edit or cut of an audit log; exit 4 if there is one",
		Example: `  vigil audit verify vigil-audit.jsonl
  vigil audit verify vigil-audit.jsonl --key kept/audit.pub --checkpoint kept/audit.checkpoints`,
		Long: `FILE is that of --web-audit. Its lines are the leaves of a Merkle tree, whose root was signed behind each
line; the signatures stand in FILE.checkpoints. Whoever can write these files and holds FILE.key can
write another history: keep copies of FILE.pub and of the last checkpoint where they cannot write, and
name them here.

Vigil is ` + schemas.Notice + ".",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return boot.Usage(fmt.Errorf("`%s` wants one FILE, the audit log, found %d: see `%s --help`", cmd.CommandPath(), len(args), cmd.CommandPath()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := audit.Verify(args[0], key, copied)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return boot.Usage(err)
			case err != nil:
				return boot.Problems(err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s holds: %d lines, %d checkpoints, root %s\n", args[0], found.Lines, found.Checkpoints, found.Root)
			return err
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "file of the key that checks; without it FILE.pub")
	cmd.Flags().StringVar(&copied, "checkpoint", "", "file of checkpoints that were copied away; the log must go on from them")
	return cmd
}
