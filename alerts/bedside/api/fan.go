package api

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

const (
	ringed     = 2048 // events that are kept for who comes again
	waiting    = 256  // events that may wait for one page
	maxStreams = 1000 // pages at a time
)

// event is one of the stream, encoded once for all pages.
type event struct {
	seq   uint64
	unit  string // whose it is
	all   bool   // it tells of nobody, and everybody may hear it
	frame []byte
}

// fan brings events to the pages. It has no lock of its own: that of live is held.
type fan struct {
	nonce   string // of this process, so that numbers of an earlier one are known
	seq     uint64
	ring    []event
	pages   map[*page]struct{}
	dropped int
}

// page is one that listens.
type page struct {
	who    Principal
	frames chan []byte // closed when the page is dropped
}

func newFan(nonce string) fan { return fan{nonce: nonce, pages: map[*page]struct{}{}} }

// frame writes an event as the wire has it.
func (f *fan) frame(kind string, seq uint64, data any) []byte {
	var b bytes.Buffer
	if seq > 0 {
		fmt.Fprintf(&b, "id: %s-%d\n", f.nonce, seq)
	}
	fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", kind, encode(data))
	return b.Bytes()
}

// send brings an event to all pages that may see the unit. A page that has not taken what came before is dropped.
func (f *fan) send(kind, unit string, data any) {
	f.seq++
	e := event{seq: f.seq, unit: unit, all: kind == "gone", frame: f.frame(kind, f.seq, data)}
	if len(f.ring) == ringed {
		copy(f.ring, f.ring[1:])
		f.ring = f.ring[:ringed-1]
	}
	f.ring = append(f.ring, e)
	for p := range f.pages {
		if !p.sees(&e) {
			continue
		}
		select {
		case p.frames <- e.frame:
		default:
			f.leave(p)
			f.dropped++
		}
	}
}

// sees says whether a page is told of an event.
func (p *page) sees(e *event) bool { return e.all || p.who.sees(e.unit) }

// since are the events behind the one that a page had last; false where they are not all here, and it must be told
// everything anew.
func (f *fan) since(last string, p *page) (frames [][]byte, ok bool) {
	nonce, number, _ := strings.Cut(last, "-")
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil || nonce != f.nonce || seq > f.seq || len(f.ring) == 0 && seq < f.seq || len(f.ring) > 0 && seq+1 < f.ring[0].seq {
		return nil, false
	}
	for i := range f.ring {
		if e := &f.ring[i]; e.seq > seq && p.sees(e) {
			frames = append(frames, e.frame)
		}
	}
	return frames, true
}

// leave takes a page off; its channel is closed so that it ends.
func (f *fan) leave(p *page) {
	if _, there := f.pages[p]; there {
		delete(f.pages, p)
		close(p.frames)
	}
}

// join adds a page that had the named event last, and returns what it is told first; false where there are too many.
func (l *live) join(who Principal, last string) (p *page, first [][]byte, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.fan.pages) >= maxStreams {
		return nil, nil, false
	}
	p = &page{who: who, frames: make(chan []byte, waiting)}
	first, resumed := l.fan.since(last, p)
	if !resumed {
		first = [][]byte{l.fan.frame("unit", l.fan.seq, l.snapshot(who))}
		if l.fan.seq == 0 { // nothing has happened yet; the page must learn a number all the same
			first[0] = append([]byte("id: "+l.fan.nonce+"-0\n"), first[0]...)
		}
	}
	l.fan.pages[p] = struct{}{}
	return p, first, true
}

// part takes a page off.
func (l *live) part(p *page) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fan.leave(p)
}
