package window

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Check says what is wrong with a batch. Stores call it before they write, since half of a
// bad batch could not be taken back. An error is a mistake of the program that made the
// batch, not of its data.
func (b *Batch) Check() error {
	switch {
	case b.Partition < 0:
		return fmt.Errorf("window: batch for partition %d, want 0 or above", b.Partition)
	case b.Owner == "":
		return fmt.Errorf("window: batch without owner: claim the partition and put the nonce in Owner")
	case b.Prev < -1 || b.Last <= b.Prev || b.Last >= MaxOffset:
		return fmt.Errorf("window: batch from %d to %d, want -1 <= Prev < Last < 2^53", b.Prev, b.Last)
	}
	if p := b.Published; p.Offset < 0 || p.Index < 0 || p.Index > math.MaxUint32 || p.Offset > b.Prev+1 {
		return fmt.Errorf("window: batch from %d to %d drops the outbox before %d.%d", b.Prev, b.Last, p.Offset, p.Index)
	}
	for i, e := range b.Outbox {
		if e.Offset <= b.Prev || e.Offset > b.Last || e.Index < 0 || e.Index > math.MaxUint32-1 {
			return fmt.Errorf("window: outbox entry %d at %d.%d is outside the batch %d to %d", i, e.Offset, e.Index, b.Prev, b.Last)
		}
		if i > 0 && b.Outbox[i-1].Compare(e.Position) >= 0 {
			return fmt.Errorf("window: outbox entry %d at %d.%d does not ascend", i, e.Offset, e.Index)
		}
	}
	names := make(map[string]struct{}, len(b.Patients))
	for i := range b.Patients {
		p := &b.Patients[i]
		if _, twice := names[p.Patient]; twice || p.Patient == "" {
			return fmt.Errorf("window: patient %q is empty or twice in a batch", p.Patient)
		}
		names[p.Patient] = struct{}{}
		if err := p.check(); err != nil {
			return fmt.Errorf("window: patient %q: %w", p.Patient, err)
		}
	}
	return nil
}

// MaxOffset is the first offset that a store cannot keep exactly, because the scripts of
// Redis count in float64.
const MaxOffset = 1 << 53

// check says what is wrong with the write of one patient: every chunk that is written must
// end where its length says.
func (p *PatientWrite) check() error {
	if p.State == nil {
		if len(p.Chunks) > 0 {
			return fmt.Errorf("deleted and written to at once")
		}
		return nil
	}
	if p.Lens == nil || len(p.Lens) > math.MaxUint16 {
		return fmt.Errorf("want 0 to 65535 chunk lengths, and not nil: TakeWrites sets them")
	}
	for i, l := range p.Lens {
		if i > 0 && l.Hour <= p.Lens[i-1].Hour || l.Len <= 0 || l.Len > math.MaxInt32 || int64(int32(l.Hour)) != l.Hour {
			return fmt.Errorf("chunk length %d of hour %d is out of order or range", l.Len, l.Hour)
		}
	}
	for i, c := range p.Chunks {
		at, ok := p.length(c.Hour)
		if i > 0 && c.Hour <= p.Chunks[i-1].Hour || c.Pos < 0 || c.Full && c.Pos != 0 || c.Closed && !c.Full || !ok || p.Lens[at].Len != c.Pos+len(c.Bytes) {
			return fmt.Errorf("write of %d bytes at %d of hour %d does not end where the chunk's length says", len(c.Bytes), c.Pos, c.Hour)
		}
	}
	for _, hour := range p.Deletes {
		if _, ok := p.length(hour); ok {
			return fmt.Errorf("hour %d is deleted and has a length", hour)
		}
	}
	return nil
}

// length finds the length of an hour in Lens.
func (p *PatientWrite) length(hour int64) (at int, ok bool) {
	return slices.BinarySearchFunc(p.Lens, hour, func(l ChunkLen, n int64) int { return cmp.Compare(l.Hour, n) })
}
