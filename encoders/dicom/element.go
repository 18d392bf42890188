package dicom

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Tag names an element: the group in the upper 16 bits, the element in the lower.
type Tag uint32

func (t Tag) String() string { return fmt.Sprintf("(%04x,%04x)", uint32(t)>>16, uint32(t)&0xffff) }

// Tags that this package and its callers ask for.
const (
	TransferSyntaxUID       Tag = 0x00020010
	Modality                Tag = 0x00080060
	StudyDescription        Tag = 0x00081030
	SeriesDescription       Tag = 0x0008103e
	CodeMeaning             Tag = 0x00080104
	CodeValue               Tag = 0x00080100
	BodyPartExamined        Tag = 0x00180015
	ProtocolName            Tag = 0x00181030
	AcquisitionProcessing   Tag = 0x00181400 // Acquisition Device Processing Description
	ViewPosition            Tag = 0x00185101
	PatientOrientation      Tag = 0x00200020
	ViewCodeSequence        Tag = 0x00540220
	SamplesPerPixel         Tag = 0x00280002
	Photometric             Tag = 0x00280004 // Photometric Interpretation
	PlanarConfiguration     Tag = 0x00280006
	NumberOfFrames          Tag = 0x00280008
	Rows                    Tag = 0x00280010
	Columns                 Tag = 0x00280011
	BitsAllocated           Tag = 0x00280100
	BitsStored              Tag = 0x00280101
	HighBit                 Tag = 0x00280102
	PixelRepresentation     Tag = 0x00280103
	PixelPaddingValue       Tag = 0x00280120
	PixelPaddingRangeLimit  Tag = 0x00280121
	WindowCenter            Tag = 0x00281050
	WindowWidth             Tag = 0x00281051
	RescaleIntercept        Tag = 0x00281052
	RescaleSlope            Tag = 0x00281053
	VOILUTFunction          Tag = 0x00281056
	ModalityLUTSequence     Tag = 0x00283000
	LUTDescriptor           Tag = 0x00283002
	LUTData                 Tag = 0x00283006
	VOILUTSequence          Tag = 0x00283010
	PresentationLUTShape    Tag = 0x20500020
	WaveformSequence        Tag = 0x54000100
	WaveformBitsAllocated   Tag = 0x54001004
	WaveformInterpretation  Tag = 0x54001006 // Waveform Sample Interpretation
	WaveformPaddingValue    Tag = 0x5400100a
	WaveformData            Tag = 0x54001010
	MultiplexGroupOffset    Tag = 0x00181068 // Multiplex Group Time Offset
	WaveformOriginality     Tag = 0x003a0004
	WaveformChannels        Tag = 0x003a0005 // Number of Waveform Channels
	WaveformSamples         Tag = 0x003a0010 // Number of Waveform Samples
	SamplingFrequency       Tag = 0x003a001a
	MultiplexGroupLabel     Tag = 0x003a0020
	ChannelDefinitions      Tag = 0x003a0200 // Channel Definition Sequence
	ChannelLabel            Tag = 0x003a0203
	ChannelSources          Tag = 0x003a0208 // Channel Source Sequence
	ChannelSensitivity      Tag = 0x003a0210
	ChannelSensitivityUnits Tag = 0x003a0211 // Channel Sensitivity Units Sequence
	SensitivityCorrection   Tag = 0x003a0212 // Channel Sensitivity Correction Factor
	ChannelBaseline         Tag = 0x003a0213
	ChannelTimeSkew         Tag = 0x003a0214
	ChannelSampleSkew       Tag = 0x003a0215
	ChannelOffset           Tag = 0x003a0218
	WaveformBitsStored      Tag = 0x003a021a
	PixelData               Tag = 0x7fe00010
)

// representations are the value representations of the tags above, for files of implicit ones. XS
// is US or SS, as the pixels are.
var representations = map[Tag]string{
	TransferSyntaxUID: "UI", Modality: "CS", StudyDescription: "LO", SeriesDescription: "LO", CodeMeaning: "LO", CodeValue: "SH",
	BodyPartExamined: "CS", ProtocolName: "LO", AcquisitionProcessing: "LO", ViewPosition: "CS", PatientOrientation: "CS", ViewCodeSequence: "SQ",
	SamplesPerPixel: "US", Photometric: "CS", PlanarConfiguration: "US", NumberOfFrames: "IS", Rows: "US", Columns: "US",
	BitsAllocated: "US", BitsStored: "US", HighBit: "US", PixelRepresentation: "US", PixelPaddingValue: "XS", PixelPaddingRangeLimit: "XS",
	WindowCenter: "DS", WindowWidth: "DS", RescaleIntercept: "DS", RescaleSlope: "DS", VOILUTFunction: "CS", ModalityLUTSequence: "SQ",
	LUTDescriptor: "XS", LUTData: "OW", VOILUTSequence: "SQ", PresentationLUTShape: "CS", WaveformSequence: "SQ",
	WaveformBitsAllocated: "US", WaveformInterpretation: "CS", WaveformPaddingValue: "OW", WaveformData: "OW", MultiplexGroupOffset: "DS",
	WaveformOriginality: "CS", WaveformChannels: "US", WaveformSamples: "UL", SamplingFrequency: "DS", MultiplexGroupLabel: "SH",
	ChannelDefinitions: "SQ", ChannelLabel: "SH", ChannelSources: "SQ", ChannelSensitivity: "DS", ChannelSensitivityUnits: "SQ",
	SensitivityCorrection: "DS", ChannelBaseline: "DS", ChannelTimeSkew: "DS", ChannelSampleSkew: "DS", ChannelOffset: "DS",
	WaveformBitsStored: "US", PixelData: "OW",
}

// Element is one element of a dataset. Its bytes are those of the file, not a copy.
type Element struct {
	Tag Tag
	// VR is the value representation, by the file or by the standard; UN where neither tells.
	VR    string
	Value []byte
	// Items are those of a sequence.
	Items []Dataset
	// Fragments are those of encapsulated pixels, the table of offsets first.
	Fragments [][]byte
	order     binary.ByteOrder
}

// Dataset is a list of elements, in the order of the file.
type Dataset []Element

// Find is the first element with the tag, nil where there is none.
func (d Dataset) Find(tag Tag) *Element {
	for i := range d {
		if d[i].Tag == tag {
			return &d[i]
		}
	}
	return nil
}

// Items are those of a sequence, none where there is no such element.
func (d Dataset) Items(tag Tag) []Dataset {
	if e := d.Find(tag); e != nil {
		return e.Items
	}
	return nil
}

// Texts are the values of an element of text, without the padding around them.
func (d Dataset) Texts(tag Tag) []string {
	e := d.Find(tag)
	if e == nil || len(e.Value) == 0 || len(e.Value) > maxText {
		return nil
	}
	values := strings.Split(strings.ToValidUTF8(string(e.Value), "?"), `\`)
	for i, v := range values {
		values[i] = strings.Trim(v, " \x00")
	}
	return values
}

// maxText bounds the bytes of an element that is read as text or as numbers in text.
const maxText = 1 << 12

// Text is the first value of an element of text, empty where there is none.
func (d Dataset) Text(tag Tag) string {
	if values := d.Texts(tag); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Number is the first value of an element of numbers, in text or binary. There is none where the
// element is absent or empty.
func (d Dataset) Number(tag Tag) (v float64, there bool, err error) {
	values, err := d.numbers(tag, false)
	if err != nil || len(values) == 0 {
		return 0, false, err
	}
	return values[0], true, nil
}

// numbers are the values of an element, at most maxNumbers of them. Signed decides where the
// standard leaves it to the pixels.
func (d Dataset) numbers(tag Tag, signed bool) (values []float64, err error) {
	e := d.Find(tag)
	if e == nil || len(e.Value) == 0 {
		return nil, nil
	}
	vr := e.VR
	if representations[tag] == "XS" && (vr == "XS" || vr == "US" || vr == "SS") {
		vr = "US" // files that say it are not always right
		if signed {
			vr = "SS"
		}
	}
	size := map[string]int{"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8}[vr]
	switch {
	case vr == "DS" || vr == "IS":
		for _, s := range d.Texts(tag) {
			if s == "" {
				continue
			}
			v, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("element %v holds no number, want one of the representation %s", tag, vr)
			}
			values = append(values, v)
		}
		return values, nil
	case size == 0:
		return nil, fmt.Errorf("element %v is of the representation %s, want a number", tag, vr)
	case len(e.Value) < size:
		return nil, fmt.Errorf("element %v has %d bytes, want %d for the representation %s", tag, len(e.Value), size, vr)
	}
	for b := e.Value; len(b) >= size && len(values) < maxNumbers; b = b[size:] {
		var v float64
		switch vr {
		case "US", "OW":
			v = float64(e.order.Uint16(b))
		case "SS":
			v = float64(int16(e.order.Uint16(b)))
		case "UL":
			v = float64(e.order.Uint32(b))
		case "SL":
			v = float64(int32(e.order.Uint32(b)))
		case "FL":
			v = float64(math.Float32frombits(e.order.Uint32(b)))
		case "FD":
			v = math.Float64frombits(e.order.Uint64(b))
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("element %v holds no finite number", tag)
		}
		values = append(values, v)
	}
	return values, nil
}

// maxNumbers bounds the numbers that are read of one element.
const maxNumbers = 16

// whole is a whole number of an element, in a range; otherwise where there is none.
func (d Dataset) whole(tag Tag, low, high, otherwise int) (int, error) {
	v, there, err := d.Number(tag)
	switch {
	case err != nil:
		return 0, err
	case !there && otherwise >= low:
		return otherwise, nil
	case !there:
		return 0, fmt.Errorf("there is no element %v, want a whole number from %d to %d", tag, low, high)
	case v != math.Trunc(v) || v < float64(low) || v > float64(high):
		return 0, fmt.Errorf("element %v is %v, want a whole number from %d to %d", tag, v, low, high)
	}
	return int(v), nil
}
