package notes

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSentence is the longest that a sentence may be, in bytes. What goes on longer is a
// list or no prose, and is cut there, which also bounds the work on a sentence.
const maxSentence = 4000

// abbreviations are words after which a point ends no sentence.
var abbreviations = map[string]bool{
	"dr": true, "mr": true, "mrs": true, "ms": true, "vs": true, "st": true, "approx": true, "e.g": true, "i.e": true,
	"y.o": true, "p.o": true, "p.r.n": true, "b.i.d": true, "t.i.d": true, "q.i.d": true, "q.d": true, "no": false, "inc": true, "a": true,
	"c": true, "e": true, "a.m": true, "p.m": true, "dept": true, "q.h.s": true, "h.s": true, "i.v": true, "i.m": true,
}

// sentences divides text[start:end] and appends what it finds to dst.
func sentences(dst []Span, text string, start, end int) []Span {
	add := func(from, to int) {
		for from < to && isSpace(text[from]) {
			from++
		}
		for to > from && isSpace(text[to-1]) {
			to--
		}
		for to-from > maxSentence {
			cut := from + maxSentence
			if n := strings.LastIndexByte(text[from:cut], ' '); n > maxSentence/2 {
				cut = from + n
			}
			for cut > from+1 && cut < to && !utf8.RuneStart(text[cut]) {
				cut--
			}
			dst = append(dst, Span{from, cut})
			from = cut
		}
		if from < to {
			dst = append(dst, Span{from, to})
		}
	}
	from := start
	lineStart := start
	for i := start; i < end; i++ {
		switch text[i] {
		case '.', '!', '?':
			if endsSentence(text, from, i, end) {
				add(from, i+1)
				from = i + 1
			}
		case '\n':
			if endsLine(text, lineStart, i, end) {
				add(from, i)
				from = i + 1
			}
			lineStart = i + 1
		}
	}
	add(from, end)
	return dst
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

// endsSentence tells whether the mark at text[i] ends a sentence that began at from.
func endsSentence(text string, from, i, end int) bool {
	if i+1 < end && !isSpace(text[i+1]) {
		return false
	}
	if i == from || isSpace(text[i-1]) {
		return false // "? pneumonia"
	}
	if text[i] != '.' {
		return true
	}
	word := i
	for word > from && !isSpace(text[word-1]) && text[word-1] != '(' {
		word--
	}
	w := strings.ToLower(text[word:i])
	if abbreviations[w] {
		return false
	}
	// The number of a list, "1. CHF", and an initial.
	if word == from || strings.TrimSpace(text[from:word]) == "" {
		if len(w) <= 2 && strings.Trim(w, "0123456789") == "" {
			return false
		}
	}
	if len(w) == 1 && unicode.IsUpper(rune(text[word])) {
		return false
	}
	return true
}

// endsLine tells whether the line break at text[i], of a line that began at lineStart, ends
// a sentence. It does not where a line was only wrapped: the next goes on in lower case, or
// this one is long and does not look finished.
func endsLine(text string, lineStart, i, end int) bool {
	line := strings.TrimSpace(text[lineStart:i])
	next := i + 1
	for next < end && (text[next] == ' ' || text[next] == '\t' || text[next] == '\r') {
		next++
	}
	if line == "" || next >= end || text[next] == '\n' {
		return true
	}
	switch line[len(line)-1] {
	case ':', ';', '.', '?', '!':
		return true
	}
	r, _ := utf8.DecodeRuneInString(text[next:end])
	if unicode.IsLower(r) {
		// A wrapped line is about as long as lines are; short lines are a list.
		return len(line) < 40
	}
	if unicode.IsUpper(r) || unicode.IsDigit(r) {
		return len(line) < 60
	}
	return true
}
