package schemas

import (
	"fmt"
	"strconv"
	"strings"
)

// This file is the table of limits: what one sender, patient, message, hour, run or batch can
// make Vigil hold, do or believe. What is beyond a limit is never dropped unsaid: each row
// names what becomes of it.

// These limits are rules of how times are read, and no site may set them.
const (
	// MaxAhead is how far ahead of intake's clock a live event may be measured; what is further
	// ahead is a dead letter (future). What is ahead by less counts as measured on arrival.
	MaxAhead = 5 * Minute
	// MaxSkew is how far a sender's clock may be off before what it sends is marked ClockOff.
	MaxSkew = Minute
	// MaxUnheard is how long a stay stays open of which no data come, an announced one too.
	// It bounds the hours that one record can make a patient's time pass.
	MaxUnheard = 31 * 24 * Hour
)

// The limits as they are shipped, for those who need a number of their own, as a test.
const (
	MaxVitals   = 4 << 20
	MaxStrip    = 4 << 20  // the samples of a strip
	MaxNote     = 1 << 20  // the text of a note
	MaxImage    = 15 << 20 // the bytes of an image, before base64
	MaxMovement = 64 << 10 // a movement or a command

	MaxMessageValues   = 20_000
	MaxHourValues      = 4000 // one a second, and a tenth more
	MaxStretchMessages = 200_000
	MaxStretchBytes    = 128 << 20
)

// Limit names a row of the table.
type Limit uint8

// The limits that a site may set.
const (
	LimitVitalsBytes Limit = iota
	LimitStripBytes
	LimitNoteBytes
	LimitImageBytes
	LimitMovementBytes
	LimitMessageValues
	LimitHourValues
	LimitPatientSenders
	LimitRunMessages
	LimitRunBytes
	LimitDevices
	LimitBatchRecords
	limits
)

// LimitInfo is a row of the table. Where Logged is set, what is computed of the raw topics or
// of the log goes by the limit: it then stands in what the log asks for (Use.Settings), unless
// it is the shipped one.
type LimitInfo struct {
	Name                 string
	Shipped, Least, Most int
	Bytes                bool // it is a number of bytes
	Logged               bool
	What, Beyond         string // for people: what it bounds, and what becomes of what is beyond
}

// limitTable has the rows. Those of messages and hours may only be made tighter, since the
// topics, and the work of one record, are made for what is shipped.
var limitTable = [limits]LimitInfo{
	LimitVitalsBytes:    {"vitals-bytes", MaxVitals, 1 << 10, MaxVitals, true, true, "a vitals message", "dead letter too_large"},
	LimitStripBytes:     {"strip-bytes", MaxStrip, 1 << 10, MaxStrip, true, true, "the samples of an ECG strip", "dead letter too_large"},
	LimitNoteBytes:      {"note-bytes", MaxNote, 1 << 10, MaxNote, true, true, "the text of a note or a report", "dead letter too_large"},
	LimitImageBytes:     {"image-bytes", MaxImage, 1 << 10, MaxImage, true, true, "the bytes of an image", "dead letter too_large"},
	LimitMovementBytes:  {"movement-bytes", MaxMovement, 1 << 10, MaxMovement, true, true, "a movement or a command", "dead letter too_large"},
	LimitMessageValues:  {"message-values", MaxMessageValues, 16, MaxMessageValues, false, true, "values of a vitals message", "dead letter too_large"},
	LimitHourValues:     {"hour-values", MaxHourValues, 60, MaxHourValues, false, true, "values of one channel of a patient in an hour", "NEWS2 goes by them, models do not; the status line counts them; within one message dead letter too_many"},
	LimitPatientSenders: {"senders", 64, 1, 256, false, true, "senders of a patient; who sends on two topics is two", "the one not heard of for longest is forgotten; the status line counts it"},
	LimitRunMessages:    {"run-messages", MaxStretchMessages, MaxStretchMessages / 4, 4 * MaxStretchMessages, false, true, "messages of a run between two marks, in a topic and partition", "dead letter no_mark, up to the next mark"},
	LimitRunBytes:       {"run-bytes", MaxStretchBytes, MaxStretchBytes / 4, 4 * MaxStretchBytes, true, true, "memory of those messages", "dead letter no_mark, up to the next mark"},
	LimitDevices:        {"devices", 1 << 14, 16, 1 << 18, false, true, "devices of a worker process whose clocks are measured", "all are measured anew; the status line counts it"},
	LimitBatchRecords:   {"batch-records", 1000, 1, 2000, false, false, "log records that one write of the store takes", "the next write takes the rest"},
}

// Info is the row of a limit.
func (l Limit) Info() *LimitInfo { return &limitTable[l] }

// AllLimits are the limits in the order of the table.
func AllLimits() []Limit {
	all := make([]Limit, limits)
	for i := range all {
		all[i] = Limit(i)
	}
	return all
}

// Limits are those of a site. The zero value has the shipped ones.
type Limits struct {
	set [limits]int // 0: the shipped one
}

// Of is what a limit is set to.
func (l *Limits) Of(x Limit) int {
	if l == nil || l.set[x] == 0 {
		return limitTable[x].Shipped
	}
	return l.set[x]
}

// Set sets a limit, NAME=VALUE. Its error says what was found and what is wanted.
func (l *Limits) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%q: want NAME=VALUE, as hour-values=1000", text)
	}
	var names []string
	for i := range limitTable {
		row := &limitTable[i]
		if names = append(names, row.Name); row.Name != name {
			continue
		}
		n, err := row.parse(value)
		if err != nil {
			return err
		}
		if n == row.Shipped {
			n = 0 // limits that are the same are the same value
		}
		l.set[i] = n
		return nil
	}
	if near := Nearest(name, names); near != "" {
		return fmt.Errorf("there is no limit %q; did you mean %s?", name, near)
	}
	return fmt.Errorf("there is no limit %q: want one of %s", name, strings.Join(names, ", "))
}

// parse reads a value of a limit.
func (r *LimitInfo) parse(value string) (int, error) {
	digits, unit := value, 1
	if r.Bytes {
		for suffix, factor := range map[string]int{"KiB": 1 << 10, "MiB": 1 << 20} {
			if d, ok := strings.CutSuffix(value, suffix); ok {
				digits, unit = d, factor
			}
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > r.Most/unit || n*unit < r.Least {
		return 0, fmt.Errorf("%s=%s: want %s to %s", r.Name, value, r.Format(r.Least), r.Format(r.Most))
	}
	return n * unit, nil
}

// Format writes a value of a limit as Set reads it.
func (r *LimitInfo) Format(n int) string {
	switch {
	case r.Bytes && n > 0 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "MiB"
	case r.Bytes && n > 0 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "KiB"
	}
	return strconv.Itoa(n)
}

// String writes those limits that outputs go by and that are not the shipped ones, each with a
// blank before it, as settings have them: a log of before there were limits to set asks for the
// shipped ones.
func (l *Limits) String() string {
	text := ""
	for i := range limitTable {
		if row := &limitTable[i]; row.Logged && l.set[i] != 0 {
			text += " " + row.Name + "=" + row.Format(l.set[i])
		}
	}
	return text
}

// bodyBytes bounds the body of a raw topic after decompression.
func (l *Limits) bodyBytes(topic string) int {
	switch topic {
	case TopicVitals:
		return l.Of(LimitVitalsBytes)
	case TopicECG:
		return l.Of(LimitStripBytes) + envelope
	case TopicNotes:
		return 6*l.Of(LimitNoteBytes) + envelope // "\u00e9" is six bytes of JSON
	case TopicImaging:
		return (l.Of(LimitImageBytes)+2)/3*4 + envelope
	}
	return l.Of(LimitMovementBytes)
}
