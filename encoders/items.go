package encoders

import (
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Content says what is read of the items of a modality.
type Content struct {
	// Width is how many numbers an item's vector has; with 0 only whether and when an item came
	// is read.
	Width int
	// Buckets, where it is not 0, is how many rows a layer of the model has for hashed words: it
	// makes the vector, and is a power of two. Words of more buckets than that share rows.
	Buckets int
	// Encoder is id and version of what must have made an item that is read; "": any.
	Encoder string
}

// Items is one item modality of a stay: its notes, images or strips, oldest first.
type Items struct {
	// State is Present where there are rows. Both others have none: Absent says that
	// nothing came, Unusable that something came and none of it can be read.
	State schemas.ItemState
	// Width, Buckets and Encoder are those of the modality's [Content].
	Width   int
	Buckets int
	Encoder string
	// Tau [L] is when each item came, as a part of the window: 0 is its begin, 1 its end.
	Tau []float32
	// Vectors are [L][Width]; where there are Buckets, there are none.
	Vectors []float32
	// Words are the hashed words of the items, one item after the other; those of item i end
	// before Ends[i].
	Words []schemas.NoteFeature
	Ends  []int
	// Projected is what the model's first layer makes of Vectors or Words, a row for each item;
	// where it is nil, it is made in every pass. Serving keeps it from the first prediction
	// after an item came.
	Projected []float32
}

// MostBuckets is the most that hashed words may fall into.
const MostBuckets = 1 << 13

// KeptItems is how many items of a modality are remembered: the newest ones.
const KeptItems = 32

// Limits of what is remembered of one item.
const (
	MaxVector = 1024 // numbers; a longer vector is not kept, and the item cannot be read
	MaxWords  = 512  // hashed words; of a longer note those that come most often are kept
)

// KeptItem is what is remembered of a strip, a note or an image.
type KeptItem struct {
	// At is the event time, floored to 1/16 s.
	At      schemas.Time
	State   schemas.ItemState
	Encoder string // what made Vector or Words, with its version; "": the item was not encoded
	// Content is a Vector, or the Words of a note by ascending bucket.
	Vector []float32
	Words  []schemas.NoteFeature
	// Projected is the model's first layer of Vector or Words, if it was kept. It is derived and
	// not stored.
	Projected []float32
}

// Kept is what is remembered of an item of the log. Its memory is its own.
func Kept(i *schemas.Item) KeptItem {
	k := KeptItem{At: i.EventTime.Floor16(), State: i.State, Encoder: i.Encoder}
	switch {
	case i.Note != nil && len(i.Vector) == 0:
		k.Words = mostOften(i.Note.Features)
	case len(i.Vector) <= MaxVector: // also of a note, by an encoder of a site's own
		k.Vector = slices.Clone(i.Vector)
	}
	return k
}

// mostOften are the words that come most often, of which the first by their buckets, as many as
// are kept.
func mostOften(words []schemas.NoteFeature) []schemas.NoteFeature {
	kept := slices.Clone(words)
	if len(kept) <= MaxWords {
		return kept
	}
	slices.SortStableFunc(kept, func(a, b schemas.NoteFeature) int { return int(b.Count) - int(a.Count) })
	kept = slices.Clone(kept[:MaxWords])
	slices.SortFunc(kept, func(a, b schemas.NoteFeature) int { return int(a.Bucket) - int(b.Bucket) })
	return kept
}

// Item is the item of the log of which so much is remembered.
func (k *KeptItem) Item() *schemas.Item {
	i := &schemas.Item{EventTime: k.At, State: k.State, Encoder: k.Encoder, Vector: k.Vector}
	if k.Words != nil {
		i.Note = &schemas.NoteView{Features: k.Words}
	}
	return i
}

// Reads says whether an item can be read as a modality's content.
func (c Content) Reads(k *KeptItem) bool {
	switch {
	case k.State != schemas.Present || c.Encoder != "" && c.Encoder != k.Encoder:
		return false
	case c.Buckets > 0:
		return k.Encoder != ""
	}
	return c.Width == 0 || len(k.Vector) == c.Width
}

// History is the newest items of one modality of a patient, by event time; those of one
// time stand in their order of arrival.
type History []KeptItem

// Add takes an item. Where there are KeptItems already, the oldest goes.
func (h *History) Add(i *schemas.Item) {
	kept := Kept(i)
	place := len(*h)
	for place > 0 && (*h)[place-1].At > kept.At {
		place--
	}
	*h = slices.Insert(*h, place, kept)
	if len(*h) > KeptItems {
		*h = slices.Delete(*h, 0, 1)
	}
}

// Encode gives an item that came without the encoder of i what that has made of it since. Of several
// of one time the first that is without gets it. It says whether there was one.
func (h History) Encode(i *schemas.Item) bool {
	kept := Kept(i)
	for k := range h {
		if one := &h[k]; one.At == kept.At && one.State == schemas.Present && one.Encoder != kept.Encoder {
			*one = kept
			return true
		}
	}
	return false
}

// Trim forgets the items before a time.
func (h *History) Trim(before schemas.Time) {
	n := 0
	for n < len(*h) && (*h)[n].At < before {
		n++
	}
	*h = slices.Delete(*h, 0, n)
}

// Fill fills dst, which says what can be read, with the items of [from, asOf] in a
// window of 48 hours from begin on. An item that is not usable, or that another encoder made, or
// whose vector has another width, is no row.
func (h History) Fill(dst *Items, from, asOf, begin schemas.Time) {
	dst.Clear()
	content := Content{dst.Width, dst.Buckets, dst.Encoder}
	from, asOf = max(from, begin).Floor16(), asOf.Floor16()
	for i := range h {
		item := &h[i]
		if item.At < from || item.At > asOf {
			continue
		}
		if !content.Reads(item) {
			if dst.State == schemas.Absent {
				dst.State = schemas.Unusable
			}
			continue
		}
		dst.State = schemas.Present
		dst.Tau = append(dst.Tau, float32(float64(item.At-begin)/float64(Bins*schemas.Hour)))
		if dst.Buckets > 0 {
			dst.Words = append(dst.Words, item.Words...)
			dst.Ends = append(dst.Ends, len(dst.Words))
		} else {
			dst.Vectors = append(dst.Vectors, item.Vector[:dst.Width]...)
		}
		dst.Projected = append(dst.Projected, item.Projected...)
	}
}

// Clear makes the items absent, and keeps their memory and what is read of them.
func (it *Items) Clear() {
	it.State, it.Tau, it.Vectors, it.Projected = schemas.Absent, it.Tau[:0], it.Vectors[:0], it.Projected[:0]
	it.Words, it.Ends = it.Words[:0], it.Ends[:0]
}

// Copy makes it, whose memory it uses again, what from is; first layers that were kept are left
// out.
func (it *Items) Copy(from *Items) {
	it.Clear()
	it.State, it.Tau, it.Vectors = from.State, append(it.Tau, from.Tau...), append(it.Vectors, from.Vectors...)
	it.Words, it.Ends = append(it.Words, from.Words...), append(it.Ends, from.Ends...)
}

// WordsOf are the hashed words of one item.
func (it *Items) WordsOf(item int) []schemas.NoteFeature {
	return it.Words[it.endOf(item):it.endOf(item+1)]
}

// Shift moves the items towards the end of the window by a part of it, as if the moment
// were earlier by so much: those of the last part are gone. A modality of which no row is
// left is absent.
func (it *Items) Shift(by float32) {
	n := len(it.Tau)
	for n > 0 && it.Tau[n-1] > 1-by {
		n--
	}
	it.Tau = it.Tau[:n]
	if it.Buckets > 0 {
		it.Ends, it.Words = it.Ends[:n], it.Words[:it.endOf(n)]
	} else {
		it.Vectors = it.Vectors[:n*it.Width]
	}
	for i := range it.Tau {
		it.Tau[i] += by
	}
	if n == 0 && it.State == schemas.Present {
		it.State = schemas.Absent
	}
}

// endOf is where the words of the first n items end.
func (it *Items) endOf(n int) int {
	if n == 0 {
		return 0
	}
	return it.Ends[n-1]
}
