package dicom

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/waveform"
)

// channel is the definition of one.
func channel(elements ...[]byte) []byte {
	source := sequence(ChannelSources, bytes.Join([][]byte{el(CodeValue, "SH", "5.6.3-9-2 ")}, nil))
	unit := sequence(ChannelSensitivityUnits, el(CodeValue, "SH", "uV"))
	return bytes.Join(append([][]byte{source, unit}, elements...), nil)
}

// multiplex is a group of two channels of three samples.
func multiplex(kind string, bits int, data string, channels [][]byte, elements ...[]byte) []byte {
	samples := binary.LittleEndian.AppendUint32(nil, 3)
	return bytes.Join(append(elements,
		us(WaveformChannels, len(channels)), el(WaveformSamples, "UL", string(samples)), el(SamplingFrequency, "DS", "500 "),
		sequence(ChannelDefinitions, channels...), us(WaveformBitsAllocated, bits), el(WaveformInterpretation, "CS", kind), el(WaveformData, "OW", data)), nil)
}

func waveformOf(t testing.TB, group []byte) *Waveform {
	t.Helper()
	f, err := Read(made(explicitLittle, sequence(WaveformSequence, group)))
	if err != nil {
		t.Fatal(err)
	}
	list, err := f.Waveforms()
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// physical is all samples of a channel in its unit.
func physical(t testing.TB, w *Waveform, channel, chunk int) (values []float64) {
	t.Helper()
	if err := w.Goto(0); err != nil {
		t.Fatal(err)
	}
	for c := (waveform.Chunk{}); ; {
		err := w.Next(&c, chunk)
		if err == io.EOF {
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range c.Samples[channel] {
			values = append(values, w.Signals()[channel].Physical(v))
		}
	}
}

func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool {
		return math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) < 1e-9
	})
}

// The recorded electrocardiogram: twelve leads by their names, in microvolts, and the median beat
// that was computed of it.
func TestRecordedElectrocardiogram(t *testing.T) {
	f, err := Read(open(t, "waveform_ecg.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := f.Waveforms()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Label != "RHYTHM" || list[0].Derived || !list[1].Derived || list[1].Label != "MEDIAN BEAT" {
		t.Fatalf("%d groups", len(list))
	}
	w := list[0]
	var names []string
	for _, s := range w.Signals() {
		names = append(names, s.Name)
		if s.Unit != "uV" || s.Gain != 0.8 || s.Baseline != 0 {
			t.Errorf("%+v", s)
		}
	}
	if got := strings.Join(names, " "); got != "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6" || w.FrameRate() != 1000 || w.Frames() != 10000 {
		t.Errorf("%s, %v Hz, %d frames", got, w.FrameRate(), w.Frames())
	}
	// Each sample of the first frame by 1.25 microvolts; by definition III = II - I.
	for i, want := range []float64{100, 112.5, 12.5, -106.25} {
		if got := physical(t, w, i, 777); len(got) != 10000 || got[0] != want {
			t.Errorf("%s: %d samples from %v, want %v", names[i], len(got), got[0], want)
		}
	}
	one, two, three := physical(t, w, 0, 1000), physical(t, w, 1, 1000), physical(t, w, 2, 1000)
	for i := range three {
		if math.Abs(two[i]-one[i]-three[i]) > 2.5 {
			t.Fatalf("sample %d: II - I is %v, III %v", i, two[i]-one[i], three[i])
		}
	}
}

// Sample x sensitivity x correction + baseline; padding is no sample; each channel by its skew.
func TestSamplesBySensitivityCorrectionBaselinePaddingAndSkew(t *testing.T) {
	scaled := channel(el(ChannelSensitivity, "DS", "2.5 "), el(SensitivityCorrection, "DS", "2 "), el(ChannelBaseline, "DS", "-7"))
	late := channel(el(ChannelSampleSkew, "DS", "2 "))
	early := channel(el(ChannelTimeSkew, "DS", "-0.002"))
	data := words(1, 10, -32768, 20, 3, 30)
	nan := math.NaN()
	padding := el(WaveformPaddingValue, "OW", words(-32768))
	for name, c := range map[string]struct {
		channels [][]byte
		want     [2][]float64
		offset   float64
	}{
		"scaled":     {[][]byte{scaled, channel()}, [2][]float64{{-2, nan, 8}, {10, 20, 30}}, 0.1},
		"late":       {[][]byte{scaled, late}, [2][]float64{{-2, nan, 8, nan, nan}, {nan, nan, 10, 20, 30}}, 0.1},
		"early":      {[][]byte{scaled, early}, [2][]float64{{nan, -2, nan, 8}, {10, 20, 30, nan}}, 0.098},
		"early, one": {[][]byte{early, early}, [2][]float64{{1, nan, 3}, {10, 20, 30}}, 0.098},
	} {
		for _, chunk := range []int{1, 2, 100} {
			w := waveformOf(t, multiplex("SS", 16, data, c.channels, padding, el(MultiplexGroupOffset, "DS", "100 ")))
			for i := range c.want {
				if got := physical(t, w, i, chunk); !same(got, c.want[i]) {
					t.Errorf("%s, channel %d by %d: %v, want %v", name, i, chunk, got, c.want[i])
				}
			}
			if math.Abs(w.Offset-c.offset) > 1e-12 {
				t.Errorf("%s: begins at %v, want %v", name, w.Offset, c.offset)
			}
			if s := w.Signals()[0]; s.Name != "II" || s.Unit != "uV" {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// Each kind of sample; mu-law and A-law as ITU-T G.711 expands them, to 16 bits.
func TestKindsOfSamples(t *testing.T) {
	for kind, c := range map[string]struct {
		bits int
		data string
		want []float64
	}{
		"SB": {8, "\x80\x7f\xff\x00", []float64{-128, 127, -1}},
		"UB": {8, "\x80\x7f\xff\x00", []float64{128, 127, 255}},
		"MB": {8, "\x00\x80\xff\x00", []float64{-32124, 32124, 0}},
		"AB": {8, "\xd5\x55\x2a\x00", []float64{8, -8, -32256}},
		"US": {16, words(0xffff, 1, 2), []float64{65535, 1, 2}},
		"SL": {32, words(-2, -1, 1, 0, 0, -32768), []float64{-2, 1, -math.MaxInt32}},
		"UL": {32, words(-1, -1, 1, 0, 0, 1), []float64{math.MaxInt32, 1, 1 << 16}},
	} {
		w := waveformOf(t, multiplex(kind, c.bits, c.data, [][]byte{channel()}))
		if got := physical(t, w, 0, 10); !same(got, c.want) {
			t.Errorf("%s: %v, want %v", kind, got, c.want)
		}
	}
}

func TestWaveformsThatCannotBe(t *testing.T) {
	one := [][]byte{channel()}
	data := words(1, 2, 3)
	many := binary.LittleEndian.AppendUint32(nil, 1<<29)
	for name, c := range map[string]struct {
		group []byte
		want  string
	}{
		"a kind of other bits": {multiplex("SS", 8, data, one), "8 bits"},
		"a kind that is none":  {multiplex("XX", 16, data, one), "are not of"},
		"too few samples":      {multiplex("SS", 16, words(1, 2), one), "4 bytes, want 6"},
		"huge":                 {multiplex("SS", 16, data, one, el(WaveformSamples, "UL", string(many))), "want 1073741824"},
		"no rate":              {multiplex("SS", 16, data, one, el(SamplingFrequency, "DS", "0 ")), "a rate above 0"},
		"channels":             {multiplex("SS", 16, data, one, us(WaveformChannels, 2)), "want 12"},
		"no sensitivity":       {multiplex("SS", 16, data, [][]byte{channel(el(ChannelSensitivity, "DS", "0 "))}), "not 0"},
		"skew":                 {multiplex("SS", 16, data, [][]byte{channel(el(ChannelSampleSkew, "DS", "1e9 "))}), "a skew of 1e+09"},
	} {
		f, err := Read(made(explicitLittle, sequence(WaveformSequence, c.group)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = f.Waveforms(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	f, err := Read(made(explicitLittle))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Waveforms(); err == nil || !strings.Contains(err.Error(), fmt.Sprint(WaveformSequence)) {
		t.Error(err)
	}
}
