package monitor

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// What senders of mutated messages made a worker hold is given back: when they have stopped for two
// days and the ward of then has gone home, another ward takes what that one took before them. Until
// then a rebuild would begin in front of them, and would have to find who is gone.
func TestMemoryAfterMutatedMessages(t *testing.T) {
	mutants := 420_000
	if testing.Short() {
		mutants = 20_000
	}
	random := rand.New(rand.NewPCG(1, 2))
	encoder := &record.Encoder{Clocks: record.NewClocks(nil)}
	m := &Monitor{Policy: alerts.DefaultPolicy(), Settings: Settings{ScoreInterval: schemas.Hour}}
	s := NewPartition()
	now, offset, refused := schemas.Time(midnight), int64(0), 0
	take := func(message schemas.Message) {
		offset++
		message.Offset = offset
		item := intake.Decode(encoder, &message, 1, now)
		if item.Record == nil {
			refused++
			return
		}
		item.Record.At = now
		if _, err := m.Step(s, item.Record, offset, nil); err != nil {
			t.Fatal(err)
		}
	}
	seq, bed := 0, "ward"
	body := func(patient int) []byte {
		seq++
		return fmt.Appendf(nil, `{"patient":"%s:%d","source":"gateway","seq":%d,"event_time":%q,"values":{"heart_rate":%d,"respiratory_rate":18,"spo2":97,"systolic_cuff":121,"temperature":37.1}}`, bed, patient, seq, now, 60+seq%60)
	}
	ward := func(hours int, between func()) {
		for range hours * 12 {
			now += 5 * schemas.Minute
			for p := range 60 {
				take(schemas.Message{Topic: schemas.TopicVitals, Key: fmt.Appendf(nil, "%s:%d", bed, p), Value: body(p)})
			}
			between()
			offset++
			if _, err := m.Step(s, &schemas.Record{Kind: schemas.KindTick, At: now}, offset, nil); err != nil {
				t.Fatal(err)
			}
			s.Writes(nil)
		}
	}
	mutant := func() schemas.Message {
		p := random.IntN(60)
		value, key := body(p), fmt.Appendf(nil, "ward:%d", p)
		for range 1 + random.IntN(4) {
			switch at := random.IntN(len(value)); random.IntN(4) {
			case 0:
				value[at] = byte(random.IntN(256))
			case 1:
				value = append(value[:at], value[min(len(value), at+1+random.IntN(8)):]...)
			case 2:
				value = append(value[:at:at], append(fmt.Append(nil, random.IntN(1e6)), value[at:]...)...)
			case 3: // another patient, also by the key
				id := fmt.Sprintf("ward:%d", 100+random.IntN(5000))
				key, value = []byte(id), fmt.Appendf(nil, `{"patient":%q,"source":"gateway-%d","values":{"heart_rate":%d}}`, id, random.IntN(300), random.IntN(400))
			}
			if len(value) == 0 {
				break
			}
		}
		return schemas.Message{Topic: schemas.TopicVitals, Key: key, Value: value}
	}
	for range 2000 { // so that what is made once for whatever is wrong is there
		wrong := mutant()
		intake.Decode(&record.Encoder{}, &wrong, 1, now)
	}
	ward(24+56, func() {})
	start := heap()

	const hours = 24
	ward(hours, func() {
		for range mutants / (hours * 12) {
			take(mutant())
		}
	})
	peak, sent := heap(), refused
	bed = "next"
	ward(24+56, func() {}) // stays that nobody announced end after a day, and who is gone is forgotten two days later
	end := heap()
	t.Logf("%d mutated messages, %d refused: %.1f MiB in use before them, %.1f right after, %.1f two days later; %d devices' clocks measured anew %d times",
		mutants, sent, mib(start), mib(peak), mib(end), len(encoder.Clocks.Skews()), encoder.Clocks.Anew())
	if sent == 0 || sent >= mutants {
		t.Errorf("%d of %d messages were refused: want some and not all", sent, mutants)
	}
	if end > start+start/5 {
		t.Errorf("%.1f MiB are in use, want at most a fifth more than %.1f", mib(end), mib(start))
	}
	runtime.KeepAlive(s)
	runtime.KeepAlive(encoder)
}

func mib(n int) float64 { return float64(n) / (1 << 20) }
