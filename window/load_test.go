package window_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

func packed(head, at uint16, value float32, logN uint32) []byte {
	b := binary.LittleEndian.AppendUint16(nil, head)
	b = binary.LittleEndian.AppendUint16(b, at)
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(value))
	return binary.LittleEndian.AppendUint32(b, logN)
}

func TestLoadRefuses(t *testing.T) {
	good := packed(1, 2, 3, 4)
	chunk := func(records ...[]byte) []window.Chunk {
		return []window.Chunk{{Hour: 5, Bytes: bytes.Join(records, nil)}}
	}
	if w, err := window.Load(chunk(good)); err != nil || w.Len() != 1 {
		t.Fatalf("a good chunk: %v", err)
	}
	for _, c := range []struct {
		chunks []window.Chunk
		want   string
	}{
		{chunk(), "it is empty"},
		{chunk(good, []byte{1}), "13 bytes, want a multiple of 12"},
		{chunk(packed(1, 57600, 3, 4)), "57600/16 s"},
		{chunk(packed(1, 2, float32(math.NaN()), 4)), "NaN"},
		{chunk(good, packed(0x2001, 2, 3, 4)), "retraction with the value 3"},
		{chunk(good, packed(1, 3, 3, 3)), "log_n 3 after 4"},
		{chunk(good, packed(1, 2, 3, 5)), "changes nothing"},
		{chunk(packed(0x2001, 2, 0, 5)), "changes nothing"},
		{append(chunk(good), chunk(good)...), "ascending"},
		{[]window.Chunk{{Hour: math.MinInt64, Bytes: good}}, "no such hour"},
	} {
		_, err := window.Load(c.chunks)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "rebuild") {
			t.Errorf("%v: error %v, want one that says %q and the mend", c.chunks, err, c.want)
		}
	}
}

// FuzzLoad shows that Load, whatever the bytes, refuses them or makes a window whose bytes,
// views and sums agree.
func FuzzLoad(f *testing.F) {
	f.Add(int64(472222), packed(1, 2, 3, 4), packed(1, 0, 3, 4))
	f.Add(int64(-7), bytes.Join([][]byte{packed(1, 2, 3, 4), packed(0x1001, 2, 4, 5), packed(0x2001, 2, 0, 6)}, nil), []byte{})
	f.Add(int64(0), packed(0xf001, 2, 3, 4), packed(1, 0xffff, 3, 4))
	f.Fuzz(func(t *testing.T, hour int64, a, b []byte) {
		chunks := []window.Chunk{{Hour: hour, Bytes: a}}
		if len(b) > 0 {
			chunks = append(chunks, window.Chunk{Hour: hour + 1, Bytes: b})
		}
		w, err := window.Load(chunks)
		if err != nil {
			return
		}
		got := w.Chunks(nil)
		if len(got) != len(chunks) || !bytes.Equal(got[0].Bytes, a) {
			t.Fatalf("loaded %v, holds %v", chunks, got)
		}
		asOf := schemas.Time(hour+1)*schemas.Hour + 1000
		channels := w.At(asOf, ever, 0).Channels(nil)
		if len(channels) > 8 {
			channels = channels[:8]
		}
		from := asOf - 5*schemas.Hour
		bins := window.NewBins(len(channels))
		w.Bins(asOf, from, channels, bins)
		for i, n := range binsOf(w, asOf, from, channels).Count {
			if bins.Count[i] != n {
				t.Fatalf("count %d is %v, the view has %v", i, bins.Count[i], n)
			}
		}
		for _, ch := range channels {
			view := w.At(asOf, ever, from).Append(nil, ch)
			if p, ok := w.Latest(ch, asOf, from); ok != (len(view) > 0) || ok && p != view[len(view)-1] {
				t.Fatalf("channel %d: latest %v, view %v", ch, p, view)
			}
		}
	})
}
