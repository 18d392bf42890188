package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// encodersCommand holds what concerns the encoders: what the model is given of each modality.
func encodersCommand() *cobra.Command {
	return group("encoders", "Look at the encoders, judge them on recorded data, fit them", encodersCheck(), encodersEvaluate(), encodersExplain(), encodersList(), encodersTrain())
}

// encodersEvaluate holds a command for each encoder that can be judged.
func encodersEvaluate() *cobra.Command {
	return group("evaluate", "Judge an encoder on recorded data with the truth beside it", encodersEvaluateECG(), encodersEvaluateImaging(), encodersEvaluateNotes())
}

// encodersExplain holds a command for each encoder whose view of one item can be shown.
func encodersExplain() *cobra.Command {
	return group("explain", "Show what an encoder sees in one item", encodersExplainImage(), encodersExplainNote())
}

// encodersTrain holds a command for each encoder whose weights come from data.
func encodersTrain() *cobra.Command {
	return group("train", "Fit an encoder's weights to recorded data", encodersTrainECG(), encodersTrainImaging())
}

// encoderInUse is what stands for one modality between a message and the model.
type encoderInUse struct {
	modality encoders.Modality
	name     string
	gives    string
	licence  string
	origin   string
}

// encodersInUse are those of this program.
var encodersInUse = []encoderInUse{
	{encoders.Numeric, "vitals", "hour cells and statistics of the channels", "Apache-2.0", "rules in the program"},
	{encoders.ECG, record.Builtin(encoders.ECG), "heart rate, quality and rhythm; how likely ectopic beats and atrial fibrillation are; a vector for the model", "Apache-2.0", "rules in the program (Pan-Tompkins, Elgendi); weights fitted to the MIT-BIH Arrhythmia Database, ODC-By 1.0"},
	{encoders.Notes, record.Builtin(encoders.Notes), "concepts with polarity into the log; hashed words for a layer of the model", "Apache-2.0", "rules and lexicon in the program"},
	{encoders.Imaging, record.Builtin(encoders.Imaging), "a summary of a chest film as a vector for the model, pneumonia, flags of the acquisition; " + imaging.Fidelity, "Apache-2.0; weights CC BY 4.0", "networks fitted to PneumoniaMNIST by vigil encoders train imaging"},
}

// encodersList gives the user what is active for each modality.
func encodersList() *cobra.Command {
	var folders []string
	cmd := &cobra.Command{
		Use: "list", Short: "List the encoder of each modality: what it gives, its licence, where it came from", Args: noArgs,
		Example: `  vigil encoders list
  vigil encoders list --encoder notes=clinicalbert --encoder imaging=densenet`,
		Long: "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, e := range encodersInUse {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", encoders.Names[e.modality], e.name, e.gives, e.licence, e.origin)
			}
			if err := listOwn(t, folders); err != nil {
				return err
			}
			return t.Flush()
		},
	}
	cmd.Flags().StringArrayVar(&folders, "encoder", nil, "MODALITY=DIR, a site's own, as of vigil serve")
	return cmd
}
