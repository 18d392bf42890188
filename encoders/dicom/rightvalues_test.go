package dicom

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"testing"
)

// What pydicom 3.0.2 makes of the open files: a hash of the stored pixels as 32 bits each, the sum of
// the values by the modality's rescale, and the sum of the shades by the window, from 0 to 1.
func TestPixelsOfTheReference(t *testing.T) {
	const mr = "b8d9a6cee6ff2ea9"
	for name, want := range map[string]struct {
		hash           string
		values, shades float64
	}{
		"CT_small.dcm": {"df61a60dfc368c1d", -1950906, math.NaN()}, // has no window
		"MR_small.dcm": {mr, 2125338, 1816.075676}, "MR_small_RLE.dcm": {mr, 2125338, 1816.075676},
		"MR_small_bigendian.dcm": {mr, 2125338, 1816.075676}, "MR_small_implicit.dcm": {mr, 2125338, 1816.075676},
		"cxr_monochrome1_implicit.dcm": {"ff81d0874583fe3d", 33451441, math.NaN()}, "cxr_monochrome2_explicit.dcm": {"2ce9a39971aa46e5", 33590126, math.NaN()},
	} {
		m := imageOf(t, open(t, name))
		pixels, err := m.Stored(0)
		if err != nil {
			t.Fatal(err)
		}
		var b []byte
		for _, v := range pixels {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		if got := sha256.Sum256(b); fmt.Sprintf("%x", got[:8]) != want.hash {
			t.Errorf("%s: other pixels", name)
		}
		values, err := m.Values(0)
		if err != nil {
			t.Fatal(err)
		}
		var sum, shades float64
		for _, v := range values {
			sum += v
		}
		for _, v := range greyOf(t, open(t, name)).Shade {
			shades += float64(v)
		}
		if sum != want.values || math.Abs(shades-want.shades) > 0.001 {
			t.Errorf("%s: values of %v, shades of %v, want %v and %v", name, sum, shades, want.values, want.shades)
		}
	}
}

// The sums of all samples of both groups, as the same reference has them.
func TestWaveformsOfTheReference(t *testing.T) {
	f, err := Read(open(t, "waveform_ecg.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	groups, err := f.Waveforms()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{4087060, 833498.75} {
		var sum float64
		for c := range groups[i].Signals() {
			for _, v := range physical(t, groups[i], c, 4096) {
				sum += v
			}
		}
		if sum != want {
			t.Errorf("group %d: %v, want %v", i+1, sum, want)
		}
	}
}
