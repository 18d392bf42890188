package schemas

// shortScan reads the parts of JSON that the short form has. It answers false to anything
// more, and the message then goes to the JSON package; so it need not know all of JSON, and
// must only never read a part otherwise than that package does.
type shortScan struct {
	b  []byte
	at int
}

func (p *shortScan) space() {
	for p.at < len(p.b) && (p.b[p.at] == ' ' || p.b[p.at] == '\n' || p.b[p.at] == '\t' || p.b[p.at] == '\r') {
		p.at++
	}
}

// take passes over a character if it stands next, with or without white space before it.
func (p *shortScan) take(c byte) bool {
	if p.at < len(p.b) && p.b[p.at] == c {
		p.at++
		return true
	}
	if p.space(); p.at < len(p.b) && p.b[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *shortScan) end() bool {
	p.space()
	return p.at == len(p.b)
}

// word passes over a word if it stands next.
func (p *shortScan) word(w string) bool {
	p.space()
	if len(p.b)-p.at < len(w) || string(p.b[p.at:p.at+len(w)]) != w {
		return false
	}
	p.at += len(w)
	return true
}

// text reads a string of printable ASCII without escapes, as a part of the message.
func (p *shortScan) text() ([]byte, bool) {
	if !p.take('"') {
		return nil, false
	}
	start := p.at
	for p.at < len(p.b) {
		switch c := p.b[p.at]; {
		case c == '"':
			p.at++
			return p.b[start : p.at-1], true
		case c == '\\' || c < 0x20 || c > 0x7e:
			return nil, false
		}
		p.at++
	}
	return nil, false
}

// digits reads at least one digit onto the number v of n digits, which may have 15 in all:
// so many are exact in a float64.
func (p *shortScan) digits(v uint64, n int) (uint64, int, bool) {
	start := p.at
	for p.at < len(p.b) {
		d := p.b[p.at] - '0'
		if d > 9 {
			break
		}
		v = v*10 + uint64(d)
		if n++; n > 15 {
			return 0, 0, false
		}
		p.at++
	}
	return v, n, p.at > start
}

// whole reads a whole number of at most 15 digits.
func (p *shortScan) whole() (uint64, bool) {
	p.space()
	start := p.at
	v, n, ok := p.digits(0, 0)
	if !ok || n > 1 && p.b[start] == '0' || p.at < len(p.b) && (p.b[p.at] == '.' || p.b[p.at]|0x20 == 'e') {
		return 0, false
	}
	return v, true
}

var powersOf10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// number reads a number of at most 15 digits without an exponent, and where it stands.
// Digits and power of ten are exact as float64, so their quotient is the nearest
// one: what strconv.ParseFloat gives.
func (p *shortScan) number(text *[2]int32) (float64, bool) {
	p.space()
	start := p.at
	minus := p.at < len(p.b) && p.b[p.at] == '-'
	if minus {
		p.at++
	}
	first := p.at
	v, n, ok := p.digits(0, 0)
	if !ok || n > 1 && p.b[first] == '0' {
		return 0, false
	}
	behind := 0
	if p.at < len(p.b) && p.b[p.at] == '.' {
		p.at++
		all := 0
		if v, all, ok = p.digits(v, n); !ok {
			return 0, false
		}
		behind = all - n
	}
	if p.at < len(p.b) && p.b[p.at]|0x20 == 'e' {
		return 0, false
	}
	*text = [2]int32{int32(start), int32(p.at)}
	f := float64(v) / powersOf10[behind]
	if minus {
		f = -f
	}
	return f, true
}

// time reads "2026-01-31T08:15:00.000Z", also without the fraction, in the years 1971 to
// 2399. Within them every time is positive and none needs the checks of ParseTime.
func (p *shortScan) time() (Time, bool) {
	b, ok := p.text()
	if !ok || len(b) != 24 && len(b) != 20 || b[len(b)-1] != 'Z' {
		return 0, false
	}
	if b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' || len(b) == 24 && b[19] != '.' {
		return 0, false
	}
	bad := false
	two := func(at int) int {
		hi, lo := b[at]-'0', b[at+1]-'0'
		bad = bad || hi > 9 || lo > 9
		return int(hi)*10 + int(lo)
	}
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	ms := 0
	if len(b) == 24 {
		last := b[22] - '0'
		ms = two(20)*10 + int(last)
		bad = bad || last > 9
	}
	if bad || year < 1971 || year > 2399 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	leap := year%4 == 0 && (year%100 != 0 || year%400 == 0)
	most := daysOf[month]
	if month == 2 && leap {
		most++
	}
	if day > most {
		return 0, false
	}
	y := year - 1
	days := y*365 + y/4 - y/100 + y/400 - 719162 + daysBefore[month] + day - 1
	if month > 2 && leap {
		days++
	}
	return Time((int64(days)*86400+int64(hour*3600+minute*60+second))*1000 + int64(ms)), true
}

var (
	daysOf     = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	daysBefore = [13]int{0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}
)
