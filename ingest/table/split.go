package table

import "bytes"

// quoteState is where a row stands between two bytes, with regard to quotes.
type quoteState uint8

const (
	quoteFieldStart quoteState = iota // a quote here opens a quoted field
	quotePlain                        // in an unquoted field
	quoteInside                       // in a quoted field
	quoteClosed                       // after a quote in a quoted field: closed, or the first of a doubled one
)

// scanQuotes walks over b from a state and returns the state behind it. Inside quotes a line
// end belongs to the field, so a row ends only where the state is another.
func scanQuotes(s quoteState, b []byte) quoteState {
	for i := 0; i < len(b); i++ {
		switch s {
		case quoteInside:
			next := bytes.IndexByte(b[i:], '"')
			if next < 0 {
				return quoteInside
			}
			i += next
			s = quoteClosed
		case quoteClosed:
			switch b[i] {
			case '"':
				s = quoteInside
			case ',':
				s = quoteFieldStart
			}
		default:
			switch b[i] {
			case ',':
				s = quoteFieldStart
			case '"':
				if s == quoteFieldStart {
					s = quoteInside
				}
			default:
				s = quotePlain
			}
		}
	}
	return s
}

// splitPlain cuts a row without quotes at its commas and appends the fields, which are parts
// of row.
func splitPlain(fields [][]byte, row []byte) [][]byte {
	for {
		i := bytes.IndexByte(row, ',')
		if i < 0 {
			return append(fields, row)
		}
		fields = append(fields, row[:i])
		row = row[i+1:]
	}
}

// splitQuoted cuts a row with quotes, all of which are closed, and appends the fields. They
// are parts of row, in which doubled quotes are undone. It returns false where text follows
// a closing quote.
func splitQuoted(fields [][]byte, row []byte) ([][]byte, bool) {
	for {
		if len(row) == 0 || row[0] != '"' {
			i := bytes.IndexByte(row, ',')
			if i < 0 {
				return append(fields, row), true
			}
			fields = append(fields, row[:i])
			row = row[i+1:]
			continue
		}
		out, in := 0, 1
		for {
			next := bytes.IndexByte(row[in:], '"')
			if next < 0 {
				return fields, false
			}
			out += copy(row[out:], row[in:in+next])
			in += next + 1
			if in >= len(row) || row[in] != '"' {
				break
			}
			row[out] = '"'
			out++
			in++
		}
		fields = append(fields, row[:out])
		if in == len(row) {
			return fields, true
		}
		if row[in] != ',' {
			return fields, false
		}
		row = row[in+1:]
	}
}
