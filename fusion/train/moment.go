package train

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// InputsAt are what a model is given of a patient of a source at moments of a stay, as serving
// would give it. The stay is the last that began by the first of them. Moments before it, or
// after its end, are an error, and so is a patient that the source does not have.
func InputsAt(ctx context.Context, recorded source.Source, m *fusion.Model, patient string, moments func(source.Stay) []schemas.Time) (stay source.Stay, inputs []*encoders.Input, err error) {
	c := m.Config()
	items, err := itemsOf(c)
	if err != nil {
		return stay, nil, err
	}
	found := false
	cohort := Cohort{
		Channels: m.Channels(), Statics: m.Statics(), Items: items, Cells: c.Cells,
		Moments: func(s source.Stay) []schemas.Time {
			if list := moments(s); len(list) > 0 {
				found, stay = true, s
				return list
			}
			return nil
		},
		Labels: func(string, source.Stay, schemas.Time) []float32 { return nil },
	}
	one := &onlyPatient{Source: recorded, patient: patient}
	set, err := Load(ctx, one, cohort)
	switch {
	case err != nil:
		return stay, nil, err
	case !one.found:
		return stay, nil, fmt.Errorf("there is no patient %s in %s: the first is %s", patient, recorded.Name(), one.first)
	case !found:
		return stay, nil, fmt.Errorf("patient %s has no stay then; there are %s", patient, strings.Join(one.stays, ", "))
	}
	for i := range set.Examples {
		if set.Examples[i].Stay != stay.ID {
			continue
		}
		in := set.Shape().New()
		set.Fill(in, i, m.Channels(), nil)
		inputs = append(inputs, in)
	}
	return stay, inputs, nil
}

// onlyPatient is a source of one patient of another.
type onlyPatient struct {
	source.Source
	patient string
	found   bool
	first   string
	stays   []string
}

// Patients yields the patient, and reads the rest for nobody.
func (o *onlyPatient) Patients(ctx context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		for p, err := range o.Source.Patients(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if o.first == "" {
				o.first = p.ID
			}
			if p.ID != o.patient {
				continue
			}
			o.found = true
			for _, s := range p.Stays {
				o.stays = append(o.stays, fmt.Sprintf("%s from %s to %s", s.ID, s.Admit, s.End))
			}
			o.stays = slices.Clip(o.stays)
			if !yield(p, nil) {
				return
			}
		}
	}
}
