package notes

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Any text has a reading: it does not panic, sections and sentences follow one another
// within the text, findings lie in a sentence, and the same text reads the same.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"", "PMH: HTN, DM2.\nHPI: denies chest pain. ?PNA", "[** **", "___", "no no no but but : : ;;", "\xff\xfe: \xff", "A\nB:\n\nC.",
		"FH: mother, father (stroke) in 2015. s/p fall with hip fracture", "PATIENT DENIES ALL OF THIS AND THAT", "Ängste: keine’s ’s 's", strings.Repeat("no fever, ", 50),
		"?", "-", ":", "a.b.c. d", "fever?", "\x00\x01", "İ: İSTANBUL",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read := encoder.Read(text)
		at := 0
		for _, s := range read.Sections {
			if s.Start < at || s.End < s.Start || s.End > len(text) {
				t.Fatalf("section %+v after %d in %d bytes", s, at, len(text))
			}
			at = s.End
		}
		at = 0
		for _, s := range read.Sentences {
			if s.Start < at || s.End <= s.Start || s.End > len(text) || s.End-s.Start > maxSentence {
				t.Fatalf("sentence %+v after %d in %d bytes", s, at, len(text))
			}
			at = s.End
		}
		i := 0
		for _, x := range read.Findings {
			for i < len(read.Sentences) && read.Sentences[i].End < x.End {
				i++
			}
			if i == len(read.Sentences) || x.Start < read.Sentences[i].Start || x.End <= x.Start {
				t.Fatalf("finding %+v is in no sentence", x)
			}
			if utf8.ValidString(text) && !utf8.ValidString(text[x.Start:x.End]) {
				t.Fatalf("finding %+v cuts a character", x)
			}
		}
		if again := encoder.Read(text); len(again.Findings) != len(read.Findings) || len(again.Features) != len(read.Features) {
			t.Fatal("the same text reads otherwise")
		}
	})
}

// The largest note that intake takes is read within seconds, however it is made. The bound
// is wide, for a busy machine; a cost that grew with the square of the text would pass it by
// hours.
func TestLongNotesTakeBoundedTime(t *testing.T) {
	const size = 1 << 20
	for name, piece := range map[string]string{
		"one word": "x", "no breaks": "no fever, ", "cues": "no but denies without ", "sentences": "a. ", "lines": "\n", "headings": "PMH:\n", "inline headings": "PMH: a. ",
		"capitals": "ABCD EFGH ", "hyphens": "-", "half placeholders": "[** ", "low lines": "_ ", "question marks": "?", "points": ".", "invalid": "\xff", "apostrophes": "a'",
		"ambiguous": "MS ARF PT OD ", "phrases": "chronic obstructive pulmonary chronic ", "concepts": "fever cough sepsis ", "possible": "fever possible, ",
	} {
		text := strings.Repeat(piece, size/len(piece))
		begin := time.Now()
		encoder.Read(text)
		if took := time.Since(begin); took > 60*time.Second {
			t.Errorf("%s: %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}

// A note of about 2,700 characters, as an outpatient visit has it.
func BenchmarkRead(b *testing.B) {
	text := "HPI: 67M with past medical history of COPD, CHF and DM2 presents with worsening dyspnea, no chest pain.\n" +
		"PMH: HTN, CAD s/p CABG, afib on coumadin.\nFH: father with MI.\n" +
		"EXAM\nCV: irregular, no murmurs, rubs or gallops. Lungs: bibasilar crackles, no wheezing. Ext: 2+ edema.\n" +
		"A/P: Acute decompensated heart failure, cannot exclude pneumonia. Start lasix gtt. Hold metoprolol. If febrile, send cultures and start vanc and zosyn.\n"
	text = strings.Repeat(text, 6)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		encoder.Read(text)
	}
}
