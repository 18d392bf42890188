package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/schemas"
)

// encodersExplainImage gives the user what the encoder sees in a film.
func encodersExplainImage() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "image FILE", Short: "Say what the encoder sees in an image: view, acquisition, findings", Args: oneArgument("vigil encoders explain image", "file"),
		Example: `  vigil encoders explain image film.dcm
  vigil encoders explain image film.png --json`,
		Long: `Prints how a DICOM, PNG or JPEG image was taken, as far as the file says, what the encoder
finds in it, and why it is not used where it is not. Nothing of the file's texts is printed.
The encoder is of low fidelity: its networks know films of children, 28 pixels each way.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := readImage(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			f, err := imaging.Decode(b, "")
			if err != nil {
				return boot.Problems(fmt.Errorf("%s: %w", args[0], err))
			}
			return explainImage(cmd.OutOrStdout(), f, imaging.EncodeFilm(f), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object on stdout")
	return cmd
}

// readImage reads an image of as many bytes as intake takes.
func readImage(name string, stdin io.Reader) ([]byte, error) {
	from := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, boot.Usage(fmt.Errorf("cannot read the image: %w; name a DICOM, PNG or JPEG file, or - for standard input", err))
		}
		defer f.Close()
		from = f
	}
	b, err := io.ReadAll(io.LimitReader(from, schemas.MaxImage+1))
	switch {
	case err != nil:
		return nil, boot.Usage(fmt.Errorf("cannot read the image: %w; name a DICOM, PNG or JPEG file", err))
	case len(b) > schemas.MaxImage:
		return nil, boot.Usage(fmt.Errorf("%s has more than %d bytes, which no image may have", name, schemas.MaxImage))
	}
	return b, nil
}

func explainImage(w io.Writer, f *imaging.Film, e *imaging.Encoding, asJSON bool) error {
	type finding struct {
		Name  string  `json:"name"`
		Value float64 `json:"value"`
	}
	view := string(f.View)
	if view == "" {
		view = "not told"
	}
	if asJSON {
		out := struct {
			Encoder  string    `json:"encoder"`
			Version  string    `json:"version"`
			Fidelity string    `json:"fidelity"`
			Format   string    `json:"format"`
			Width    int       `json:"width"`
			Height   int       `json:"height"`
			Frames   int       `json:"frames"`
			Modality string    `json:"modality,omitempty"`
			View     string    `json:"view"`
			Padding  float64   `json:"padding"`
			Unused   string    `json:"unused,omitempty"`
			Findings []finding `json:"findings"`
			Vector   []float32 `json:"vector,omitempty"`
		}{imaging.ID, imaging.Version, imaging.Fidelity, string(f.Format), f.Width, f.Height, f.Frames, f.Modality, view, f.Padding, e.Unused, []finding{}, e.Vector}
		for _, x := range e.Findings {
			out.Findings = append(out.Findings, finding(x))
		}
		return json.NewEncoder(w).Encode(out)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "format\t%s, %d by %d pixels, %d frames\n", f.Format, f.Width, f.Height, f.Frames)
	if f.Modality != "" {
		fmt.Fprintf(t, "modality\t%s\n", f.Modality)
	}
	fmt.Fprintf(t, "view\t%s\n", view)
	if f.Padding > 0 {
		fmt.Fprintf(t, "padding\t%.1f %% of the pixels\n", 100*f.Padding)
	}
	if e.Unused != "" {
		fmt.Fprintf(t, "not used\t%s\n", e.Unused)
	}
	for _, x := range e.Findings {
		if x.Name == imaging.Pneumonia {
			fmt.Fprintf(t, "finding\t%s, probability %.2f at even odds before\n", x.Name, x.Value)
			continue
		}
		fmt.Fprintf(t, "finding\t%s\n", x.Name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nencoder %s %s, %s; Vigil is %s\n", imaging.ID, imaging.Version, imaging.Fidelity, schemas.Notice)
	return err
}
