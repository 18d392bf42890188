package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// versionCommand gives the user what a report of a mistake should name.
func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print version, Go, channel table and shipped model", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return printVersion(cmd.OutOrStdout()) },
	}
}

// printVersion prints what a report of a mistake should name.
func printVersion(out io.Writer) error {
	version, commit := "devel", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	_, err := fmt.Fprintf(out, "vigil %s\ncommit %s\ngo %s %s/%s\nchannels %d (table %d)\nmodel %s\nnotice %s\n",
		version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH,
		schemas.NumChannels(), schemas.ChannelTableVersion, fusion.Shipped().Hash(), schemas.Notice)
	return err
}
