package window_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/vigil-icu/vigil/window"
)

// packedRecord is a record as a chunk has it.
func packedRecord(dst []byte, head, at uint16, value float32, logN uint32) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, head)
	dst = binary.LittleEndian.AppendUint16(dst, at)
	dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(value))
	return binary.LittleEndian.AppendUint32(dst, logN)
}

// hours are chunks of many kinds: a monitor's minutes, laboratory values, values of no decimal, corrections, one record.
func hours() map[string][]byte {
	r := rand.New(rand.NewPCG(3, 4))
	all := map[string][]byte{"one": packedRecord(nil, 5, 57599, -0.1, math.MaxUint32)}
	for minute := range 60 {
		for ch := range uint16(7) {
			all["monitor"] = packedRecord(all["monitor"], ch, uint16(minute*960), float32(60+r.IntN(20)), uint32(100+minute))
			all["jitter"] = packedRecord(all["jitter"], ch, uint16(minute*960+r.IntN(320)), float32(r.IntN(2000))/10, uint32(100+minute))
			all["no decimals"] = packedRecord(all["no decimals"], ch, uint16(r.IntN(57600)), r.Float32()*1000, uint32(minute))
			all["any bytes"] = packedRecord(all["any bytes"], uint16(r.Uint32()), uint16(r.Uint32()), math.Float32frombits(r.Uint32()), r.Uint32())
		}
		all["signs"] = packedRecord(all["signs"], uint16(r.IntN(3)), uint16(minute), []float32{0, float32(math.Copysign(0, -1)), 1e30, 0.001}[r.IntN(4)], 7)
		all["flags"] = packedRecord(all["flags"], 9|uint16(r.IntN(3))<<12, uint16(60*minute), float32(r.IntN(100))/1000, uint32(minute/2))
	}
	return all
}

// Records come back bit for bit; those of a monitor take about a byte each, and nothing takes more than before.
func TestHoursComeBackFromColumns(t *testing.T) {
	for name, raw := range hours() {
		p := window.PackHour([]byte("before"), raw)
		if string(p[:6]) != "before" {
			t.Fatalf("%s: what stood in front is gone", name)
		}
		p = p[6:]
		t.Logf("%-12s %.2f of 12 bytes a record", name, float64(len(p))/float64(len(raw)/window.RecordSize))
		if len(p) > len(raw) {
			t.Errorf("%s: %d bytes of %d", name, len(p), len(raw))
		}
		if got, err := window.UnpackHour(p); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s: other records, %v", name, err)
		}
		if name == "monitor" && len(p) > len(raw)/10 {
			t.Errorf("the minutes of a monitor take %d bytes of %d", len(p), len(raw))
		}
	}
	if got, err := window.UnpackHour(nil); len(got) != 0 || err != nil {
		t.Errorf("nothing is unpacked as %v, %v", got, err)
	}
}

// Bytes that are cut are refused.
func TestCutHoursAreRefused(t *testing.T) {
	for name, raw := range hours() {
		p := window.PackHour(nil, raw)
		if bytes.Equal(p, raw) {
			continue // not worth packing
		}
		for n := 4; n < len(p); n += 1 + n/8 {
			if got, err := window.UnpackHour(p[:n]); err == nil {
				t.Fatalf("%s, cut to %d of %d bytes, is %d bytes", name, n, len(p), len(got))
			}
		}
	}
}

// FuzzUnpackHour: any bytes are refused or are an hour that packs and unpacks to itself; and any records come back.
func FuzzUnpackHour(f *testing.F) {
	for _, raw := range hours() {
		f.Add(window.PackHour(nil, raw[:min(len(raw), 40*window.RecordSize)]))
		f.Add(raw[:min(len(raw), 6*window.RecordSize)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		raw, err := window.UnpackHour(b)
		if err != nil || len(raw) > 1<<20 {
			return
		}
		raw = raw[:len(raw)/window.RecordSize*window.RecordSize]
		if len(raw) >= window.RecordSize && binary.LittleEndian.Uint16(raw[2:]) == math.MaxUint16 {
			return // no record of a window: it would be taken for a mark
		}
		if got, err := window.UnpackHour(window.PackHour(nil, raw)); err != nil || !bytes.Equal(got, raw) {
			t.Fatalf("%d bytes of records came back as %d bytes, %v", len(raw), len(got), err)
		}
	})
}

// BenchmarkPackHour packs and unpacks an hour of 20 channels a minute.
func BenchmarkPackHour(b *testing.B) {
	w := full48(20)
	chunk := w.Chunks(nil)[1].Bytes
	var packed []byte
	b.Run("pack", func(b *testing.B) {
		for b.Loop() {
			packed = window.PackHour(packed[:0], chunk)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(chunk)/window.RecordSize), "ns/obs")
		b.ReportMetric(float64(len(packed))/float64(len(chunk)/window.RecordSize), "B/obs")
	})
	b.Run("unpack", func(b *testing.B) {
		for b.Loop() {
			if _, err := window.UnpackHour(packed); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(chunk)/window.RecordSize), "ns/obs")
	})
}
