package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// This file makes what people mistype into an error that points the right way.

// didYouMean is the end of a sentence on a command that there is not; empty where none is near.
func didYouMean(cmd *cobra.Command, word string) string {
	var names []string
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			names = append(names, child.Name())
		}
	}
	if near := schemas.Nearest(word, names); near != "" {
		return fmt.Sprintf("; did you mean `%s %s`?", cmd.CommandPath(), near)
	}
	return ":"
}

// helpCommand is `vigil help`, which refuses a command that there is not, where cobra's prints the
// whole help and ends well.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Print the help of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			of := cmd.Root()
			for _, word := range args {
				next, _, err := of.Find([]string{word})
				if err != nil || next == of {
					return boot.Usage(fmt.Errorf("there is no command `%s %s`%s see `%s --help`", of.CommandPath(), word, didYouMean(of, word), of.CommandPath()))
				}
				of = next
			}
			return of.Help()
		},
	}
}

// flagMistake says of a flag that cannot be read what it wants, or which flag was probably meant.
func flagMistake(cmd *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &value):
		if want := wantedValue(value.GetFlag().Value.Type(), value.GetValue()); want != "" {
			err = fmt.Errorf("--%s %q: want %s", value.GetFlag().Name, value.GetValue(), want)
		}
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := schemas.Nearest(unknown.GetSpecifiedName(), names); near != "" {
			err = fmt.Errorf("%w; did you mean --%s?", err, near)
		}
	}
	return boot.Usage(fmt.Errorf("%w: see `%s --help`", err, cmd.CommandPath()))
}

// wantedValue says what a flag of a kind wants; empty where pflag's own words are as good.
func wantedValue(kind, found string) string {
	switch kind {
	case "duration":
		if _, err := strconv.ParseFloat(found, 64); err == nil {
			return fmt.Sprintf("a time with its unit, as %ss, %sm or %sh", found, found, found)
		}
		return "a time with its unit, as 30s or 4h"
	case "uint64":
		return "a whole number, 0 or more"
	case "int":
		return "a whole number"
	}
	return ""
}

// mostLookedAt bounds how many folders are tried for one that is meant.
const mostLookedAt = 50

// nearbyData finds the data set that was probably meant by a path one level too high or too deep; ok is
// false where there is none.
func nearbyData(path string) (hint string, ok bool) {
	entries, _ := os.ReadDir(path) // a file, or none, has nothing in it
	for i, entry := range entries {
		if i == mostLookedAt {
			break
		}
		if !entry.IsDir() {
			continue
		}
		if name, ok := whichData(filepath.Join(path, entry.Name())); ok {
			return fmt.Sprintf("%s in it is one (%s)", entry.Name(), name), true
		}
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	above := filepath.Dir(whole)
	if name, ok := whichData(above); ok {
		return fmt.Sprintf("the folder above it, %s, is one (%s)", above, name), true
	}
	return "", false
}

// whichData is the data set that a path is.
func whichData(path string) (name string, ok bool) {
	for _, d := range dataSets {
		if _, err := d.open(path); err == nil {
			return d.name, true
		}
	}
	return "", false
}

// checkPatients refuses patients who can be none of a source, before all of it is read.
func checkPatients(src source.Source, only []string) error {
	for _, id := range only {
		if !strings.HasPrefix(id, src.Name()+":") {
			return boot.Usage(fmt.Errorf("--patients %s: patients of %s are called %s:ID; `vigil replay %s --list-patients` prints them", id, src.Name(), src.Name(), src.Name()))
		}
	}
	return nil
}

// checkExport makes the folder of --export and sees that a file can be written there, before the work whose
// end would find out.
func checkExport(dir string) error {
	if dir == "" {
		return nil
	}
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(dir, ".vigil-*"); err == nil {
			err = errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		return boot.Usage(fmt.Errorf("--export: nothing can be written there: %w; name another folder", err))
	}
	return nil
}
