package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/ingest/synth/mimicfolder"
	"github.com/vigil-icu/vigil/schemas"
)

// mostInvented bounds what `vigil synth` gathers in memory before it writes.
const mostInvented = 1000

// synthCommand gives the user a folder that looks like a recorded ICU and holds no real person.
func synthCommand() *cobra.Command {
	var out string
	c := synth.Config{}
	cmd := &cobra.Command{
		Use: "synth LAYOUT --out DIR", Short: "Write an invented unit as the folder of a recorded one",
		Example: `  vigil synth mimic-iv --out unit --patients 12 --seed 1
  vigil demo --data unit --speed max`,
		Long: `LAYOUT is mimic-iii or mimic-iv: DIR gets the tables that Vigil reads, in the official
folders and columns, gzip. The patients are those of the invented unit of ` + "`vigil demo`" + `, charted
as nurses chart, with dates after 2110; one dies, one comes back. The same seed gives the same
bytes. No row is a real person's.

Vigil is ` + schemas.Notice + ".",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return boot.Usage(fmt.Errorf("`vigil synth` wants one LAYOUT, mimic-iii or mimic-iv, found %d arguments: see `vigil synth --help`", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			layout, err := mimicfolder.LayoutNamed(args[0])
			switch {
			case err != nil:
				return boot.Usage(err)
			case out == "":
				return boot.Usage(errors.New("--out is missing: name the folder to write"))
			case c.Beds < 1 || c.Beds > mostInvented:
				return boot.Usage(fmt.Errorf("--patients %d: want 1 to %d", c.Beds, mostInvented))
			case c.Duration < time.Hour || c.Duration > 30*24*time.Hour:
				return boot.Usage(fmt.Errorf("--length %s: want 1h to 720h", c.Duration))
			}
			if err := emptyFolder(out); err != nil {
				return boot.Usage(fmt.Errorf("--out: %w", err))
			}
			unit, err := openInvented(c)
			if err != nil {
				return err
			}
			w, err := mimicfolder.Write(cmd.Context(), out, layout, unit, c.Seed)
			if err != nil {
				return interruptedOr(cmd.Context(), boot.Failure(err))
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d invented patients, %d stays, %d rows in %d tables\n", out, w.Patients, w.Stays, w.Rows, w.Tables)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "folder to write; it must be new or empty")
	f.IntVar(&c.Beds, "patients", 12, "patients")
	f.Uint64Var(&c.Seed, "seed", 1, "of all that is invented")
	f.DurationVar(&c.Duration, "length", 24*time.Hour, "of the story: whose stay is longer is discharged at its end")
	return cmd
}

// emptyFolder refuses a path at which something is that would be mixed with what is
// to be written.
func emptyFolder(path string) error {
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%w: name a new or an empty folder", err)
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty (it holds %s): name a new or an empty folder", path, entries[0].Name())
	}
	return nil
}
