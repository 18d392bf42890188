package monitor

import (
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Wants appends to dst the chunks that Step of the record needs, that the store
// alone has, and that it has not named before: before the record is stepped, all
// are to be given to Give. It may be called for records to come.
func (s *Partition) Wants(rec *schemas.Record, dst []window.Place) []window.Place {
	switch rec.Kind {
	case schemas.KindUse:
		return dst
	case schemas.KindTick:
		if len(s.unread) == 0 {
			return dst
		}
		for _, p := range s.open {
			if at := p.tickAt(rec); p.due <= at {
				dst = s.wantUnread(p, dst)
			}
		}
		return dst
	}
	p := s.patients[rec.Patient]
	if p == nil {
		return dst
	}
	dst = s.wantUnread(p, dst)
	for i := range rec.Observations {
		if l, ok := p.window.Want(rec.Observations[i].EventTime); ok {
			dst = append(dst, window.Place{Patient: p.id, ChunkLen: l})
		}
	}
	return dst
}

// WantsUnread appends to dst the chunks of the next patient of whose window nothing
// is in memory; none if there is no such patient. They are for Give.
func (s *Partition) WantsUnread(dst []window.Place) []window.Place {
	for n := len(dst); len(dst) == n && len(s.unread) > 0; s.unread = s.unread[1:] {
		dst = s.wantUnread(s.unread[0], dst)
	}
	return dst
}

func (s *Partition) wantUnread(p *patient, dst []window.Place) []window.Place {
	s.lens = p.window.WantUnread(s.lens[:0])
	for _, l := range s.lens {
		dst = append(dst, window.Place{Patient: p.id, ChunkLen: l})
	}
	return dst
}

// Give takes chunks that Wants or WantsUnread named, as the store has them. An error
// says that the store is damaged: the partition is to be rebuilt from the log.
func (s *Partition) Give(places []window.Place, chunks [][]byte) error {
	for i, at := range places {
		p := s.patients[at.Patient]
		if err := p.window.Fill(window.Chunk{Hour: at.Hour, Bytes: chunks[i]}); err != nil {
			return fmt.Errorf("patient %q: %w", at.Patient, err)
		}
		if i+1 == len(places) || places[i+1].Patient != at.Patient {
			s.release(p)
		}
	}
	return nil
}

// Lost says that Wants was not heeded.
func (s *Partition) Lost() error {
	for _, p := range s.dirty {
		if p.window.Lost() {
			return fmt.Errorf("patient %q: the window was used without records that only the store has: this is a mistake of the program, report it", p.id)
		}
	}
	return nil
}
