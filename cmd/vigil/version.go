package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// versionCommand gives the user what a report of a mistake should name.
func versionCommand() *cobra.Command {
	sbom := ""
	cmd := &cobra.Command{
		Use: "version", Short: "Print version, Go, channel table and shipped model", Args: noArgs,
		Example: `  vigil version
  vigil version --sbom                    the libraries in this program, as CycloneDX
  vigil version --sbom=vigil_linux_arm64  ... in another program that Go built`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if sbom != "" {
				return printLibraries(cmd.OutOrStdout(), sbom)
			}
			return printVersion(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&sbom, "sbom", "", "print the libraries in this program, or in the program of a file, as CycloneDX JSON")
	cmd.Flags().Lookup("sbom").NoOptDefVal = "-"
	return cmd
}

// printVersion prints what a report of a mistake should name.
func printVersion(out io.Writer) error {
	version, commit := "devel", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = versionOf(info)
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

// versionOf is the version of the module that a program was built of: its tag, or the commit with its time where it has
// none.
func versionOf(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "devel"
}

// component is a library, or the program, in a list of them.
type component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
}

// componentOf names a module as package registries do.
func componentOf(kind string, path, version string) component {
	return component{kind, path, version, "pkg:golang/" + path + "@" + version}
}

// printLibraries prints what Go has written into a program of its modules, in the form CycloneDX. The same program gives
// the same bytes.
func printLibraries(out io.Writer, file string) error {
	if file == "-" {
		own, err := os.Executable()
		if err != nil {
			return boot.Failure(err)
		}
		file = own
	}
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return boot.Usage(fmt.Errorf("--sbom=%s: %w: want a program that Go built", file, err))
	}
	var list struct {
		Format   string `json:"bomFormat"`
		Spec     string `json:"specVersion"`
		Version  int    `json:"version"`
		Metadata struct {
			Component component `json:"component"`
		} `json:"metadata"`
		Components []component `json:"components"`
	}
	list.Format, list.Spec, list.Version = "CycloneDX", "1.5", 1
	list.Metadata.Component = componentOf("application", info.Main.Path, versionOf(info))
	list.Components = []component{componentOf("library", "std", info.GoVersion)}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		list.Components = append(list.Components, componentOf("library", m.Path, m.Version))
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(list)
}
