package imaging

import "fmt"

// ID names this encoder and Version its rules and weights, since what a log holds of an image is by
// the ones that it names. Another feature, rule or weight is another version.
const (
	ID      = "vigil-imaging"
	Version = "1"
)

// Fidelity stands beside whatever is shown of an encoding.
const Fidelity = "low fidelity, research only"

// Width is the length of an encoding's vector.
const Width = 1 + Embedded + compact + flags

// Parts of the vector.
const (
	compact = 2*coarse*coarse + coarse + bands + 6
	flags   = 6
)

// Finding is something that was seen, by its name.
type Finding struct {
	Name string
	// Value is a probability, or 1 for a flag.
	Value float64
}

// Names of findings: one is a probability, the others are flags.
const (
	Pneumonia      = "pneumonia"
	TakenAP        = "taken AP"
	TakenPA        = "taken PA"
	TakenPortable  = "taken at the bed"
	StoredInverted = "stored white low"
	Dark           = "dark film"
	Bright         = "bright film"
)

// Encoding is what is kept of an image.
type Encoding struct {
	// Vector has Width numbers: logit and embedding of the classifier, what is left of the summary,
	// flags. It is nil where the image is not used.
	Vector []float32
	// Findings are those that there are, flags of the acquisition last.
	Findings []Finding
	// Unused says why an image that could be read is not used; empty if it is.
	Unused string
}

// Value is that of a finding, and whether there is one.
func (e *Encoding) Value(name string) (float64, bool) {
	for _, f := range e.Findings {
		if f.Name == name {
			return f.Value, true
		}
	}
	return 0, false
}

// Least is how many pixels a film must have each way.
const Least = 28

// Encode reads an image and sums it up. The media type may be empty. An error says why the bytes
// cannot be read.
func Encode(b []byte, mediaType string) (*Encoding, error) {
	f, err := Decode(b, mediaType)
	if err != nil {
		return nil, err
	}
	return EncodeFilm(f), nil
}

// projections are the DICOM modalities of films.
var projections = map[string]bool{"": true, "CR": true, "DX": true, "RG": true, "OT": true, "SC": true}

// EncodeFilm sums up a film.
func EncodeFilm(f *Film) *Encoding {
	switch {
	case min(f.Width, f.Height) < Least:
		return &Encoding{Unused: fmt.Sprintf("%d by %d pixels, want at least %d each way", f.Width, f.Height, Least)}
	case !projections[f.Modality]:
		return &Encoding{Unused: "the modality " + f.Modality + " is no film of the chest"}
	case f.View == Lateral:
		return &Encoding{Unused: "a lateral view, want a frontal one"}
	}
	all := Summary(f)
	if exposed := all[Features-len(exposed):]; exposed[1] < 0.01 {
		return &Encoding{Unused: "nothing but one shade"}
	}
	r := Shipped().Read(f.Small())
	e := &Encoding{Vector: make([]float32, 0, Width), Findings: []Finding{{Pneumonia, r.Probability}}}
	e.Vector = append(append(e.Vector, float32(r.Logit)), r.Embedding[:]...)
	e.Vector = shorten(e.Vector, all)
	for _, flag := range []struct {
		name string
		is   bool
	}{
		{TakenAP, f.View == AP}, {TakenPA, f.View == PA}, {TakenPortable, f.Portable}, {StoredInverted, f.Inverted},
		{Dark, all[Features-len(exposed)] < 0.15}, {Bright, all[Features-len(exposed)] > 0.85},
	} {
		v := float32(0)
		if flag.is {
			v = 1
			e.Findings = append(e.Findings, Finding{flag.name, 1})
		}
		e.Vector = append(e.Vector, v)
	}
	return e
}

// group is the features of a group of a summary.
func group(all []float32, name string) []float32 {
	at := 0
	for _, g := range Groups {
		if g.Name == name {
			return all[at : at+g.Count]
		}
		at += g.Count
	}
	panic("imaging: no group " + name)
}

// shorten appends what the vector has of a summary: means and spreads on a coarse grid, what the
// sides differ by, energy by scale, exposure.
func shorten(out, all []float32) []float32 {
	const fold = cells / coarse
	for _, name := range []string{"mean", "spread"} {
		fine := group(all, name)
		for i := range coarse * coarse {
			var sum float64
			for k := range fold * fold {
				sum += float64(fine[(i/coarse*fold+k/fold)*cells+i%coarse*fold+k%fold])
			}
			out = append(out, float32(sum/(fold*fold)))
		}
	}
	mean := func(x []float32) float32 {
		m, _ := moments(x)
		return float32(m)
	}
	asymmetry := group(all, "asymmetry")
	for i := range coarse {
		n := len(asymmetry) / coarse
		out = append(out, mean(asymmetry[i*n:(i+1)*n]))
	}
	energy := group(all, "energy")
	for i := range bands {
		out = append(out, mean(energy[i*coarse*coarse:(i+1)*coarse*coarse]))
	}
	e := group(all, "exposure")
	return append(out, e[0], e[1], e[3], e[5], e[7], e[9])
}
