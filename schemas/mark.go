package schemas

import (
	"fmt"
	"strconv"
)

// Mark is a progress mark of a run. It promises that everything of the run whose play is at
// most Play has been sent to this partition of this topic, so that a reader of several
// topics knows up to where it may merge them. With End it promises that nothing follows.
type Mark struct {
	Run  string
	Play int64 // playing time in milliseconds
	End  bool
}

// NewMark makes the message of a mark. All of it is in the headers, since no event goes
// with it; the key is there because a topic may refuse a record without one.
func NewMark(run string, play int64, end bool) Message {
	m := Message{Key: []byte("mark"), Value: []byte{}, Headers: []Header{
		{HeaderSpecVersion, "1.0"}, {HeaderType, TypeMark}, {HeaderRun, run}, {HeaderPlay, strconv.FormatInt(play, 10)},
	}}
	if end {
		m.Headers = append(m.Headers, Header{HeaderEnd, "1"})
	}
	return m
}

// ParseMark reads a mark. It answers ok false for any other message, and a problem for a
// mark that cannot be read.
func ParseMark(m *Message) (mark Mark, ok bool, problem *Problem) {
	if kind, _ := m.Header(HeaderType); kind != TypeMark {
		return Mark{}, false, nil
	}
	run, _ := m.Header(HeaderRun)
	text, _ := m.Header(HeaderPlay)
	play, err := strconv.ParseInt(text, 10, 64)
	switch {
	case run == "":
		return Mark{}, true, NewProblem(BadField, "header "+HeaderRun, "", "the name of the run")
	case err != nil || play < 0:
		return Mark{}, true, NewProblem(BadField, "header "+HeaderPlay, text, "playing time in ms, 0 or more")
	}
	end, _ := m.Header(HeaderEnd)
	return Mark{run, play, end == "1"}, true, nil
}

// String returns "run@play", for logs.
func (m Mark) String() string { return fmt.Sprintf("%s@%d", m.Run, m.Play) }
