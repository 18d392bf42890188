package monitor

import (
	"errors"
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Wants appends to dst the chunks of windows that Step of the record needs and that only
// the store has, but for those that it has named before. Give must be given all of them
// before the record is stepped. Wants may be called for records to come, so that one read
// of the store serves a batch.
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
	if rec.Kind == schemas.KindMergeOut || rec.Kind == schemas.KindUnmerge { // which look at the whole window
		for at := p.horizon(); at <= p.clock+schemas.MaxAhead+schemas.Hour; at += schemas.Hour {
			if l, ok := p.window.Want(at); ok {
				dst = append(dst, window.Place{Patient: p.id, ChunkLen: l})
			}
		}
	}
	for i := range rec.Observations {
		if l, ok := p.window.Want(rec.Observations[i].EventTime); ok {
			dst = append(dst, window.Place{Patient: p.id, ChunkLen: l})
		}
	}
	return dst
}

// WantsUnread appends to dst the chunks of the next patient whose window has not been read
// since the partition was loaded, and nothing if there is no such patient left. An owner
// that has nothing else to do reads ahead by it; what it names goes to Give.
func (s *Partition) WantsUnread(dst []window.Place) []window.Place {
	for n := len(dst); len(dst) == n && len(s.unread) > 0; s.unread = s.unread[1:] {
		dst = s.wantUnread(s.unread[0], dst)
	}
	return dst
}

// wantUnread appends to dst the chunks that the patient's window still lacks since it was
// loaded.
func (s *Partition) wantUnread(p *patient, dst []window.Place) []window.Place {
	s.chunkLens = p.window.WantUnread(s.chunkLens[:0])
	for _, l := range s.chunkLens {
		dst = append(dst, window.Place{Patient: p.id, ChunkLen: l})
	}
	return dst
}

// Give takes the bytes of the chunks that Wants or WantsUnread named, chunks[i] for
// places[i], the chunks of one patient side by side as they were named. An error says that
// the store is damaged: the partition is then to be rebuilt from the log.
func (s *Partition) Give(places []window.Place, chunks [][]byte) error {
	for i, at := range places {
		p := s.patients[at.Patient]
		if err := p.window.Fill(window.Chunk{Hour: at.Hour, Bytes: chunks[i]}); err != nil {
			return fmt.Errorf("hour %d of a patient: %w", at.Hour, err)
		}
		if i+1 == len(places) || places[i+1].Patient != at.Patient {
			s.release(p)
		}
	}
	return nil
}

// Lost returns an error if a window was used without chunks that Wants had named for it.
// Outputs made since the last Writes may then be wrong, and must not be published: it is a
// mistake of the caller.
func (s *Partition) Lost() error {
	for _, p := range s.changed {
		if p.window.Lost() {
			return errors.New("the window of a patient was used without records that only the store has: this is a mistake of the program, report it")
		}
	}
	return nil
}
