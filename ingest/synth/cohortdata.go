package synth

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// cohortNeutral are sentences that tell nothing.
var cohortNeutral = []string{
	"Turned every two hours, skin intact.", "Family visited in the afternoon.", "Peripheral line flushed, site clean.",
	"Mouth care given.", "Urinary catheter draining.", "Seen on the morning round.", "Physiotherapy at the bedside.",
	"Enteral feed running at goal rate.", "Medication reconciled with the pharmacy.", "Bed rails up, call bell in reach.",
	"Dressing changed.", "Insulin as per protocol.", "Heparin given.", "Slept for some hours.", "Chaplain informed at the family's wish.",
	"Bloods sent with the evening round.",
}

// cohortTold are sentences that tell how it stands: first that it is well, then that it is not.
var cohortTold = [][2]string{
	{"No signs of septic shock.", "Signs of septic shock."},
	{"Denies chest pain.", "Reports chest pain."},
	{"Confusion has resolved.", "Confusion has worsened."},
	{"Abdomen soft, no peritonitis.", "Abdomen rigid, peritonitis."},
	{"Withdrawal of care was not discussed.", "Withdrawal of care was discussed."},
	{"Lungs clear, no respiratory distress.", "Respiratory distress, lungs with crackles."},
	{"Mottling of the skin is absent.", "Mottling of the skin up to the knees."},
	{"Follows commands.", "Does not follow commands."},
	{"No evidence of bleeding.", "Evidence of bleeding from the drain."},
	{"Liver function recovers, no encephalopathy.", "Liver failure with encephalopathy."},
}

// Size of an invented image, and how many shades black and white are apart.
const (
	imageSide  = 72
	imageWhite = 255
)

// cohortImage sends a chest image as an uncompressed PNG. Where the part is bad, most show a dense
// patch in one lung; else few, and fainter.
func (l *life) cohortImage(at schemas.Time, bad bool) {
	img := image.NewGray(image.Rect(0, 0, imageSide, imageSide))
	patch := 0.0
	if likely := l.r.Float64() < 0.9; likely == bad {
		patch = 55 + 60*l.r.Float64()
	} else if l.r.IntN(3) == 0 {
		patch = 25 * l.r.Float64()
	}
	side := float64(2*l.r.IntN(2) - 1)
	exposure, tilt := 18*l.r.NormFloat64(), 0.03*l.r.NormFloat64()
	px, py, wide := side*(0.42+0.06*l.r.NormFloat64()), 0.25+0.15*l.r.NormFloat64(), 0.2+0.06*l.r.Float64()
	for row := range imageSide {
		for column := range imageSide {
			x, y := 2*float64(column)/(imageSide-1)-1, 2*float64(row)/(imageSide-1)-1
			x += tilt * y
			shade := 175 + exposure
			for _, lung := range [...]float64{-0.42, 0.42} {
				dx, dy := (x-lung)/0.3, (y+0.05)/0.7
				if d := dx*dx + dy*dy; d < 1 {
					shade -= 105 * math.Sqrt(1-d)
				}
			}
			shade += 9 * math.Sin(14*(y+0.35*x*x)) // ribs
			dx, dy := (x-px)/wide, (y-py)/(1.2*wide)
			shade += patch*math.Exp(-(dx*dx+dy*dy)/2) + 9*l.r.NormFloat64()
			img.SetGray(column, row, color.Gray{Y: uint8(math.Round(math.Max(0, math.Min(shade, imageWhite))))})
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, img); err != nil {
		panic("synth: an image in memory is written: " + err.Error())
	}
	l.add(schemas.TopicImaging, at, at+l.minutes(5, 15), schemas.Event{Image: &schemas.Image{Modality: "DX", Bytes: b.Bytes(), MediaType: "image/png"}})
}

// sortEvents orders events by when they became known.
func sortEvents(events []schemas.Event) {
	slices.SortStableFunc(events, func(a, b schemas.Event) int { return cmp.Compare(a.AvailableTime, b.AvailableTime) })
}
