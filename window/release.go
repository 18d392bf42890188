package window

import (
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Release forgets the records of closed hours that TakeWrites has given out. From then on
// the store alone has them, and the window answers from their cells. An hour that a record
// has changed stays until the next Release, since late records often come one after the
// other; the hour of keep stays too, as a view may begin in it. Bins, Latest and whatever
// concerns an open hour go on as before. Before a record is added to a closed hour, Want
// must be asked for it.
func (w *Window) Release(keep schemas.Time) {
	if !w.loose {
		return
	}
	w.loose = false
	kept := HourOf(keep)
	for _, h := range w.hours {
		if h.n >= w.open {
			return
		}
		if h.state != held || h.n == kept {
			continue
		}
		if h.needed || h.full || h.taken != len(h.raw) {
			w.loose = true
			continue
		}
		if h.used {
			h.used, w.loose = false, true
			continue
		}
		h.state, h.raw, h.links = summed, nil, nil
		if cap(h.cells) > len(h.cells)+2 {
			h.cells = slices.Clone(h.cells)
		}
	}
}

// Want says that an observation of the given time is about to be added. It answers true
// where the records of its hour are in the store alone and nobody has asked for them yet:
// then they are to be read and given to Fill first.
func (w *Window) Want(at schemas.Time) (l ChunkLen, ok bool) {
	n := HourOf(at)
	if n >= w.open {
		return l, false // in memory, or unread: WantUnread names it
	}
	h := w.find(n)
	if h == nil {
		return l, false
	}
	h.needed = true
	if h.state == held || h.asked {
		return l, false
	}
	h.asked = true
	return ChunkLen{h.n, h.taken}, true
}

// WantUnread appends to dst the hours of which nothing is in memory and for which nobody has
// asked yet. All of them are to be read and given to Fill before the window is used; those
// that are closed may be released at once.
func (w *Window) WantUnread(dst []ChunkLen) []ChunkLen {
	if w.unread == 0 {
		return dst
	}
	for _, h := range w.hours {
		if h.state == unread && !h.asked {
			h.asked = true
			dst = append(dst, ChunkLen{h.n, h.taken})
		}
	}
	return dst
}

// Unread says whether there are hours of which nothing is in memory, asked for or not.
func (w *Window) Unread() bool { return w.unread > 0 }

// Lost says whether the window was asked for, or given, something that needed records which
// were not in memory. Its answers since cannot be trusted. That is a mistake of the program,
// which did not heed Want or WantUnread.
func (w *Window) Lost() bool { return w.lost }

// TakeWrites sets p.Chunks, p.Deletes and p.Lens to what has changed since the last call,
// reusing their memory. The window takes it as stored; if the store ends up without it, the
// window must be loaded again.
func (w *Window) TakeWrites(p *PatientWrite) {
	p.Chunks, p.Deletes, p.Lens = p.Chunks[:0], append(p.Deletes[:0], w.deletes...), p.Lens[:0]
	if p.Lens == nil {
		p.Lens = []ChunkLen{} // no chunks is not the same as not asked
	}
	w.deletes = w.deletes[:0]
	for _, h := range w.hours {
		n := h.size()
		h.needed = false
		p.Lens = append(p.Lens, ChunkLen{h.n, n})
		switch closed := h.n < w.open; {
		case h.full || h.taken < n && (closed || h.read):
			p.Chunks = append(p.Chunks, ChunkWrite{Hour: h.n, Bytes: h.raw[:n:n], Full: true, Closed: closed})
			h.full, h.read = false, false
		case h.taken < n:
			p.Chunks = append(p.Chunks, ChunkWrite{Hour: h.n, Pos: h.taken, Bytes: h.raw[h.taken:n:n]})
		}
		h.taken, h.stored = n, true
	}
}

// Chunks appends the whole window to dst, by ascending hours. An hour whose records are not
// in memory is left out, and Lost tells of it. The bytes must not be written to.
func (w *Window) Chunks(dst []Chunk) []Chunk {
	for _, h := range w.hours {
		if h.state != held {
			w.lost = true
			continue
		}
		dst = append(dst, Chunk{h.n, h.raw[:len(h.raw):len(h.raw)]})
	}
	return dst
}
