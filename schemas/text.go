package schemas

import "strings"

// Read takes the number of a value that may have a number, a text or both. A text of the
// channel's list decides, because the number beside it may be the code of a choice: MIMIC
// charts "CMV/ASSIST" as 2. Else the number counts, else the number that the text begins
// with. It answers false where there is none of these. The value is in the unit that came
// with it.
func (c Channel) Read(number float64, hasNumber bool, text string) (value float64, flags Flag, ok bool) {
	if value, flags, ok = c.listed(text); ok {
		return value, flags, true
	}
	if !hasNumber {
		return c.ParseText(text)
	}
	if c.Info().Group == "neuro" {
		flags = untestableText(text)
	}
	return number, flags, true
}

// ParseText reads a text that carries a number: one of the channel's list of texts, or else
// the number at its beginning ("1.0 ET/Trach"). Behind the number may stand the channel's
// unit or a laboratory's mark ("7.2 H"), and behind a coma score anything. It answers false
// where there is no number, and where the number is a bound (">100"), a range, or one of
// something else ("20 kcl").
func (c Channel) ParseText(text string) (value float64, flags Flag, ok bool) {
	if value, flags, ok = c.listed(text); ok {
		return value, flags, true
	}
	text = strings.TrimSpace(text)
	if c.Info().Name == "gcs_total" {
		if value, flags, ok = comaParts(text); ok {
			return value, flags, true
		}
	}
	v, rest, ok := leadingNumber(text)
	if !ok {
		return 0, 0, false
	}
	info := c.Info()
	if info.Group == "neuro" {
		return v, untestableText(rest), true
	}
	if rest != "" && !info.ownUnit(rest) && !laboratoryMark(rest) {
		return 0, 0, false
	}
	return v, 0, true
}

// leadingNumber is the number that a text begins with, and what stands behind it. A comma before one
// or two digits is a decimal one.
func leadingNumber(text string) (value float64, rest string, ok bool) {
	text = strings.TrimSpace(text)
	isDigit := func(i int) bool { return i < len(text) && text[i] >= '0' && text[i] <= '9' }
	end, comma := 0, false
	for end < len(text) {
		if text[end] == ',' && !comma && end > 0 && isDigit(end-1) && isDigit(end+1) && !isDigit(end+3) {
			comma = true
		} else if !isDigit(end) && (text[end] != '.' || comma) && (end > 0 || text[0] != '-') {
			break
		}
		end++
	}
	value, err := parseFloat(strings.ReplaceAll(text[:end], ",", "."))
	return value, strings.TrimSpace(text[end:]), err == nil
}

// measured reads a text that is a number and a unit from which the channel converts, "101.5 F". It
// is for messages that have no unit elsewhere; in the tables of a data set such a text is more
// likely about something else (see ownUnit).
func (c Channel) measured(text string) (value float64, unit string, ok bool) {
	value, unit, ok = leadingNumber(text)
	if !ok || unit == "" || c.Info().ownUnit(unit) {
		return 0, "", false
	}
	if _, known := c.Info().toCanonical(value, unit); !known {
		return 0, "", false
	}
	return value, unit, true
}

// comaParts reads a coma score that is written by its parts, "E4V5M6", also with spaces between
// them; "VT" and "VNT" say that the response could not be tested, which counts as 1.
func comaParts(text string) (total float64, flags Flag, ok bool) {
	rest := strings.ToUpper(strings.ReplaceAll(text, " ", ""))
	for _, part := range [...]struct {
		letter byte
		most   byte
	}{{'E', '4'}, {'V', '5'}, {'M', '6'}} {
		if len(rest) < 2 || rest[0] != part.letter {
			return 0, 0, false
		}
		rest = rest[1:]
		tested := true
		for _, word := range [...]string{"NT", "T"} {
			if part.letter == 'V' && tested && strings.HasPrefix(rest, word) {
				rest, tested = rest[len(word):], false
			}
		}
		switch {
		case !tested:
			total, flags = total+1, Untestable
		case rest[0] >= '1' && rest[0] <= part.most:
			total, rest = total+float64(rest[0]-'0'), rest[1:]
		default:
			return 0, 0, false
		}
	}
	return total, flags, rest == ""
}

// listed looks a text up in the channel's list.
func (c Channel) listed(text string) (value float64, flags Flag, ok bool) {
	list := c.Info().Texts
	if len(list) == 0 {
		return 0, 0, false
	}
	text = strings.TrimSpace(text)
	for i := range list {
		if strings.EqualFold(text, list[i].Text) {
			return list[i].Value, list[i].Flags, true
		}
	}
	return 0, 0, false
}

// ownUnit says whether a unit is the canonical one or another name for it. A unit that would
// have to be converted is not: a text with it is more likely about something else.
func (info *ChannelInfo) ownUnit(unit string) bool {
	if strings.EqualFold(unit, info.Unit) {
		return true
	}
	for i := range info.Conversions {
		if k := &info.Conversions[i]; k.Scale == 1 && k.Offset == 0 && strings.EqualFold(unit, k.Unit) {
			return true
		}
	}
	return false
}

// laboratoryMark says whether a text is the mark by which a laboratory calls a value high,
// low or abnormal.
func laboratoryMark(s string) bool {
	switch strings.ToUpper(strings.Trim(s, "()[] ")) {
	case "*", "!", "H", "L", "HH", "LL", "A":
		return true
	}
	return false
}

// untestableText is Untestable if a text has one of the words for a verbal response that
// could not be tested, mostly behind a tube, else 0. It is the text beside a number or what
// stands behind one: "10T" is a coma score of 10 of an intubated patient.
func untestableText(s string) Flag {
	s = strings.ToUpper(strings.Trim(strings.TrimSpace(s), "()[]"))
	number := strings.TrimLeft(s, "0123456789. ")
	if number == "T" || number == "TP" || number == "NT" || number == "VT" || number == "N/T" {
		return Untestable
	}
	for _, word := range [...]string{"ET/TRACH", "ETT", "TRACH", "INTUB", "UNTEST", "NOT TEST", "NON TEST", "NON-TEST", "UNABLE TO TEST"} {
		if strings.Contains(s, word) {
			return Untestable
		}
	}
	return 0
}
