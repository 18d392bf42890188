package judge

import (
	"hash/fnv"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// gapEnds is the hour of a stay at which a gap is over, at which groups are judged too.
const gapEnds = groupHour * schemas.Hour

// Draws of the rows of a record's chance.
const (
	ofLoss = iota
	ofArtefact
)

// degrade takes from a record what is withheld or lost, puts artefacts in, and says whether the
// record is sent at all.
func (plan *Plan) degrade(rec *schemas.Record, p *source.Patient, event int) bool {
	if len(rec.Observations) == 0 && !rec.Kind.IsData() {
		return true
	}
	if plan.Gap > 0 && slices.ContainsFunc(p.Stays, func(s source.Stay) bool {
		over := s.Admit + gapEnds
		return rec.At >= over-plan.Gap && rec.At < over
	}) {
		return false
	}
	if len(rec.Observations) == 0 || len(plan.Withheld) == 0 && plan.Dropped == 0 && plan.Corrupted == 0 {
		return true
	}
	h := fnv.New64a()
	h.Write([]byte(p.ID))
	draw := nn.Draw{Seed: plan.Seed, Step: uint64(event)}
	loss, artefact := draw.Row(ofLoss, h.Sum64()), draw.Row(ofArtefact, h.Sum64())
	kept := rec.Observations[:0:0]
	for i, o := range rec.Observations {
		if slices.Contains(plan.Withheld, o.Channel) || loss.Uniform(uint64(i)) < plan.Dropped {
			continue
		}
		if info := o.Channel.Info(); info.Group == "vital" && artefact.Uniform(uint64(2*i)) < plan.Corrupted {
			width := float64(info.Models.High) - float64(info.Models.Low)
			o.Value = float32(float64(info.Models.Low) + float64(width*artefact.Uniform(uint64(2*i+1))))
		}
		kept = append(kept, o)
	}
	rec.Observations = kept
	return len(kept) > 0
}
