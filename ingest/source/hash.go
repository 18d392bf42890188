package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// Hasher computes Source.Hash from the patients that a source yields, in whatever order they
// come. A source adds each one before it yields it, as afterwards the patient is the
// caller's to change. It keeps 32 bytes and the id of each patient. The zero value is ready.
type Hasher struct {
	patients []patientSum
	writer   contentWriter
}

// patientSum is the hash of one patient. It is kept until all are there, as only then their
// order by id is known.
type patientSum struct {
	id  string
	sum [sha256.Size]byte
}

// Add takes in the patient's stays and events: everything of them that is sent.
func (h *Hasher) Add(p *Patient) {
	w := &h.writer
	if w.to == nil {
		w.to = sha256.New()
	}
	w.to.Reset()
	w.text(p.ID)
	w.number(int64(len(p.Stays)))
	for _, s := range p.Stays {
		w.text(s.ID)
		w.number(int64(s.Admit))
		w.number(int64(s.End))
	}
	w.number(int64(len(p.Events)))
	for i := range p.Events {
		w.event(&p.Events[i])
	}
	w.flush()
	sum := patientSum{id: p.ID}
	w.to.Sum(sum.sum[:0])
	h.patients = append(h.patients, sum)
}

// Sum returns the hash over all patients that were added, ordered by id, and over options,
// the source's settings as text: a SHA-256 in hex.
func (h *Hasher) Sum(options string) string {
	slices.SortFunc(h.patients, func(a, b patientSum) int {
		if c := strings.Compare(a.id, b.id); c != 0 {
			return c
		}
		return bytes.Compare(a.sum[:], b.sum[:])
	})
	w := contentWriter{to: sha256.New()}
	w.text(options)
	for _, p := range h.patients {
		w.text(p.id)
		w.buffer = append(w.buffer, p.sum[:]...)
	}
	w.flush()
	return hex.EncodeToString(w.to.Sum(nil))
}

// Edition names what was read of a source in few letters, as runs and reports do:
// "mimic-iii@" and the first 16 digits (64 bits) of its hash.
func Edition(s Source) string { return fmt.Sprintf("%s@%.16s", s.Name(), s.Hash()) }

// contentWriter writes stays and events as bytes so that unlike contents never give like
// bytes: a text has its length in front, a number is 8 bytes, and what may be missing has
// a byte that says whether it is there.
type contentWriter struct {
	to     hash.Hash
	buffer []byte
}

func (w *contentWriter) flush() {
	w.to.Write(w.buffer)
	w.buffer = w.buffer[:0]
}

func (w *contentWriter) number(n int64) {
	w.buffer = binary.LittleEndian.AppendUint64(w.buffer, uint64(n))
}

func (w *contentWriter) text(s string) {
	w.number(int64(len(s)))
	w.buffer = append(w.buffer, s...)
}

func (w *contentWriter) flag(b bool) {
	if b {
		w.buffer = append(w.buffer, 1)
	} else {
		w.buffer = append(w.buffer, 0)
	}
}

func (w *contentWriter) time(t *schemas.Time) {
	w.flag(t != nil)
	if t != nil {
		w.number(int64(*t))
	}
}

func (w *contentWriter) float(v *float32) {
	w.flag(v != nil)
	if v != nil {
		w.number(int64(math.Float32bits(*v)))
	}
}

func (w *contentWriter) event(e *schemas.Event) {
	w.text(e.Topic)
	w.number(int64(e.AvailableTime))
	w.number(int64(e.EventTime))
	if head := e.Head(); head != nil {
		w.flag(head.HasADT)
		w.number(int64(len(head.Provenance)))
		for _, p := range head.Provenance {
			w.text(p)
		}
	}
	switch {
	case e.Vitals != nil:
		w.vitals(e.Vitals)
	case e.Strip != nil:
		s := e.Strip
		w.number(int64(math.Float64bits(s.RateHz)))
		w.number(int64(math.Float64bits(s.Gain)))
		w.number(int64(len(s.Leads)))
		for _, lead := range s.Leads {
			w.text(lead)
		}
		for _, lead := range s.Samples {
			w.number(int64(len(lead)))
			for _, v := range lead {
				w.buffer = binary.LittleEndian.AppendUint16(w.buffer, uint16(v))
			}
		}
	case e.Note != nil:
		w.text(e.Note.Kind)
		w.text(e.Note.Text)
		w.text(e.Note.Ref)
	case e.Image != nil:
		m := e.Image
		for _, s := range [...]string{m.Modality, m.Reference, string(m.Bytes), m.MediaType, m.Encoder, m.Text} {
			w.text(s)
		}
		w.number(int64(len(m.Embedding)))
		for _, v := range m.Embedding {
			w.number(int64(math.Float32bits(v)))
		}
	case e.ADT != nil:
		a := e.ADT
		for _, s := range [...]string{a.Type, a.Stay, a.Unit, a.Bed, a.Into, a.Statics.Sex, a.Statics.Unit, a.Statics.AdmissionType} {
			w.text(s)
		}
		w.float(a.Statics.AgeYears)
		w.float(a.Statics.HeightCM)
		w.float(a.Statics.WeightKG)
		w.flag(a.Statics.Scale2)
	case e.Command != nil:
		c := e.Command
		for _, s := range [...]string{c.Verb, c.Alert, c.Actor, c.Reason} {
			w.text(s)
		}
		w.time(c.Until)
	}
	if len(w.buffer) > 64<<10 {
		w.flush()
	}
}

func (w *contentWriter) vitals(v *schemas.Vitals) {
	names := make([]string, 0, len(v.Values))
	for name := range v.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	w.number(int64(len(names)))
	for _, name := range names {
		w.text(name)
		w.text(string(v.Values[name]))
	}
	w.number(int64(len(v.Observations)))
	for i := range v.Observations {
		o := &v.Observations[i]
		for _, s := range [...]string{o.Channel, o.Code, o.System, o.Text, o.Unit, o.Ref, o.Status} {
			w.text(s)
		}
		w.flag(o.Value != nil)
		if o.Value != nil {
			w.text(string(*o.Value))
		}
		w.time(o.EventTime)
	}
}
