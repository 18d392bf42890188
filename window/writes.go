package window

// TakeWrites sets p.Chunks, p.Deletes and p.Lens to what changed since the last
// call, reusing their memory. The window takes it as stored: if the store ends
// up without it, load the window again.
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
		switch {
		case h.full:
			p.Chunks = append(p.Chunks, ChunkWrite{Hour: h.n, Bytes: h.raw[:n:n], Full: true})
		case h.taken < n:
			p.Chunks = append(p.Chunks, ChunkWrite{Hour: h.n, Pos: h.taken, Bytes: h.raw[h.taken:n:n]})
		}
		h.taken, h.full, h.stored = n, false, true
	}
}

// Chunks appends the whole window to dst, ascending hours: those whose records are
// in memory. The bytes must not be written to.
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
