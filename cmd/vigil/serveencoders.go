package main

import (
	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// encoderFlags adds where a site's own encoders are, and what they may reach.
func encoderFlags(cmd *cobra.Command, e *boot.Encoders) {
	cmd.Flags().StringArrayVar(&e.Folders, "encoder", nil, "MODALITY=DIR, a site's own encoder of notes, ecg or imaging (vigil encoders check); once a modality")
	reachFlags(cmd, e)
}

// reachFlags adds what encoders in folders may reach.
func reachFlags(cmd *cobra.Command, e *boot.Encoders) {
	cmd.Flags().StringArrayVar(&e.Hosts, "encoder-host", nil, "host or host:port of a model server that items may be sent to; none without")
	cmd.Flags().StringVar(&e.Library, "ort-lib", "", "file of ONNX Runtime; without it VIGIL_ORT_LIB, beside the program, the system's (make ort)")
}
