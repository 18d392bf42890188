package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// benchPatients are measured once a tick each, in turn.
const benchPatients = 500

// benchValues are 20 canonical channels, those of NEWS2 among them, of a patient
// who is well; the digits move with the variant.
func benchValues(variant int) string {
	d := strconv.Itoa(variant % 10)
	return `"values":{"heart_rate":7` + d + `,"respiratory_rate":1` + strconv.Itoa(4+variant%5) + `,"spo2":9` + strconv.Itoa(6+variant%4) +
		`,"systolic_arterial":12` + d + `,"diastolic_arterial":7` + d + `,"mean_arterial":9` + d + `,"systolic_cuff":12` + d + `,"temperature":36.` + d +
		`,"fio2":0.21,"oxygen_flow":0,"gcs_total":15,"gcs_eye":4,"gcs_verbal":5,"gcs_motor":6,"peep":5.` + d +
		`,"central_venous_pressure":` + strconv.Itoa(4+variant%8) + `,"end_tidal_co2":3` + d + `,"glucose":10` + d + `,"potassium":4.` + d + `,"lactate":1.` + d + `}}`
}

var benchVariants = func() (out [20]string) {
	for i := range out {
		out[i] = benchValues(i)
	}
	return out
}()

// benchLoad writes ticks in DESIGN's short form. Tick i is of patient i mod 500.
type benchLoad struct {
	keys      [benchPatients][]byte
	partition [benchPatients]int
	count     int // partitions
}

func newBenchLoad(partitions int) *benchLoad {
	l := &benchLoad{count: partitions}
	for p := range l.keys {
		l.keys[p] = fmt.Appendf(nil, "bench:%04d", p)
		l.partition[p] = kafka.PartitionOf(l.keys[p], partitions)
	}
	return l
}

// tick is the message of patient p with sequence number seq, measured at a time.
func (l *benchLoad) tick(p, seq int, at time.Time) schemas.Message {
	b := make([]byte, 0, 560)
	b = append(append(append(b, `{"patient":"`...), l.keys[p]...), `","source":"bench","seq":`...)
	b = strconv.AppendInt(b, int64(seq), 10)
	b = append(b, `,"event_time":"`...)
	b = at.UTC().AppendFormat(b, schemas.TimeLayout)
	b = append(append(b, `",`...), benchVariants[(p+seq)%len(benchVariants)]...)
	return schemas.Message{Topic: schemas.TopicVitals, Key: l.keys[p], Value: b}
}

// backlog appends n ticks, a minute apart for each patient and ending now.
func (l *benchLoad) backlog(ctx context.Context, tb testing.TB, c *kafka.Cluster, n int) {
	tb.Helper()
	p := c.NewProducer("bench-backlog")
	end := time.Now()
	batches := make([][]schemas.Message, l.count)
	flush := func(partition int) {
		if _, err := p.Append(ctx, schemas.TopicVitals, partition, batches[partition]); err != nil {
			tb.Fatal(err)
		}
		batches[partition] = batches[partition][:0]
	}
	each := n / benchPatients
	for i := range each * benchPatients {
		patient, seq := i%benchPatients, 1+i/benchPatients
		to := l.partition[patient]
		batches[to] = append(batches[to], l.tick(patient, seq, end.Add(time.Duration(seq-each)*time.Minute)))
		if len(batches[to]) == 1000 {
			flush(to)
		}
	}
	for to := range batches {
		flush(to)
	}
}

// openLoop sends rate ticks a second for a time: tick i is meant for start + i/rate
// and leaves as soon as the one before it in its partition is acknowledged. first is
// the sequence number to begin with. It returns when the last is acknowledged.
func (l *benchLoad) openLoop(ctx context.Context, tb testing.TB, c *kafka.Cluster, rate, n, first int, start time.Time) {
	tb.Helper()
	queues := make([]chan schemas.Message, l.count)
	var senders sync.WaitGroup
	for partition := range queues {
		queues[partition] = make(chan schemas.Message, 2*n/l.count+benchPatients)
		senders.Go(func() {
			p := c.NewProducer("bench-open-" + strconv.Itoa(partition))
			var batch []schemas.Message
			for m := range queues[partition] {
				batch = append(batch[:0], m)
				for more := true; more && len(batch) < 1000; {
					select {
					case m, ok := <-queues[partition]:
						if more = ok; ok {
							batch = append(batch, m)
						}
					default:
						more = false
					}
				}
				if _, err := p.Append(ctx, schemas.TopicVitals, partition, batch); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	for i := 0; i < n; {
		due := min(n, int(int64(rate)*int64(time.Since(start))/int64(time.Second))+1)
		for ; i < due; i++ {
			patient := i % benchPatients
			queues[l.partition[patient]] <- l.tick(patient, first+i/benchPatients, start)
		}
		time.Sleep(time.Millisecond)
	}
	for _, q := range queues {
		close(q)
	}
	senders.Wait()
}

// benchScores is what a subscriber has seen: per patient and log_n, how often.
type benchScores struct {
	mu       sync.Mutex
	times    [benchPatients][]uint8
	total    atomic.Int64
	latency  []time.Duration // of those with an intended time
	intended func(patient, logN int) (time.Time, bool)
}

// expect says when n ticks of all patients in turn are meant to be sent, from a
// sequence number on, which is their log_n too. Scores from here on are measured.
func (s *benchScores) expect(first, n, rate int, start time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intended = func(patient, logN int) (time.Time, bool) {
		if i := (logN-first)*benchPatients + patient; i >= 0 && i < n {
			return start.Add(time.Duration(i) * time.Second / time.Duration(rate)), true
		}
		return time.Time{}, false
	}
}

// see takes one record of the scores.
func (s *benchScores) see(m *schemas.Message, at time.Time) error {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeScore {
		return nil
	}
	patient, err := strconv.Atoi(string(bytes.TrimPrefix(m.Key, []byte("bench:"))))
	if err != nil || patient >= benchPatients {
		return fmt.Errorf("a score of %q", m.Key)
	}
	_, rest, _ := bytes.Cut(m.Value, []byte(`"log_n":`))
	digits, _, _ := bytes.Cut(rest, []byte(","))
	logN, err := strconv.Atoi(string(digits))
	if err != nil {
		return fmt.Errorf("a score without log_n: %s", m.Value)
	}
	if !bytes.Contains(m.Value, []byte(`"due":"record"`)) {
		return nil // of a full hour
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.times[patient]) <= logN {
		s.times[patient] = append(s.times[patient], 0)
	}
	s.times[patient][logN]++
	s.total.Add(1)
	if s.intended != nil {
		if meant, ok := s.intended(patient, logN); ok {
			s.latency = append(s.latency, at.Sub(meant))
		}
	}
	return nil
}

// check: every tick of every patient was scored exactly once.
func (s *benchScores) check(tb testing.TB, each int) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	missing, twice, extra := 0, 0, 0
	for p := range s.times {
		for seq := 1; seq < max(each+1, len(s.times[p])); seq++ {
			times := uint8(0)
			if seq < len(s.times[p]) {
				times = s.times[p][seq]
			}
			switch {
			case seq > each:
				extra += int(times)
			case times == 0:
				missing++
			case times > 1:
				twice++
			}
		}
	}
	if missing+twice+extra > 0 {
		tb.Errorf("of %d ticks %d were not scored, %d more than once; %d scores of no tick", each*benchPatients, missing, twice, extra)
	}
}

// quantiles of the latencies, in ms.
func (s *benchScores) quantiles(qs ...float64) []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.latency)
	out := make([]float64, len(qs))
	for i, q := range qs {
		if n := len(s.latency); n > 0 {
			out[i] = float64(s.latency[min(n-1, int(q*float64(n)))]) / float64(time.Millisecond)
		}
	}
	return out
}
