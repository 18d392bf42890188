package notes

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word, a number or one mark of punctuation. A hyphen inside a word divides it
// in two, so that "x-ray" and "x ray" are the same.
type token struct {
	start, end int    // bytes of the note
	word       string // in lower case, without a possessive 's
	capitals   bool   // it has letters and all of them are capitals
}

// deidentified is the word of every placeholder of a removed name, date or place.
const deidentified = "<deid>"

// tokenize cuts text[start:end] into tokens, which it appends to dst.
func tokenize(dst []token, text string, start, end int) []token {
	for i := start; i < end; {
		if n := placeholder(text[i:end]); n > 0 {
			dst = append(dst, token{start: i, end: i + n, word: deidentified})
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:end])
		switch {
		case inWord(r):
			n := wordLength(text[i:end])
			dst = append(dst, wordToken(text[i:i+n], i))
			i += n
		case unicode.IsSpace(r) || unicode.IsControl(r) || r == '-' && betweenWords(text, i, start, end):
			i += size
		default:
			dst = append(dst, token{start: i, end: i + size, word: text[i : i+size]})
			i += size
		}
	}
	return dst
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// wordLength is the length of the word that s begins with: letters and digits, with an
// apostrophe or the point of a decimal between them.
func wordLength(s string) int {
	n, before := 0, rune(0)
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !inWord(r) {
			next, _ := utf8.DecodeRuneInString(s[n+size:])
			apostrophe := (r == '\'' || r == '’') && unicode.IsLetter(before) && unicode.IsLetter(next)
			decimal := r == '.' && unicode.IsDigit(before) && unicode.IsDigit(next)
			if !apostrophe && !decimal {
				break
			}
		}
		before = r
		n += size
	}
	return n
}

func wordToken(s string, at int) token {
	t := token{start: at, end: at + len(s), word: strings.ToLower(s), capitals: s == strings.ToUpper(s) && s != strings.ToLower(s)}
	if strings.Contains(t.word, "’") {
		t.word = strings.ReplaceAll(t.word, "’", "'")
	}
	t.word = strings.TrimSuffix(t.word, "'s")
	return t
}

// betweenWords tells whether the hyphen at text[i] stands between two words.
func betweenWords(text string, i, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[start:i])
	after, _ := utf8.DecodeRuneInString(text[i+1 : end])
	return inWord(before) && inWord(after)
}

// maxPlaceholder bounds how far the end of a placeholder is looked for.
const maxPlaceholder = 200

// placeholder is the length of the de-identification mark that s begins with, [** … **] or
// three or more low lines, and 0 if it begins with none.
func placeholder(s string) int {
	switch {
	case strings.HasPrefix(s, "[**"):
		if n := strings.Index(s[:min(len(s), maxPlaceholder)], "**]"); n >= 0 {
			return n + 3
		}
	case strings.HasPrefix(s, "___"):
		n := 3
		for n < len(s) && s[n] == '_' {
			n++
		}
		return n
	}
	return 0
}
