package main

import (
	"fmt"

	"github.com/vigil-icu/vigil/cmd/internal/progress"
	"github.com/vigil-icu/vigil/fusion/train"
)

// showTraining returns what the training loop calls after each step: a bar with the loss, and a line for each epoch.
func showTraining(bar *progress.Bar) func(train.Progress) {
	return func(p train.Progress) {
		bar.Set(int64(p.Step), int64(p.Steps), fmt.Sprintf("epoch %d/%d  loss %.4f", p.Epoch, p.Epochs, p.Loss))
		if p.Ended != nil {
			bar.Say(epochLine(p))
		}
	}
}

// epochLine sums an ended epoch up.
func epochLine(p train.Progress) string {
	line := fmt.Sprintf("epoch %d/%d  loss %.4f", p.Epoch, p.Epochs, p.Ended.Loss)
	if v := p.Ended.Validation; v != nil {
		line += fmt.Sprintf("  validation: loss %.4f  AUROC %.4f  AUPRC %.4f", v.Loss, v.AUROC, v.AUPRC)
	}
	return line
}
