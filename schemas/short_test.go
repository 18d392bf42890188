package schemas

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

const shortExample = `{"patient":"bench:0001","source":"bench","seq":17,"event_time":"2026-01-01T00:00:00.000Z","values":{"spo2":97,"heart_rate":71.5,"temperature":36.70,"fio2":40,"gcs_total":15}}`

// slowRecord is what DecodeEvent, Resolve and ContentHash make of a live message;
// nil if anything of it is wrong.
func slowRecord(m *Message) *Record {
	e, problem := DecodeEvent(m)
	if problem != nil || e.Vitals == nil {
		return nil
	}
	obs, problems := e.Vitals.Resolve(0, nil)
	if len(problems) > 0 {
		return nil
	}
	return &Record{Kind: KindObservations, Provenance: e.Provenance(), Patient: e.Patient, Source: e.Source, TopicIndex: vitalsIndex,
		Seq: e.Seq, HasSeq: e.HasSeq, Hash: RecordHash(e, obs, 0), Available: e.AvailableTime, Stay: e.Head().Stay, Observations: obs}
}

// sameAsSlow holds the short reader against the long way: what it reads, it must read as that
// does.
func sameAsSlow(t *testing.T, s *ShortReader, m *Message) (read bool) {
	t.Helper()
	var r Record
	if !s.Read(m, &r) {
		return false
	}
	slow := slowRecord(m)
	if slow == nil {
		t.Fatalf("%q is read, but it is refused by DecodeEvent or Resolve", m.Value)
	}
	if got, want := r.AppendBinary(nil), slow.AppendBinary(nil); !bytes.Equal(got, want) {
		t.Fatalf("%q\ngot  %+v\nwant %+v", m.Value, r, *slow)
	}
	return true
}

func shortMessage(body string, headers ...Header) *Message {
	return &Message{Topic: TopicVitals, Key: []byte("bench:0001"), Value: []byte(body), Headers: headers}
}

func TestShortReaderReads(t *testing.T) {
	s := NewShortReader()
	for _, body := range []string{
		shortExample,
		`{"patient":"bench:0001","source":"bench","seq":3,"stay":"S1","event_time":"2026-01-01T00:00:00.000Z","values":{"spo2":97}}`,
		` {"event_time": "2024-02-29T23:59:59Z", "values": {"heart_rate": 80, "spo2": 99.5}, "source": "a b", "patient": "bench:0001"} `,
		`{"patient":"bench:0001","source":"bench","available_time":"2100-03-01T12:00:00.999Z","event_time":"1971-12-31T00:00:00.001Z","has_adt":true,"values":{"base_excess":-2.5,"temperature":36.123456789012}}`,
		`{"patient":"bench:0001","source":"bench","has_adt":false,"event_time":"2399-12-31T00:00:00.001Z","values":{"base_excess":-0}}`,
	} {
		if !sameAsSlow(t, s, shortMessage(body)) {
			t.Errorf("left to the long way: %s", body)
		}
	}
	if !sameAsSlow(t, s, shortMessage(shortExample, Header{HeaderSpecVersion, "1.0"}, Header{HeaderType, TypeVitals}, Header{HeaderContentType, ContentJSON}, Header{HeaderSource, "x"})) {
		t.Error("usual headers are left to the long way")
	}
}

func TestShortReaderLeavesTheUnusual(t *testing.T) {
	s := NewShortReader()
	with := func(old, new string) string {
		changed := bytes.Replace([]byte(shortExample), []byte(old), []byte(new), 1)
		if string(changed) == shortExample {
			t.Fatalf("nothing to replace: %s", old)
		}
		return string(changed)
	}
	for _, body := range []string{
		"", "{}", "[]", shortExample + "}", shortExample[:len(shortExample)-1],
		with(`"seq":17`, `"seq":0`), with(`"seq":17`, `"seq":017`), with(`"seq":17`, `"seq":1.5`), with(`"seq":17`, `"seq":1e3`), with(`"seq":17`, `"seq":-1`), with(`"seq":17`, `"seq":18446744073709551616`),
		with(`"seq":17`, `"seq":17,"seq":18`), with(`"seq":17`, `"SEQ":17`), with(`"seq":17`, `"provenance":["invented"]`), with(`"seq":17`, `"observations":[]`),
		with(`bench:0001`, `bench:0002`), with(`"bench"`, `""`), with(`"bench"`, `"\u0041"`), with(`"bench"`, `" b"`), with(`"bench"`, `"é"`),
		with(`97`, `"97"`), with(`97`, `null`), with(`97`, `970`), with(`97`, `97.`), with(`97`, `.97`), with(`97`, `9.7e1`), with(`97`, `097`), with(`97`, `-`), with(`97`, `97.0000000000000001`),
		with(`"spo2":97`, `"spo2":97,"spo2":98`), with(`"spo2"`, `"oxygen"`), with(`{"spo2":97,`, `{"spo2":97,,`), with(`,"gcs_total":15}`, `,}`),
		with(`2026-01-01T00:00:00.000Z`, `2026-02-29T00:00:00.000Z`), with(`2026-01-01T00`, `2026-01-01T24`), with(`00.000Z`, `00.000+01:00`), with(`2026-01-01T`, `2026-01-01 `), with(`2026-01`, `2026-13`), with(`2026`, `0001`),
	} {
		if sameAsSlow(t, s, shortMessage(body)) && slowRecord(shortMessage(body)) == nil {
			t.Errorf("read: %s", body)
		}
	}
	for _, h := range []Header{{HeaderRun, "r"}, {HeaderEncoding, "gzip"}, {HeaderType, TypeNote}, {HeaderContentType, ContentArrow}, {HeaderSpecVersion, "2.0"}} {
		if s.Read(shortMessage(shortExample, h), &Record{}) {
			t.Errorf("read with header %v", h)
		}
	}
}

// Every day of the years that it reads, and numbers of all lengths.
func TestShortReaderTimesAndNumbers(t *testing.T) {
	for day := time.Date(1971, 1, 1, 7, 8, 9, 12e6, time.UTC); day.Year() < 2400; day = day.AddDate(0, 0, 1) {
		p := shortScan{b: []byte(`"` + day.Format(TimeLayout) + `"`)}
		if got, ok := p.time(); !ok || got != FromStd(day) {
			t.Fatalf("%s is read as %v, %v", day, got, ok)
		}
	}
	for i := range 200_000 {
		v := uint64(i) * 0x9e3779b97f4a7c15 % 1_000_000_000_000_000
		text := fmt.Sprint(v)
		cut := i % len(text)
		if cut > 0 {
			text = text[:cut] + "." + text[cut:]
		}
		if text[0] == '0' {
			continue
		}
		p, part := shortScan{b: []byte(text)}, [2]int32{}
		got, ok := p.number(&part)
		if want, problem := parseNumber(text); !ok || problem != nil || math.Float64bits(got) != math.Float64bits(want) || part != [2]int32{0, int32(len(text))} {
			t.Fatalf("%s is read as %v, %v; want %v", text, got, ok, want)
		}
	}
}

func TestRanksAreTheOrderOfNames(t *testing.T) {
	var all []Channel
	for c := 1; c < NumChannels(); c++ {
		all = append(all, Channel(c))
	}
	slices.SortFunc(all, func(a, b Channel) int { return int(rankOf[a]) - int(rankOf[b]) })
	if !slices.IsSortedFunc(all, func(a, b Channel) int { return bytes.Compare([]byte(a.Info().Name), []byte(b.Info().Name)) }) {
		t.Error("ranks are not the order of the names")
	}
}

func FuzzShortReader(f *testing.F) {
	f.Add([]byte(shortExample))
	f.Add([]byte(`{"event_time":"2024-02-29T23:59:59Z","values":{"heart_rate":80,"spo2":99.5},"source":"a b","patient":"bench:0001","has_adt":true}`))
	s := NewShortReader()
	f.Fuzz(func(t *testing.T, body []byte) { sameAsSlow(t, s, shortMessage(string(body))) })
}

func BenchmarkShortReader(b *testing.B) {
	m := shortMessage(shortExample)
	b.Run("short", func(b *testing.B) {
		b.ReportAllocs()
		s, r := NewShortReader(), Record{}
		for b.Loop() {
			if !s.Read(m, &r) {
				b.Fatal("not read")
			}
		}
	})
	b.Run("long", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if slowRecord(m) == nil {
				b.Fatal("not read")
			}
		}
	})
}
