package schemas

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Time is a moment in milliseconds since the Unix epoch, UTC; a difference of two is a
// duration in milliseconds. It is the only time type behind the wire. Times of a source
// are kept as they are, the 22nd century of MIMIC too, so no code behind intake may read a
// clock.
type Time int64

// Durations in the unit of Time, which is the millisecond.
const (
	Second Time = 1000
	Minute      = 60 * Second
	Hour        = 60 * Minute
)

// Reach is how far the view of a stay goes back before its admission: what was
// measured in these 48 hours belongs to the stay, whoever replays, trains on or
// serves it.
const Reach = 48 * Hour

// TimeLayout is the wire form of a Time: RFC 3339 in UTC, always with three digits of
// milliseconds, so that texts sort as times do.
const TimeLayout = "2006-01-02T15:04:05.000Z"

// Std returns t as a time.Time in UTC.
func (t Time) Std() time.Time { return time.UnixMilli(int64(t)).UTC() }

// String returns the wire form.
func (t Time) String() string { return t.Std().Format(TimeLayout) }

// FloorHour returns the full hour at or before t. It floors times before 1970 too, where
// Go's remainder is negative.
func (t Time) FloorHour() Time { return t - mod(t, Hour) }

// Floor16 returns t floored to 1/16 s, the resolution of a window. A score prints event
// times floored like this, so that a window that was rebuilt from its bytes prints the same.
func (t Time) Floor16() Time {
	inSecond := mod(t, Second)
	sixteenth := inSecond * 16 / Second
	// The smallest millisecond whose floor is this sixteenth: a second floor of
	// the result leaves it where it is.
	return t - inSecond + (sixteenth*Second+15)/16
}

// mod is the remainder of t by m that is never negative.
func mod(t, m Time) Time {
	r := t % m
	if r < 0 {
		r += m
	}
	return r
}

// FromStd converts a time.Time, flooring it to the millisecond.
func FromStd(t time.Time) Time { return Time(t.UnixMilli()) }

// ParseTime reads an RFC 3339 time, also with a space for the T, in lower case, with an
// offset of "+00" or "+0000", a space before the zone, "UTC" for Z, and the zone's name in brackets
// behind it, as databases and languages print it. A time without a zone
// ("2101-10-20 19:08:00") is one of zone, or of UTC where zone is nil. Where the clocks are
// set back and an hour comes twice it is of the first, and see [DecodeEventIn]; where they are
// set forward and an hour is left out it is read as if they were not yet. Any other text, and
// a year before 1800 or after 2400, is an error.
func ParseTime(s string, zone *time.Location) (Time, error) {
	t, _, err := parseTime(s, zone, math.MinInt64)
	return t, err
}

// parseTime is ParseTime, and says whether the time had no zone. Of an hour that comes twice
// it takes the second if that is not after latest.
func parseTime(s string, zone *time.Location, latest Time) (at Time, naive bool, err error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		at, err = checked(t, s)
		return at, false, err
	}
	text := s
	if len(text) > 10 && (text[10] == ' ' || text[10] == 't') {
		text = text[:10] + "T" + text[11:]
	}
	text = zoneForm(text)
	for _, layout := range [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			at, err = checked(t, s)
			return at, false, err
		}
	}
	for _, layout := range [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			at, err = checked(local(t, zone, latest), s)
			return at, true, err
		}
	}
	return 0, false, fmt.Errorf("time %.40q is not RFC 3339 (want for example %q)", s, "2026-01-31T08:15:00.000Z")
}

// zoneForm brings the zone behind a time to the forms of RFC 3339: "z" and "UTC" stand for Z, a
// space may stand before it, and a name in brackets behind it.
func zoneForm(s string) string {
	if len(s) < 12 {
		return s
	}
	day, rest := s[:11], s[11:]
	if open := strings.IndexByte(rest, '['); open > 0 && strings.HasSuffix(rest, "]") {
		rest = rest[:open]
	}
	for _, name := range [...]string{"UTC", "GMT", "Z"} {
		if n := len(rest) - len(name); n > 0 && strings.EqualFold(rest[n:], name) {
			rest = strings.TrimRight(rest[:n], " ") + "Z"
			break
		}
	}
	if at := strings.LastIndexAny(rest, "+-"); at > 0 && rest[at-1] == ' ' {
		rest = strings.TrimRight(rest[:at], " ") + rest[at:]
	}
	return day + rest
}

// local is the moment at which the clocks of a zone show what t shows in UTC. Clocks that
// are set back show an hour twice: it is the first, or the second if that is not after
// latest. One that they leave out is read with the offset from before.
func local(t time.Time, zone *time.Location, latest Time) time.Time {
	if zone == nil || zone == time.UTC {
		return t
	}
	before, after := offset(t.Add(-24*time.Hour), zone), offset(t.Add(24*time.Hour), zone)
	first, second := t.Add(-before), t.Add(-after)
	switch isFirst, isSecond := offset(first, zone) == before, offset(second, zone) == after; {
	case isFirst && isSecond && FromStd(second) <= latest:
		return second
	case !isFirst && isSecond:
		return second
	}
	return first
}

// offset is how far a zone's clocks are ahead of UTC.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// checked refuses years in which no record of a patient can be. It bounds what the hours of
// a window and their sums must be able to hold.
func checked(t time.Time, s string) (Time, error) {
	if y := t.Year(); y < 1800 || y > 2400 {
		return 0, fmt.Errorf("time %.40q is in year %d (want 1800 to 2400)", s, y)
	}
	return FromStd(t), nil
}

// MarshalJSON writes the wire form.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.Std().AppendFormat(nil, `"`+TimeLayout+`"`), nil
}

// UnmarshalJSON reads what ParseTime reads; a time without a zone is UTC.
func (t *Time) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return fmt.Errorf("time %.40q is not a string", b)
	}
	v, err := ParseTime(string(b[1:len(b)-1]), nil)
	*t = v
	return err
}
