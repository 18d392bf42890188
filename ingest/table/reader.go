package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// MaxRow is the longest row that is read, in bytes: a note has its text in one field.
const MaxRow = 16 << 20

// bufferSize is longer than all rows but those of notes; a row that is longer is copied.
const bufferSize = 256 << 10

// Reader reads one table row by row. It belongs to one goroutine.
type Reader struct {
	file    string      // base name, for messages
	header  []string    // lower case
	closers []io.Closer // in the order of opening
	in      *bufio.Reader

	line   int      // number of the last line of the file that was read, from 1
	first  int      // number of the line on which the current row began
	joined []byte   // a row that goes on over line ends in quotes
	fields [][]byte // of the current row
}

// RowError is a row that cannot be read. The reader goes on with the next one.
type RowError struct {
	File string
	Line int    // on which the row begins, from 1; the header is line 1
	What string // what is wrong with it
}

// Error names file, line and what is wrong.
func (e *RowError) Error() string { return fmt.Sprintf("%s line %d: %s", e.File, e.Line, e.What) }

// Find returns the path of table name in dir: NAME.csv.gz or NAME.csv, compared
// without case, gzip first; "" where there is none. The name may begin with a
// folder ("icu/chartevents"). An unreadable dir is an error.
func Find(dir, name string) (string, error) {
	folder, name := path.Split(name)
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	if folder != "" && errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, folder)
	plain := ""
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		if strings.EqualFold(e.Name(), name+".csv.gz") {
			return filepath.Join(dir, e.Name()), nil
		}
		if strings.EqualFold(e.Name(), name+".csv") && plain == "" {
			plain = filepath.Join(dir, e.Name())
		}
	}
	return plain, nil
}

// Open opens table name of dir, as Find finds it, and reads its header. The error of a table
// that is not there is fs.ErrNotExist; any other says what is wrong with the file. The caller
// closes the reader.
func Open(dir, name string) (*Reader, error) {
	found, err := Find(dir, name)
	if err != nil {
		return nil, err
	}
	if found == "" {
		return nil, fmt.Errorf("no %s.csv.gz or %s.csv in %s: %w", name, name, dir, os.ErrNotExist)
	}
	f, err := os.Open(found)
	if err != nil {
		return nil, err
	}
	file := filepath.Base(found)
	var in io.Reader = f
	closers := []io.Closer{f}
	if strings.HasSuffix(strings.ToLower(file), ".gz") {
		z, err := gzip.NewReader(bufio.NewReaderSize(f, 64<<10))
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("%s is not a gzip file (%w): get it again", file, err)
		}
		in, closers = z, append(closers, z)
	}
	r, err := NewReader(file, in)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.closers = closers
	return r, nil
}

// NewReader reads the header of a table from in, which stays the caller's to close. file is
// its name in messages.
func NewReader(file string, in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, bufferSize)}
	if err := r.start(file); err != nil {
		return nil, err
	}
	return r, nil
}

// Reset goes on with another table in the memory of r, for data sets of many small files. r
// is of NewReader, not of Open: it would not close what Open opened.
func (r *Reader) Reset(file string, in io.Reader) error {
	r.in.Reset(in)
	return r.start(file)
}

// start reads the header, without the mark that some programs put in front of UTF-8.
func (r *Reader) start(file string) error {
	r.file, r.header, r.line, r.first = file, r.header[:0], 0, 0
	fields, err := r.read()
	if err == io.EOF {
		return fmt.Errorf("%s is empty: want a header line", file)
	}
	if err != nil {
		return err
	}
	for i, f := range fields {
		if i == 0 {
			f = bytes.TrimPrefix(f, []byte("\xef\xbb\xbf"))
		}
		r.header = append(r.header, strings.ToLower(strings.TrimSpace(string(f))))
	}
	return nil
}

// Columns returns the places of the named columns, -1 for an empty name. The error
// names all that are missing and the columns that are there.
func (r *Reader) Columns(names ...string) ([]int, error) {
	places := make([]int, len(names))
	var missing []string
	for i, name := range names {
		places[i] = r.Column(name)
		if places[i] < 0 && name != "" {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return nil, fmt.Errorf("%s has no column %s (its columns: %.400s)", r.file,
			strings.Join(missing, ", "), strings.Join(r.header, ","))
	}
	return places, nil
}

// Column returns the place of one column, compared without case, -1 where there is none.
func (r *Reader) Column(name string) int {
	for i, have := range r.header {
		if strings.EqualFold(have, name) {
			return i
		}
	}
	return -1
}

// File is the table's file name, without its folder.
func (r *Reader) File() string { return r.file }

// Line is the number of the line on which the current row begins. The header is line 1.
func (r *Reader) Line() int { return r.first }

// Next returns the fields of the next row, as many as the header has; they are
// valid until the next call. Errors: io.EOF at the end, *RowError for a row to be
// left out, anything else ends the table.
func (r *Reader) Next() ([][]byte, error) {
	for {
		fields, err := r.read()
		if err != nil {
			return nil, err
		}
		if len(fields) == 1 && len(fields[0]) == 0 && len(r.header) > 1 {
			continue // an empty line
		}
		if len(fields) != len(r.header) {
			return nil, &RowError{r.file, r.first, fmt.Sprintf("%d fields, the header has %d", len(fields), len(r.header))}
		}
		return fields, nil
	}
}

// Close closes the file that Open has opened. It does nothing to the reader of NewReader.
func (r *Reader) Close() error {
	var err error
	for i := len(r.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, r.closers[i].Close())
	}
	return err
}

// read returns the fields of the next row, whatever their number. Rows without a quote, which
// are nearly all, take a way of their own that looks for nothing but commas.
func (r *Reader) read() ([][]byte, error) {
	row, err := r.readLine()
	if err != nil {
		return nil, err
	}
	r.first = r.line
	if bytes.IndexByte(row, '"') < 0 { // the common case
		if !utf8.Valid(row) {
			return nil, &RowError{r.file, r.first, "not UTF-8"}
		}
		r.fields = splitPlain(r.fields[:0], row)
		return r.fields, nil
	}
	// A quoted field may go on over line ends: join lines until quotes close.
	own := false
	state := scanQuotes(quoteFieldStart, row)
	for state == quoteInside {
		if !own {
			r.joined, own = append(r.joined[:0], row...), true
		}
		if len(r.joined) > MaxRow {
			return nil, fmt.Errorf("%s line %d: a quoted field is longer than %d bytes; is a quote missing?", r.file, r.first, MaxRow)
		}
		r.joined = append(r.joined, '\n')
		have := len(r.joined)
		more, err := r.readLine()
		if err == io.EOF {
			return nil, fmt.Errorf("%s line %d: a quote opens and never closes: the file is cut off, or the quote is one too many", r.file, r.first)
		}
		if err != nil {
			return nil, err
		}
		r.joined = append(r.joined, more...)
		state = scanQuotes(state, r.joined[have:])
	}
	if own {
		row = r.joined
	}
	if !utf8.Valid(row) {
		return nil, &RowError{r.file, r.first, "not UTF-8"}
	}
	var ok bool
	if r.fields, ok = splitQuoted(r.fields[:0], row); !ok {
		return nil, &RowError{r.file, r.first, "text between a closing quote and the next comma"}
	}
	return r.fields, nil
}

// readLine returns the next physical line without its end. A line longer than
// the buffer is gathered in a slice of its own.
func (r *Reader) readLine() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		long := append([]byte(nil), line...)
		for err == bufio.ErrBufferFull {
			if len(long) > MaxRow {
				return nil, fmt.Errorf("%s line %d is longer than %d bytes", r.file, r.line+1, MaxRow)
			}
			line, err = r.in.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	switch {
	case err == io.EOF && len(line) == 0:
		return nil, io.EOF
	case err != nil && err != io.EOF:
		return nil, fmt.Errorf("%s is damaged or cut off after line %d (%w): get it again", r.file, r.line, err)
	}
	r.line++
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), nil
}
