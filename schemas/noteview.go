package schemas

import "github.com/vigil-icu/vigil/schemas/packed"

// NoteView is what an encoder saw in a note. It has concepts, hashed words and hashes of
// sentences, and none of the text.
type NoteView struct {
	// Document is the document of which the note is a version; a later one supersedes it.
	Document string
	Addendum bool // it adds to an earlier note
	// Findings are what the note says of concepts, each concept and polarity once, in the
	// order in which the note comes to them.
	Findings []NoteFinding
	// Features are how often hashed words stand in the note, by ascending bucket.
	Features []NoteFeature
	// Sentences are hashes of the note's sentences in their order, by which a copy is known.
	Sentences []uint32
}

// NoteFinding is a concept of an encoder's lexicon with what a note says of it.
type NoteFinding struct {
	Concept  string
	Polarity NotePolarity
	Count    uint16 // how often, at least 1
}

// NoteFeature is how often words of one bucket stand in a note.
type NoteFeature struct {
	Bucket uint16
	Count  uint8 // at least 1; 255 stands for more too
}

// NotePolarity is what a note says of a concept. The numbers are in logs.
type NotePolarity uint8

// Polarities.
const (
	NotePresent NotePolarity = iota
	NoteAbsent
	NotePossible
	NoteHistorical
	NoteFamily
	numNotePolarities
)

// Limits of a decoded view; what makes one stays below them.
const (
	MaxNoteFindings  = 1 << 12
	MaxNoteFeatures  = 1 << 16
	MaxNoteSentences = 1 << 12
)

// appendBinary appends the view: findings, features by the distance of their buckets,
// sentences.
func (v *NoteView) appendBinary(b []byte) []byte {
	b = packed.AppendString(b, v.Document)
	b = packed.AppendBool(b, v.Addendum)
	b = packed.AppendUint(b, uint64(len(v.Findings)))
	for _, f := range v.Findings {
		b = packed.AppendString(b, f.Concept)
		b = append(b, byte(f.Polarity))
		b = packed.AppendUint(b, uint64(f.Count))
	}
	b = packed.AppendUint(b, uint64(len(v.Features)))
	last := -1
	for _, f := range v.Features {
		b = packed.AppendUint(b, uint64(int(f.Bucket)-last-1))
		b = append(b, f.Count)
		last = int(f.Bucket)
	}
	b = packed.AppendUint(b, uint64(len(v.Sentences)))
	for _, h := range v.Sentences {
		b = append(b, byte(h), byte(h>>8), byte(h>>16), byte(h>>24))
	}
	return b
}

func (d *recordReader) noteView() *NoteView {
	v := &NoteView{Document: d.text(), Addendum: d.Bool()}
	if n := d.count(MaxNoteFindings, 3); n > 0 {
		v.Findings = make([]NoteFinding, n)
		for i := range v.Findings {
			f := &v.Findings[i]
			f.Concept, f.Polarity, f.Count = d.text(), NotePolarity(d.Byte(byte(numNotePolarities-1))), uint16(d.Uint(1<<16-1))
			if f.Count == 0 {
				d.Fail("a finding that a note does not have")
			}
		}
	}
	if n := d.count(MaxNoteFeatures, 2); n > 0 {
		v.Features = make([]NoteFeature, n)
		bucket := uint64(0)
		for i := range v.Features {
			bucket += d.Uint(1<<16 - 1)
			if bucket >= 1<<16 {
				d.Fail("bucket %d of a note is over %d", bucket, 1<<16-1)
				break
			}
			v.Features[i] = NoteFeature{uint16(bucket), d.Byte(255)}
			if v.Features[i].Count == 0 {
				d.Fail("a feature that a note does not have")
			}
			bucket++
		}
	}
	if n := d.count(MaxNoteSentences, 4); n > 0 {
		v.Sentences = make([]uint32, n)
		for i := range v.Sentences {
			if p := d.Take(4); len(p) == 4 {
				v.Sentences[i] = uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24
			}
		}
	}
	return v
}
