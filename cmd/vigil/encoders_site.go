package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/modelfolder"
	"github.com/vigil-icu/vigil/encoders/onnx"
	"github.com/vigil-icu/vigil/schemas"
)

// encodersCheck gives the user what is wrong with a folder of an encoder of the site's own, or that
// nothing is.
func encodersCheck() *cobra.Command {
	var e boot.Encoders
	cmd := &cobra.Command{
		Use: "check DIR", Short: "Check an encoder of the site's own: settings, signature, golden vectors", Args: oneArgument("vigil encoders check", "folder"),
		Example: `  vigil encoders check clinicalbert
  vigil encoders check densenet --encoder-host models.ward:8443`,
		Long: `Reads encoder.json of a folder, holds the network's hash and signature against it, and lets the
network make the vectors of the golden inputs, as vigil serve --encoder does when it starts. What does
not fit is said with found and expected. A network on a server is asked only if its host is allowed.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			return checkEncoder(cmd.Context(), cmd.OutOrStdout(), args[0], &e)
		},
	}
	reachFlags(cmd, &e)
	return cmd
}

// checkEncoder opens an encoder, and says what its network takes where that can be known.
func checkEncoder(ctx context.Context, out io.Writer, dir string, e *boot.Encoders) error {
	m, err := modelfolder.Read(dir)
	if err != nil {
		saySignature(out, dir, "model.onnx")
		return boot.Usage(err)
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "encoder\t%s of %s, vectors of %d numbers\n", m.Name(), m.Modality, m.Dim)
	fmt.Fprintf(t, "licence\t%s\n", m.License)
	fmt.Fprintf(t, "from\t%s\n", m.Source)
	fmt.Fprintf(t, "network\t%s\n", network(&m.Network))
	if err := t.Flush(); err != nil {
		return err
	}
	one, err := modelfolder.Open(dir, e.Means())
	if err != nil {
		saySignature(out, dir, m.Network.File)
		if errors.Is(err, onnx.ErrNoLibrary) {
			return boot.Dependency(err)
		}
		return boot.Usage(err)
	}
	defer one.Close()
	switch err := one.Verify(ctx); {
	case errors.Is(err, modelfolder.ErrAway):
		return boot.Dependency(fmt.Errorf("%s was not checked: %w", m.Name(), err))
	case err != nil:
		return boot.Usage(err)
	}
	_, err = fmt.Fprintf(out, "ok: hash, signature and golden vectors are those of %s\n", modelfolder.FileName)
	return err
}

// saySignature says of a file what a maker of encoder.json needs to know of it: nothing if it is none.
func saySignature(out io.Writer, dir, name string) {
	if name == "" || !filepath.IsLocal(name) {
		return
	}
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil || !info.Mode().IsRegular() || info.Size() > onnx.MaxFile {
		return
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return
	}
	if s, err := onnx.Inspect(b); err == nil {
		sum := sha256.Sum256(b)
		fmt.Fprintf(out, "%s has SHA-256 %s and %s\n", name, hex.EncodeToString(sum[:]), s)
	}
}

// network is where one is, for people.
func network(n *modelfolder.Network) string {
	if n.File != "" {
		return n.File + ", SHA-256 " + n.SHA256[:12]
	}
	return n.Protocol + " at " + n.Address
}

// listOwn adds a line for each encoder of the site's own to the list. Its folder is read, and nothing is
// run.
func listOwn(t io.Writer, folders []string) error {
	for _, setting := range folders {
		m, dir, err := boot.SplitEncoder(setting)
		if err != nil {
			return boot.Usage(fmt.Errorf("--encoder: %w", err))
		}
		own, err := modelfolder.Read(dir)
		if err != nil {
			return boot.Usage(err)
		}
		if own.Modality != encoders.Names[m] {
			return boot.Usage(fmt.Errorf("--encoder: %s is an encoder of %s, not of %s", own.Name(), own.Modality, encoders.Names[m]))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", own.Modality, own.Name(), fmt.Sprintf("the site's own: a vector of %d numbers beside what stands above", own.Dim), own.License, own.Source+"; "+network(&own.Network))
	}
	return nil
}
