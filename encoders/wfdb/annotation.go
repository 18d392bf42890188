package wfdb

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
)

// Annotation is a mark at a sample of a record.
type Annotation struct {
	// Sample is the frame of the record that it marks.
	Sample int64
	// Symbol says what it marks: "N" a normal beat, "+" a change of rhythm, and so on.
	Symbol    string
	Subtype   int8
	Channel   uint8
	Number    int8
	Auxiliary string // without the zero bytes that fill it up

	code       byte
	definition bool // it belongs to the table of the file's own symbols
}

// symbols are those of the codes that the WFDB library defines; the file's own codes come on top.
var symbols = [...]string{
	1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j", 12: "/", 13: "Q", 14: "~",
	16: "|", 18: "s", 19: "T", 20: "*", 21: "D", 22: "\"", 23: "=", 24: "p", 25: "B", 26: "^", 27: "t", 28: "+", 29: "u",
	30: "?", 31: "!", 32: "[", 33: "]", 34: "e", 35: "n", 36: "@", 37: "x", 38: "f", 39: "(", 40: ")", 41: "r",
}

// IsBeat says whether a symbol marks a heart beat.
func IsBeat(symbol string) bool {
	return len(symbol) == 1 && strings.Contains("NLRBAaJSVrFejnE/fQ?", symbol)
}

// Codes of words that are no annotation of their own.
const (
	codeSkip = 59 + iota
	codeNumber
	codeSubtype
	codeChannel
	codeAuxiliary
)

const codeNote = 22

// maxAnnotations is how many bytes an annotation file may have: days of beats.
const maxAnnotations = 256 << 20

// ReadAnnotations reads NAME.EXTENSION, the annotations of a record with so many frames in a
// second.
func ReadAnnotations(fsys fs.FS, name, extension string, frameRate float64) ([]Annotation, error) {
	file := name + "." + extension
	b, err := readSmall(fsys, file, maxAnnotations)
	if err != nil {
		return nil, err
	}
	list, err := ParseAnnotations(b, frameRate)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

// ParseAnnotations reads the text of an annotation file.
func ParseAnnotations(b []byte, frameRate float64) ([]Annotation, error) {
	list, err := words(b)
	if err != nil {
		return nil, err
	}
	own := map[byte]string{}
	ticks := 0.0 // in a second, where the file has its own
	defining := false
	for i := range list {
		a := &list[i]
		if a.code != codeNote || a.Sample != 0 {
			continue
		}
		text := strings.TrimSpace(a.Auxiliary)
		switch {
		case strings.HasPrefix(text, "## time resolution:"):
			a.definition = true
			ticks, err = real("time resolution", strings.TrimPrefix(text, "## time resolution:"))
			if err != nil || ticks <= 0 {
				return nil, fmt.Errorf("%q, want a number of ticks a second above 0", text)
			}
		case text == "## annotation type definitions":
			a.definition, defining = true, true
		case text == "## end of definitions":
			a.definition, defining = true, false
		case defining:
			a.definition = true
			f := fields(text, 3)
			if len(f) < 2 {
				return nil, fmt.Errorf("definition %q, want a code and a symbol", text)
			}
			code, err := whole("code of a definition", f[0], 1, codeSkip-1)
			if err != nil {
				return nil, err
			}
			own[byte(code)] = f[1]
		}
	}
	kept := list[:0]
	for _, a := range list {
		if a.definition || a.code == 0 {
			continue // code 0 only moves the time
		}
		a.Symbol = symbolOf(a.code, own)
		if ticks > 0 {
			x := float64(a.Sample) * frameRate / ticks
			if math.Abs(x) > maxFrames {
				return nil, fmt.Errorf("an annotation at tick %d, which is sample %.0f, want it within %d", a.Sample, x, int64(maxFrames))
			}
			a.Sample = int64(math.Floor(x + 0.5))
		}
		kept = append(kept, a)
	}
	return kept, nil
}

func symbolOf(code byte, own map[byte]string) string {
	if s, ok := own[code]; ok {
		return s
	}
	if int(code) < len(symbols) && symbols[code] != "" {
		return symbols[code]
	}
	return "[" + strconv.Itoa(int(code)) + "]"
}

// words reads the 16-bit words of which a file consists: a code in the upper 6 bits, and in the
// lower 10 the time since the last annotation, or what the code makes of them.
func words(b []byte) ([]Annotation, error) {
	var list []Annotation
	var at int64
	var number int8
	var channel uint8
	for place := 0; ; {
		if place+2 > len(b) {
			return nil, fmt.Errorf("ends at byte %d without the zero word that ends the annotations: some are lost", len(b))
		}
		word := binary.LittleEndian.Uint16(b[place:])
		code, low := byte(word>>10), word&0x3ff
		place += 2
		if word == 0 {
			return list, nil
		}
		if code >= codeNumber && len(list) == 0 {
			return nil, fmt.Errorf("byte %d has code %d, which adds to an annotation, want an annotation first", place-2, code)
		}
		switch code {
		case codeSkip:
			if place+4 > len(b) {
				return nil, fmt.Errorf("ends at byte %d within a SKIP, want 4 bytes", len(b))
			}
			// A long number of the PDP-11: the upper half first, each half little-endian.
			at += int64(int32(uint32(binary.LittleEndian.Uint16(b[place:]))<<16 | uint32(binary.LittleEndian.Uint16(b[place+2:]))))
			place += 4
		case codeNumber:
			number = int8(low)
			list[len(list)-1].Number = number
		case codeSubtype:
			list[len(list)-1].Subtype = int8(low)
		case codeChannel:
			channel = uint8(low)
			list[len(list)-1].Channel = channel
		case codeAuxiliary:
			n := int(low)
			if place+n > len(b) {
				return nil, fmt.Errorf("ends at byte %d within a text, want %d bytes of it from byte %d on", len(b), n, place)
			}
			list[len(list)-1].Auxiliary = strings.TrimRight(toUTF8(string(b[place:place+n])), "\x00")
			place += n + n%2
		default:
			at += int64(low)
			list = append(list, Annotation{Sample: at, code: code, Number: number, Channel: channel})
		}
	}
}
