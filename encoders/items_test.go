package encoders_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

const begin = 400_000 * schemas.Hour

func item(hour int, state schemas.ItemState, vector ...float32) *schemas.Item {
	return &schemas.Item{EventTime: begin + schemas.Time(hour)*schemas.Hour, State: state, Vector: vector}
}

func TestHistoryFill(t *testing.T) {
	var h encoders.History
	for _, i := range []*schemas.Item{
		item(12, schemas.Present, 1, 2), item(36, schemas.Present, 5, 6), item(24, schemas.Present, 3, 4), // late
		item(6, schemas.Unusable), item(30, schemas.Present), item(-1, schemas.Present, 7, 8), item(47, schemas.Present, 9, 9),
	} {
		h.Add(i)
	}
	fill := func(width, from, asOf int) encoders.Items {
		dst := encoders.Items{Width: width, Tau: []float32{9}, Vectors: []float32{9}}
		h.Fill(&dst, begin+schemas.Time(from)*schemas.Hour, begin+schemas.Time(asOf)*schemas.Hour, begin)
		return dst
	}
	for name, c := range map[string]struct{ got, want encoders.Items }{
		"vectors":           {fill(2, -48, 40), encoders.Items{State: schemas.Present, Width: 2, Tau: []float32{0.25, 0.5, 0.75}, Vectors: []float32{1, 2, 3, 4, 5, 6}}},
		"times":             {fill(0, 0, 31), encoders.Items{State: schemas.Present, Tau: []float32{0.25, 0.5, 0.625}, Vectors: []float32{}}},
		"of this stay":      {fill(2, 20, 35), encoders.Items{State: schemas.Present, Width: 2, Tau: []float32{0.5}, Vectors: []float32{3, 4}}},
		"none can be read":  {fill(3, 0, 40), encoders.Items{State: schemas.Unusable, Width: 3, Tau: []float32{}, Vectors: []float32{}}},
		"an unusable one":   {fill(0, 0, 7), encoders.Items{State: schemas.Unusable, Tau: []float32{}, Vectors: []float32{}}},
		"nothing":           {fill(2, 0, 5), encoders.Items{State: schemas.Absent, Width: 2, Tau: []float32{}, Vectors: []float32{}}},
		"before the window": {fill(2, -48, 5), encoders.Items{State: schemas.Absent, Width: 2, Tau: []float32{}, Vectors: []float32{}}},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	h.Trim(begin + 30*schemas.Hour)
	if len(h) != 3 || h[0].At != begin+30*schemas.Hour {
		t.Errorf("left after hour 30: %v", h)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	var h encoders.History
	for i := range 3 * encoders.KeptItems {
		h.Add(item(i, schemas.Present))
	}
	h.Add(item(0, schemas.Present)) // late, and older than all
	if len(h) != encoders.KeptItems || h[0].At != begin+2*encoders.KeptItems*schemas.Hour {
		t.Errorf("%d items from %v on", len(h), h[0].At)
	}
}

func TestItemsShift(t *testing.T) {
	it := encoders.Items{State: schemas.Present, Width: 1, Tau: []float32{0.25, 0.5, 0.75}, Vectors: []float32{1, 2, 3}}
	it.Shift(0.5)
	want := encoders.Items{State: schemas.Present, Width: 1, Tau: []float32{0.75, 1}, Vectors: []float32{1, 2}}
	if d := cmp.Diff(want, it); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	it.Shift(0.5)
	if it.State != schemas.Absent || len(it.Tau) != 0 || len(it.Vectors) != 0 {
		t.Errorf("nothing is left of %+v", it)
	}
}

func TestSeriesShift(t *testing.T) {
	s := encoders.NewSeries(2, 4)
	for i := range s.Count {
		s.Count[i], s.Last[i] = float32(i+1), float32(math.Sqrt(float64(i)))
	}
	s.Shift(3)
	if d := cmp.Diff([]float32{0, 0, 0, 1, 0, 0, 0, 5}, s.Count); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	s.Shift(9)
	if d := cmp.Diff(encoders.NewSeries(2, 4), s); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Hashed words of notes are read of the encoder that a model wants, item by item, and bounded; what
// another encoder made is there and cannot be read.
func TestWordsOfNotes(t *testing.T) {
	var h encoders.History
	words := func(n int) (list []schemas.NoteFeature) {
		for i := range n {
			list = append(list, schemas.NoteFeature{Bucket: uint16(3 * i), Count: uint8(1 + i%7)})
		}
		return list
	}
	for hour, n := range []int{2, 0, 5, encoders.MaxWords + 100} {
		i := item(12*hour, schemas.Present)
		i.Encoder, i.Note = "e/1", &schemas.NoteView{Features: words(n)}
		h.Add(i)
	}
	dst := encoders.Items{Width: 8, Buckets: 64, Encoder: "e/1"}
	h.Fill(&dst, begin, begin+47*schemas.Hour, begin)
	if len(dst.Tau) != 4 || len(dst.WordsOf(0)) != 2 || len(dst.WordsOf(1)) != 0 || len(dst.WordsOf(2)) != 5 || len(dst.WordsOf(3)) != encoders.MaxWords || dst.Vectors != nil {
		t.Fatalf("%+v", dst)
	}
	for i, w := range dst.WordsOf(3) {
		if i > 0 && w.Bucket <= dst.WordsOf(3)[i-1].Bucket || w.Count == 1 {
			t.Errorf("kept word %d is %+v", i, w)
		}
	}
	var again encoders.History
	for i := range h {
		again.Add(h[i].Item())
	}
	if d := cmp.Diff(h, again); d != "" {
		t.Errorf("items that are passed on (-want +got):\n%s", d)
	}
	dst.Shift(0.5)
	if len(dst.Ends) != 3 || len(dst.Words) != 7 {
		t.Errorf("shifted: %d notes, %d words", len(dst.Ends), len(dst.Words))
	}
	other := encoders.Items{Width: 8, Buckets: 64, Encoder: "e/2"}
	if h.Fill(&other, begin, begin+47*schemas.Hour, begin); other.State != schemas.Unusable || len(other.Tau) != 0 {
		t.Errorf("of another encoder: %+v", other)
	}
	bare := encoders.Items{}
	if h.Fill(&bare, begin, begin+47*schemas.Hour, begin); bare.State != schemas.Present || len(bare.Tau) != 4 || len(bare.Words) != 0 {
		t.Errorf("whether they came alone: %+v", bare)
	}
}
