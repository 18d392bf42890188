package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders/notes"
	"github.com/vigil-icu/vigil/encoders/notes/measure"
	"github.com/vigil-icu/vigil/fusion/score"
	"github.com/vigil-icu/vigil/schemas"
)

// oneArgument refuses all but one argument.
func oneArgument(command, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return boot.Usage(fmt.Errorf("`%s` takes one %s, found %d: see `%s --help`", command, what, len(args), command))
		}
		return nil
	}
}

// encodersExplainNote gives the user what the encoder sees in a note.
func encodersExplainNote() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "note FILE", Short: "Say what the encoder sees in a clinical note: sections, concepts, polarity", Args: oneArgument("vigil encoders explain note", "file"),
		Example: `  vigil encoders explain note progress.txt
  vigil encoders explain note - < progress.txt
  vigil encoders explain note progress.txt --json`,
		Long: `Prints the sections of a note, and each concept in it with its polarity (present, absent,
possible, historical, family), the cue that decided it and where it stands. A - reads
standard input. The note is read by this process and kept nowhere.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readNote(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			if asJSON {
				return explainNoteJSON(cmd.OutOrStdout(), text)
			}
			return explainNote(cmd.OutOrStdout(), text)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object on stdout")
	return cmd
}

// readNote reads a note as intake takes it: UTF-8, at most schemas.MaxNote bytes.
func readNote(name string, stdin io.Reader) (string, error) {
	from := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", boot.Usage(fmt.Errorf("cannot read the note: %w; name a file of plain text, or - for standard input", err))
		}
		defer f.Close()
		from = f
	}
	b, err := io.ReadAll(io.LimitReader(from, schemas.MaxNote+1))
	switch {
	case err != nil:
		return "", boot.Usage(fmt.Errorf("cannot read the note: %w; name a file of plain text", err))
	case len(b) > schemas.MaxNote:
		return "", boot.Usage(fmt.Errorf("%s has more than %d bytes, which no note may have: divide it", name, schemas.MaxNote))
	case len(strings.TrimSpace(string(b))) == 0:
		return "", boot.Usage(fmt.Errorf("%s is empty: want the text of a note", name))
	case !utf8.Valid(b):
		return "", boot.Usage(fmt.Errorf("%s is not UTF-8: convert it, for example with `iconv -f latin1 -t utf8`", name))
	}
	return string(b), nil
}

func explainNote(w io.Writer, text string) error {
	read := notes.New().Read(text)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "SECTION\tHEADING\tFROM\tTO\n")
	for _, s := range read.Sections {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\n", s.Kind, oneLine(text[s.Heading.Start:s.Heading.End]), s.Start, s.End)
	}
	fmt.Fprintf(t, "\t\t\t\nCONCEPT\tKIND\tPOLARITY\tCUE\tSECTION\tAT\tTEXT\n")
	for _, f := range read.Findings {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", f.Concept, f.Kind, f.Polarity, f.Cue, f.Section, f.Start, oneLine(text[f.Start:f.End]))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d sections, %d sentences, %d mentions, %d features of %d; encoder %s %s\n",
		len(read.Sections), len(read.Sentences), len(read.Findings), len(read.Features), notes.Buckets, notes.ID, notes.Version)
	return err
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func explainNoteJSON(w io.Writer, text string) error {
	type section struct {
		Kind    string `json:"kind"`
		Heading string `json:"heading,omitempty"`
		Start   int    `json:"start"`
		End     int    `json:"end"`
	}
	type finding struct {
		Concept  string         `json:"concept"`
		Kind     notes.Kind     `json:"kind"`
		Polarity notes.Polarity `json:"polarity"`
		Cue      string         `json:"cue,omitempty"`
		Section  string         `json:"section"`
		Start    int            `json:"start"`
		End      int            `json:"end"`
		Text     string         `json:"text"`
	}
	read := notes.New().Read(text)
	out := struct {
		Encoder   string    `json:"encoder"`
		Version   string    `json:"version"`
		Sections  []section `json:"sections"`
		Sentences int       `json:"sentences"`
		Findings  []finding `json:"findings"`
	}{notes.ID, notes.Version, []section{}, len(read.Sentences), []finding{}}
	for _, s := range read.Sections {
		out.Sections = append(out.Sections, section{s.Kind, oneLine(text[s.Heading.Start:s.Heading.End]), s.Start, s.End})
	}
	for _, f := range read.Findings {
		out.Findings = append(out.Findings, finding{f.Concept, f.Kind, f.Polarity, f.Cue, f.Section, f.Start, f.End, text[f.Start:f.End]})
	}
	return json.NewEncoder(w).Encode(out)
}

// encodersEvaluateNotes gives the user how often the sectioniser and the polarity are right.
func encodersEvaluateNotes() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "notes DIR", Short: "Judge the encoder of notes: sections of open notes, polarity on labelled sentences", Args: oneArgument("vigil encoders evaluate notes", "folder"),
		Example: `  vigil encoders evaluate notes notes
  vigil encoders evaluate notes notes/mts-dialog --json | tail -n 1`,
		Long: `Reads all tables below DIR (.csv, .csv.gz) with the columns of MTS-Dialog (section_header,
section_text) or of ACI-Bench (note), whatever their names, and judges

  by heading   sections found whole and with their kind, under their heading
  by content   sections whose kind is guessed from their text alone, without heading

and polarity on the sentences whose labels are in the program: invented ones, and of the two
validation parts, if DIR has them, open ones and independent ones: those were labelled by one
who had not seen the lexicon and the cues. The interval of F1 is over 1,000 resamples of the
sentences. ` + "`go doc ./encoders/notes/measure`" + ` says what the figures are worth.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			return evaluateNotes(cmd.OutOrStdout(), args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "end with one JSON object on stdout")
	return cmd
}

// sectionAccuracy is the outcome on sections as JSON has it.
type sectionAccuracy struct {
	Notes     int     `json:"notes"`
	N         int     `json:"n"`
	Unknown   int     `json:"unknown"`
	ByHeading float64 `json:"by_heading"`
	ByContent float64 `json:"by_content"`
}

// polarityF1 is the outcome on mentions, all of them or those of one polarity, as JSON has it.
type polarityF1 struct {
	Mentions  int     `json:"mentions"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

func newPolarityF1(c measure.Counts) polarityF1 {
	return polarityF1{c.Right + c.Missed, c.Precision(), c.Recall(), c.F1()}
}

// polarityPart is the outcome on one part of the labelled sentences as JSON has it.
type polarityPart struct {
	Sentences int `json:"sentences"`
	polarityF1
	// Interval is the lower and the upper end of that of F1.
	Interval [2]float64 `json:"f1_interval"`
	// Located counts the labels that were found with any polarity, LocatedRight those with theirs.
	Located      int                           `json:"located"`
	LocatedRight int                           `json:"located_right"`
	By           map[notes.Polarity]polarityF1 `json:"by_polarity"`
}

func newPolarityPart(p *measure.Polarity) *polarityPart {
	out := &polarityPart{p.Sentences, newPolarityF1(p.All), intervalF1(p), p.Located, p.LocatedRight, map[notes.Polarity]polarityF1{}}
	for _, of := range notes.Polarities {
		out.By[of] = newPolarityF1(*p.By[of])
	}
	return out
}

// intervalF1 is the interval of F1 over resamples of the sentences. A mention that was found
// and labelled is a true positive, one that was found only a false one, one that was labelled
// only a false negative. Each sentence has a true negative besides, which F1 ignores, so that
// one without mentions is drawn too.
func intervalF1(p *measure.Polarity) [2]float64 {
	var predicted []float64
	var outcome []bool
	var sentence []string
	for i, c := range p.Each {
		name := strconv.Itoa(i)
		add := func(n int, found float64, labelled bool) {
			for range n {
				predicted, outcome, sentence = append(predicted, found), append(outcome, labelled), append(sentence, name)
			}
		}
		add(c.Right, 1, true)
		add(c.Wrong, 1, false)
		add(c.Missed, 0, true)
		add(1, 0, false)
	}
	over := score.Bootstrap{Draws: 1000, Seed: 1}.Interval(score.F1, predicted, outcome, sentence)
	return [2]float64{over.Low, over.High}
}

func evaluateNotes(w io.Writer, dir string, asJSON bool) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return boot.Usage(fmt.Errorf("%s is no folder: name one with tables of notes (MTS-Dialog, ACI-Bench)", dir))
	}
	rows, err := measure.Rows(os.DirFS(dir))
	if err != nil {
		return boot.Usage(fmt.Errorf("%s: %w", dir, err))
	}
	e := notes.New()
	sections := map[string]sectionAccuracy{}
	for layout, s := range measure.JudgeSections(e, notes.NewGuesser(), rows) {
		sections[layout] = sectionAccuracy{s.Notes, s.Sections, s.Unknown, ratio(s.ByHeading, s.Sections), ratio(s.ByContent, s.Sections)}
	}
	invented, err := measure.Invented(e)
	if err != nil {
		return boot.Failure(err)
	}
	open, err := measure.Open(e, rows)
	if err != nil {
		return boot.Failure(err)
	}
	independent, err := measure.Independent(e, rows)
	if err != nil {
		return boot.Failure(err)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "SECTIONS\tNOTES\tSECTIONS\tUNKNOWN HEADING\tBY HEADING\tBY CONTENT\n")
	for _, layout := range slices.Sorted(maps.Keys(sections)) {
		s := sections[layout]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.3f\t%.3f\n", layout, s.Notes, s.N, s.Unknown, s.ByHeading, s.ByContent)
	}
	fmt.Fprintf(t, "\t\t\t\t\t\nPOLARITY\tSENTENCES\tMENTIONS\tPRECISION\tRECALL\tF1\t95%% INTERVAL\n")
	polarity := map[string]*polarityPart{}
	for _, part := range []struct {
		name string
		of   *measure.Polarity
	}{{"invented", invented}, {"open", open}, {"independent", independent}} {
		if part.of == nil {
			fmt.Fprintf(t, "%s\tnone of the labelled sentences is in %s\n", part.name, dir)
			continue
		}
		p := newPolarityPart(part.of)
		polarity[part.name] = p
		fmt.Fprintf(t, "%s\t%d\t%d\t%.3f\t%.3f\t%.3f\t%.3f to %.3f\n", part.name, p.Sentences, p.Mentions, p.Precision, p.Recall, p.F1, p.Interval[0], p.Interval[1])
		for _, of := range notes.Polarities {
			c := p.By[of]
			fmt.Fprintf(t, "  %s\t\t%d\t%.3f\t%.3f\t%.3f\t\n", of, c.Mentions, c.Precision, c.Recall, c.F1)
		}
		fmt.Fprintf(t, "  located, polarity right\t\t%d\t%.3f\t\t\t\n", p.Located, ratio(p.LocatedRight, p.Located))
	}
	if err := t.Flush(); err != nil || !asJSON {
		return err
	}
	return json.NewEncoder(w).Encode(struct {
		Encoder  string                     `json:"encoder"`
		Version  string                     `json:"version"`
		Notes    int                        `json:"notes"`
		Sections map[string]sectionAccuracy `json:"sections"`
		Polarity map[string]*polarityPart   `json:"polarity"`
	}{notes.ID, notes.Version, len(rows), sections, polarity})
}

func ratio(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
