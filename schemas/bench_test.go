package schemas

import (
	"encoding/json"
	"testing"
)

func benchRecord() *Record {
	r := &Record{Kind: KindObservations, Patient: "mimic-iii:10006", At: 1767225600000, Available: 1767225600000, Source: "monitor-7", TopicIndex: 1, Seq: 123456, HasSeq: true, Hash: 1 << 60}
	for i := range 8 {
		r.Observations = append(r.Observations, Observation{Channel: Channel(i + 1), EventTime: r.At - 1000, Value: 93.5, Ref: "CHARTEVENTS:1234567"})
	}
	return r
}

func BenchmarkEncodeRecord(b *testing.B) {
	r := benchRecord()
	buf := r.AppendBinary(nil)
	b.ReportMetric(float64(len(buf)), "bytes/record")
	b.ReportAllocs()
	for b.Loop() {
		buf = r.AppendBinary(buf[:0])
	}
}

func BenchmarkDecodeRecord(b *testing.B) {
	buf := benchRecord().AppendBinary(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeRecord(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func benchVitals(b *testing.B) Message {
	at := Time(1767225600000)
	v := &Vitals{Head: Head{EventTime: &at}, Values: map[string]json.Number{"heart_rate": "93", "spo2": "97", "respiratory_rate": "18", "systolic_arterial": "121", "mean_arterial": "80"}}
	m, err := EncodeEvent(&Event{Topic: TopicVitals, Patient: "d:1", Source: "monitor-7", Seq: 12, HasSeq: true, Vitals: v})
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func BenchmarkDecodeVitals(b *testing.B) {
	m := benchVitals(b)
	obs := make([]Observation, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		e, p := DecodeEvent(&m)
		if p != nil {
			b.Fatal(p)
		}
		obs, _ = e.Vitals.Resolve(0, obs[:0])
	}
}

func BenchmarkEncodeVitals(b *testing.B) {
	m := benchVitals(b)
	e, p := DecodeEvent(&m)
	if p != nil {
		b.Fatal(p)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := EncodeEvent(e); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAppendBinaryAllocatesNothing(t *testing.T) {
	r := benchRecord()
	buf := r.AppendBinary(nil)
	if n := testing.AllocsPerRun(100, func() { buf = r.AppendBinary(buf[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = DecodeRecord(buf) }); n > 3 {
		t.Errorf("%v allocations to decode; the record, its observations and one string are enough", n)
	}
}
