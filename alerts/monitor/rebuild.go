package monitor

import "github.com/vigil-icu/vigil/schemas"

// This file says where in the log a rebuild begins. A rebuild that begins in the middle of a
// patient's life takes some records otherwise than they were taken; by the end of the third
// numbering that has washed out, unless a later numbering rests on what an earlier one knew.
// Each such place says so here: the numbering then begins, for a rebuild, where that is known.

// rebuildFrom is the log offset from which a rebuild knows the patient as it is.
func (p *patient) rebuildFrom() int64 {
	from := min(p.beforeFrom, p.previousFrom, p.numberingFrom, p.lastFrom)
	if p.into != "" {
		from = min(from, p.intoFrom)
	}
	return from
}

// needLast lets the present numbering rest on that of the last stay, whose end told which stay
// it was and when, and on the one before this.
func (p *patient) needLast() {
	p.numberingFrom = min(p.numberingFrom, p.previousFrom, p.lastFrom)
}

// needEarlier lets the present numbering rest on all that a rebuild knows now.
func (p *patient) needEarlier() { p.numberingFrom = p.rebuildFrom() }

// needRepeated lets the present numbering rest on earlier ones where the repeat of one of their
// messages came, that opens, ends or names a stay if it is taken for new.
func (p *patient) needRepeated(repeat *schemas.Record) {
	sender := p.origins[len(p.origins)-1] // that it has just come from
	if (!repeat.Kind.IsData() || !p.stay.open) && sender.isOfBefore(repeat) {
		p.needEarlier()
	}
}
