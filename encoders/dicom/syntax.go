package dicom

import "strings"

// Syntax is a transfer syntax: how a file is encoded, and its pixels compressed.
type Syntax struct{ UID, Name string }

// String is the name with the identifier.
func (s Syntax) String() string { return s.Name + " (" + s.UID + ")" }

// Those that are read.
const (
	implicitLittle = "1.2.840.10008.1.2"
	explicitLittle = "1.2.840.10008.1.2.1"
	explicitBig    = "1.2.840.10008.1.2.2"
	jpegBaseline   = "1.2.840.10008.1.2.4.50"
	rleLossless    = "1.2.840.10008.1.2.5"
	deflated       = "1.2.840.10008.1.2.1.99"
)

// readable are the names for a message.
const readable = "an uncompressed one, JPEG Baseline or RLE Lossless"

// names are those of PS3.6, A.4.
var names = map[string]string{
	implicitLittle:            "Implicit VR Little Endian",
	explicitLittle:            "Explicit VR Little Endian",
	explicitBig:               "Explicit VR Big Endian",
	deflated:                  "Deflated Explicit VR Little Endian",
	"1.2.840.10008.1.2.1.98":  "Encapsulated Uncompressed Explicit VR Little Endian",
	jpegBaseline:              "JPEG Baseline (Process 1)",
	"1.2.840.10008.1.2.4.51":  "JPEG Extended (Process 2 and 4)",
	"1.2.840.10008.1.2.4.57":  "JPEG Lossless, Non-Hierarchical (Process 14)",
	"1.2.840.10008.1.2.4.70":  "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14, Selection Value 1)",
	"1.2.840.10008.1.2.4.80":  "JPEG-LS Lossless",
	"1.2.840.10008.1.2.4.81":  "JPEG-LS Lossy (Near-Lossless)",
	"1.2.840.10008.1.2.4.90":  "JPEG 2000 (Lossless Only)",
	"1.2.840.10008.1.2.4.91":  "JPEG 2000",
	"1.2.840.10008.1.2.4.92":  "JPEG 2000 Part 2 Multi-component (Lossless Only)",
	"1.2.840.10008.1.2.4.93":  "JPEG 2000 Part 2 Multi-component",
	"1.2.840.10008.1.2.4.94":  "JPIP Referenced",
	"1.2.840.10008.1.2.4.95":  "JPIP Referenced Deflate",
	"1.2.840.10008.1.2.4.100": "MPEG2 Main Profile / Main Level",
	"1.2.840.10008.1.2.4.101": "MPEG2 Main Profile / High Level",
	"1.2.840.10008.1.2.4.102": "MPEG-4 AVC/H.264 High Profile / Level 4.1",
	"1.2.840.10008.1.2.4.103": "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
	"1.2.840.10008.1.2.4.104": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video",
	"1.2.840.10008.1.2.4.105": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video",
	"1.2.840.10008.1.2.4.106": "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2",
	"1.2.840.10008.1.2.4.107": "HEVC/H.265 Main Profile / Level 5.1",
	"1.2.840.10008.1.2.4.108": "HEVC/H.265 Main 10 Profile / Level 5.1",
	"1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
	"1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
	"1.2.840.10008.1.2.4.112": "JPEG XL",
	"1.2.840.10008.1.2.4.201": "High-Throughput JPEG 2000 (Lossless Only)",
	"1.2.840.10008.1.2.4.202": "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)",
	"1.2.840.10008.1.2.4.203": "High-Throughput JPEG 2000",
	rleLossless:               "RLE Lossless",
}

// syntaxOf names an identifier. What is none is not repeated, since it is text of the file.
func syntaxOf(uid string) Syntax {
	name := names[uid]
	if name == "" {
		if uid == "" || len(uid) > 64 || strings.Trim(uid, "0123456789.") != "" {
			return Syntax{}
		}
		name = "none that is known here"
	}
	return Syntax{uid, name}
}
