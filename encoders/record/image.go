package record

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/schemas"
)

// ReadImage is the encoder of images in the words of a log record. A film of which no summary could
// be is there and cannot be used.
func ReadImage(i *schemas.Image) (ImageReading, error) {
	seen, err := imaging.Encode(i.Bytes, i.MediaType)
	if err != nil {
		return ImageReading{}, err
	}
	r := ImageReading{State: schemas.Present, Encoder: Builtin(encoders.Imaging), Vector: seen.Vector}
	if seen.Unused != "" {
		r.State, r.Vector = schemas.Unusable, nil
	}
	for _, f := range seen.Findings {
		r.Findings = append(r.Findings, schemas.Finding{Name: f.Name, Value: float32(f.Value)})
	}
	return r, nil
}
