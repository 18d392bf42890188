package jsonlines

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// lineReader reads lines of any length and keeps MaxLine bytes of each, so that a line that
// never ends costs no more memory than one that is just too long.
type lineReader struct{ in *bufio.Reader }

func newLineReader(in io.Reader) *lineReader { return &lineReader{bufio.NewReaderSize(in, 64<<10)} }

// next returns the next line without its end, and the length that it has in the input. The
// last line need not have an end. The error is io.EOF behind it, or the input's.
func (r *lineReader) next() (text []byte, length int64, err error) {
	text = []byte{}
	for {
		part, err := r.in.ReadSlice('\n')
		whole := err == nil
		if whole {
			part = bytes.TrimSuffix(part[:len(part)-1], []byte{'\r'})
		}
		length += int64(len(part))
		text = append(text, part[:min(len(part), MaxLine-len(text))]...)
		switch {
		case whole:
			return text, length, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && length > 0:
			return text, length, nil
		default:
			return nil, 0, err
		}
	}
}
