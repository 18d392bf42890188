package table

import (
	"bytes"
	"strconv"
	"unsafe"

	"github.com/vigil-icu/vigil/schemas"
)

// Time reads "2130-02-04 04:00:00", also with a T, a fraction of a second, or
// without a time of day, as UTC. ok is false for anything else, for dates that
// do not exist and for years outside 1800 to 2400.
func Time(b []byte) (t schemas.Time, ok bool) {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	year, ok1 := digits(b[0:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	if !ok1 || !ok2 || !ok3 || year < 1800 || year > 2400 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	t = schemas.Time(days(year, month, day)) * 24 * schemas.Hour
	if len(b) == 10 {
		return t, true
	}
	if len(b) < 19 || b[10] != ' ' && b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	hour, ok1 := digits(b[11:13])
	minute, ok2 := digits(b[14:16])
	second, ok3 := digits(b[17:19])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	t += schemas.Time(hour)*schemas.Hour + schemas.Time(minute)*schemas.Minute + schemas.Time(second)*schemas.Second
	if len(b) == 19 {
		return t, true
	}
	if b[19] != '.' || len(b) == 20 {
		return 0, false
	}
	scale := schemas.Time(100)
	for _, c := range b[20:] {
		if c < '0' || c > '9' {
			return 0, false
		}
		t += schemas.Time(c-'0') * scale
		scale /= 10
	}
	return t, true
}

// Int reads a whole number of up to 18 digits, also one that a program saved as a float
// ("179.0"). ok is false for anything else.
func Int(b []byte) (n int64, ok bool) {
	b = bytes.TrimSuffix(b, []byte(".0"))
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}

// Float reads a decimal number, with space around it. Words such as NaN and inf are not
// numbers here: no measurement is one of them. ok is false for anything else.
func Float(b []byte) (v float64, ok bool) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return 0, false
	}
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	// ParseFloat keeps its argument only in an error, which is dropped here.
	v, err := strconv.ParseFloat(unsafe.String(&b[0], len(b)), 64)
	return v, err == nil
}

// digits reads a number of decimal digits alone.
func digits(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// daysIn is how many days a month has, by the Gregorian calendar.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// days counts the days since 1970-01-01. It counts years from March on, so that a leap day is
// the last day of a year and needs no case of its own.
func days(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	return int64(365*year+year/4-year/100+year/400+(153*(month-3)+2)/5+day-1) - 719468
}
