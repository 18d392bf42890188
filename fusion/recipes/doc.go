// Package recipes holds the training recipes that are in the binary. A recipe is one
// YAML file. What its keys mean, and that no other key is in it, is left to package train,
// which reads it.
//
//	invented             four modalities of stays that are invented: the fused path uses what it is given
//	open-icu             in-hospital death at any hour: the model that Vigil carries
//	physionet2012        the whole recipe, teacher included
//	physionet2012-plain  the same network without teacher, skip and augmentation
//	mimic-iv-paper       the paper's tasks and size, for those who have MIMIC-IV
//	fleximodal           any data with a manifest, see package fleximodal
//	tiny                 a network that trains in a second, for tests and to try things
package recipes

import "embed"

// Files are the recipes, NAME.yaml each.
//
//go:embed *.yaml
var Files embed.FS
