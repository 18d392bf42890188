// Command bundle makes the page of its sources and its two libraries: one script, one style, one
// document. It needs Go alone. The same sources give the same bytes; go generate runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	from := flag.String("from", "..", "folder with src and libraries")
	to := flag.String("to", "../dist", "folder for the page")
	flag.Parse()
	if err := bundle(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

// bundle writes the page.
func bundle(from, to string) error {
	from, err := filepath.Abs(from)
	if err != nil {
		return err
	}
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	library := func(path ...string) string { return filepath.Join(append([]string{from, "libraries"}, path...)...) }
	result := api.Build(api.BuildOptions{
		EntryPointsAdvanced: []api.EntryPoint{
			{InputPath: filepath.Join(from, "src", "app.tsx"), OutputPath: "app"},
			{InputPath: filepath.Join(from, "src", "app.css"), OutputPath: "app"},
		},
		AbsWorkingDir: from, Outdir: to, Write: true, Bundle: true, Format: api.FormatESModule, Target: api.ES2022, Charset: api.CharsetUTF8,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, LegalComments: api.LegalCommentsNone, LogLevel: api.LogLevelWarning,
		JSX: api.JSXTransform, JSXFactory: "h", JSXFragment: "Fragment",
		Banner: map[string]string{"js": "/* Vigil, Apache-2.0. Preact, (c) 2015-present Jason Miller; uPlot, (c) 2022 Leon Sorokin: MIT, see libraries. */"},
		Alias: map[string]string{
			"preact/hooks": library("preact", "hooks", "src", "index.js"),
			"preact":       library("preact", "src", "index.js"),
			"uplot":        library("uplot", "uPlot.esm.js"),
		},
	})
	if len(result.Errors) > 0 {
		return fmt.Errorf("%d errors, see above", len(result.Errors))
	}
	for _, name := range []string{"index.html", "icon.svg"} {
		text, err := os.ReadFile(filepath.Join(from, "src", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
