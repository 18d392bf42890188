package dicom

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/vigil-icu/vigil/encoders/waveform"
)

// Limits of a multiplex group.
const (
	maxChannels = 512
	maxSamples  = 1 << 30
)

// Waveform is a multiplex group: channels sampled together. It is a waveform.Reader, for one
// goroutine at a time.
//
// A sample is the file's own, mu-law and A-law expanded to 16 bits; what the file says is no sample
// is missing. Sensitivity, its correction and the baseline are in the gain and the baseline of the
// signal. The skew of a channel moves its samples to where they were taken, by whole samples, the
// nearest; where a channel has none at a begin or an end they are missing.
type Waveform struct {
	// Label is that of the group, if it is one of the few that devices use; Derived says that it was
	// computed, as a median beat is, and not recorded.
	Label   string
	Derived bool
	// Offset is when the group begins, in seconds from the begin of the acquisition.
	Offset float64

	signals []waveform.Signal
	rate    float64
	samples int   // of a channel in the file
	shift   []int // of a channel, in frames
	frames  int64
	at      int64

	data    []byte
	order   binary.ByteOrder
	bits    int
	kind    string
	padded  bool
	padding uint32
}

var _ waveform.Reader = (*Waveform)(nil)

// labels are those of multiplex groups that say nothing of a patient.
var labels = map[string]bool{"RHYTHM": true, "MEDIAN BEAT": true}

// Waveforms are the multiplex groups of a file, in its order.
func (f *File) Waveforms() ([]*Waveform, error) {
	groups := f.Items(WaveformSequence)
	if len(groups) == 0 {
		return nil, fmt.Errorf("there is no element %v with items, want the groups of a waveform: this is none", WaveformSequence)
	}
	var list []*Waveform
	for i, d := range groups {
		w, err := group(d)
		if err != nil {
			return nil, fmt.Errorf("multiplex group %d: %w", i+1, err)
		}
		list = append(list, w)
	}
	return list, nil
}

func group(d Dataset) (*Waveform, error) {
	w := &Waveform{kind: d.Text(WaveformInterpretation), Derived: d.Text(WaveformOriginality) == "DERIVED"}
	if label := d.Text(MultiplexGroupLabel); labels[label] {
		w.Label = label
	}
	channels, err := d.whole(WaveformChannels, 1, maxChannels, 0)
	if err != nil {
		return nil, err
	}
	if w.samples, err = d.whole(WaveformSamples, 1, maxSamples, 0); err != nil {
		return nil, err
	}
	if w.bits, err = d.whole(WaveformBitsAllocated, 8, 32, 0); err != nil {
		return nil, err
	}
	want := map[string]int{"SB": 8, "UB": 8, "MB": 8, "AB": 8, "SS": 16, "US": 16, "SL": 32, "UL": 32}[w.kind]
	if want == 0 || want != w.bits {
		return nil, fmt.Errorf("elements %v and %v: a sample of %d bits of a kind that they are not of, want SB, UB, MB, AB of 8, SS, US of 16, SL, UL of 32", WaveformBitsAllocated, WaveformInterpretation, w.bits)
	}
	var there bool
	if w.rate, there, err = d.Number(SamplingFrequency); err != nil {
		return nil, err
	}
	if !there || !(w.rate > 0 && w.rate < 1e9) {
		return nil, fmt.Errorf("element %v is %v, want a rate above 0", SamplingFrequency, w.rate)
	}
	if w.Offset, _, err = d.Number(MultiplexGroupOffset); err != nil {
		return nil, err
	}
	w.Offset /= 1000 // the file has milliseconds
	e := d.Find(WaveformData)
	if e == nil {
		return nil, fmt.Errorf("there is no element %v, want samples", WaveformData)
	}
	w.data, w.order = e.Value, e.order
	if have, need := int64(len(w.data)), int64(channels)*int64(w.samples)*int64(w.bits/8); have < need {
		return nil, fmt.Errorf("the samples have %d bytes, want %d for %d channels of %d", have, need, channels, w.samples)
	}
	if p := d.Find(WaveformPaddingValue); p != nil && len(p.Value) >= w.bits/8 {
		w.padded, w.padding = true, w.raw(p.Value, p.order)
	}
	definitions := d.Items(ChannelDefinitions)
	if len(definitions) != channels {
		return nil, fmt.Errorf("element %v has %d items, want one for each of %d channels", ChannelDefinitions, len(definitions), channels)
	}
	for i, c := range definitions {
		if err := w.channel(c); err != nil {
			return nil, fmt.Errorf("channel %d: %w", i+1, err)
		}
	}
	w.settle()
	return w, nil
}

// channel takes the definition of the next one.
func (w *Waveform) channel(d Dataset) error {
	s := waveform.Signal{Name: nameOf(d), PerFrame: 1, Gain: 1}
	number := func(tag Tag, otherwise float64) (float64, error) {
		v, there, err := d.Number(tag)
		if err != nil || !there {
			return otherwise, err
		}
		return v, nil
	}
	sensitivity, err := number(ChannelSensitivity, 1)
	if err != nil {
		return err
	}
	correction, err := number(SensitivityCorrection, 1)
	if err != nil {
		return err
	}
	baseline, err := number(ChannelBaseline, 0)
	if err != nil {
		return err
	}
	each := sensitivity * correction
	if each == 0 || math.IsInf(1/each, 0) {
		return fmt.Errorf("elements %v and %v make %v of a sample, want a number that is not 0", ChannelSensitivity, SensitivityCorrection, each)
	}
	s.Gain, s.Baseline = 1/each, -baseline/each
	for _, unit := range d.Items(ChannelSensitivityUnits) {
		if code := unit.Text(CodeValue); len(code) <= 16 {
			s.Unit = code
		}
	}
	skew, err := number(ChannelSampleSkew, 0)
	if err != nil {
		return err
	}
	if d.Find(ChannelSampleSkew) == nil {
		if skew, err = number(ChannelTimeSkew, 0); err != nil {
			return err
		}
		skew *= w.rate
	}
	if math.Abs(skew) > float64(w.samples) {
		return fmt.Errorf("a skew of %v samples, want at most the %d that there are", skew, w.samples)
	}
	w.signals, w.shift = append(w.signals, s), append(w.shift, int(math.Round(skew)))
	return nil
}

// settle makes the first frame that of the earliest sample of any channel.
func (w *Waveform) settle() {
	first, last := math.MaxInt, math.MinInt
	for _, s := range w.shift {
		first, last = min(first, s), max(last, s)
	}
	for i := range w.shift {
		w.shift[i] -= first
	}
	w.Offset += float64(float64(first) / w.rate)
	w.frames = int64(w.samples + last - first)
}

// leads are the names by the code of SCP-ECG, for files without words.
var leads = map[string]string{
	"1": "I", "2": "II", "3": "V1", "4": "V2", "5": "V3", "6": "V4", "7": "V5", "8": "V6", "61": "III", "62": "aVR", "63": "aVL", "64": "aVF",
}

// nameOf is the name of a channel's source: of a lead what the trade calls it.
func nameOf(d Dataset) string {
	for _, source := range d.Items(ChannelSources) {
		if code, ok := strings.CutPrefix(source.Text(CodeValue), "5.6.3-9-"); ok && leads[code] != "" {
			return leads[code]
		}
		name, ok := strings.CutPrefix(source.Text(CodeMeaning), "Lead ")
		name, _, _ = strings.Cut(name, " (")
		if ok && len(name) <= 8 {
			return name
		}
	}
	return d.Text(ChannelLabel)
}

// Signals are the channels.
func (w *Waveform) Signals() []waveform.Signal { return w.signals }

// FrameRate is how many samples of a channel there are in a second.
func (w *Waveform) FrameRate() float64 { return w.rate }

// Frames is how many there are.
func (w *Waveform) Frames() int64 { return w.frames }

// Goto makes a frame the next one.
func (w *Waveform) Goto(frame int64) error {
	if frame < 0 || frame > w.frames {
		return fmt.Errorf("there are %d frames, and none %d", w.frames, frame)
	}
	w.at = frame
	return nil
}

// chunkFrames is how many frames a chunk has at most.
const chunkFrames = 1 << 16

// Next fills the chunk with up to so many frames. Behind the last one it returns io.EOF.
func (w *Waveform) Next(c *waveform.Chunk, frames int) error {
	if w.at >= w.frames {
		return io.EOF
	}
	n := int(min(int64(max(frames, 1)), w.frames-w.at, chunkFrames))
	c.Reset(w.signals, w.at, n)
	c.Seconds = float64(w.at) / w.rate
	size := w.bits / 8
	for i := range w.signals {
		for k := range n {
			c.Samples[i][k] = waveform.Missing
			at := int(w.at) + k - w.shift[i]
			if at < 0 || at >= w.samples {
				continue
			}
			raw := w.raw(w.data[(at*len(w.signals)+i)*size:], w.order)
			if !w.padded || raw != w.padding {
				c.Samples[i][k] = w.sample(raw)
			}
		}
	}
	w.at += int64(n)
	return nil
}

// raw is the bits of a sample.
func (w *Waveform) raw(b []byte, order binary.ByteOrder) uint32 {
	switch w.bits {
	case 8:
		return uint32(b[0])
	case 16:
		return uint32(order.Uint16(b))
	}
	return order.Uint32(b)
}

// sample is what the bits stand for. A sample of 32 bits without a sign is held below 2^31.
func (w *Waveform) sample(raw uint32) int32 {
	switch w.kind {
	case "SB":
		return int32(int8(raw))
	case "SS":
		return int32(int16(raw))
	case "SL":
		return max(int32(raw), waveform.Missing+1)
	case "UL":
		return int32(min(raw, math.MaxInt32))
	case "MB":
		return muLaw(byte(raw))
	case "AB":
		return aLaw(byte(raw))
	}
	return int32(raw)
}

// muLaw and aLaw expand a byte to 16 bits (ITU-T G.711).
func muLaw(b byte) int32 {
	b = ^b
	v := (int32(b&0x0f)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		return -v
	}
	return v
}

func aLaw(b byte) int32 {
	b ^= 0x55
	v := int32(b&0x0f)<<4 + 8
	if e := b >> 4 & 7; e > 0 {
		v = (v + 0x100) << (e - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}
