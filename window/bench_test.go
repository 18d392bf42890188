package window_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/redisstore"
	"github.com/vigil-icu/vigil/window/storetest"
)

// The load: 50 patients with 20 channels, one value a minute each with a jitter
// of 20 s; with 1,000 minutes, a million observations.
const (
	loadPatients = 50
	loadChannels = 20
)

// tick is minute k of a patient's values. They are a function of the seed, so
// that all layouts store the same.
func tick(random *rand.Rand, dst []schemas.Observation, k int) []schemas.Observation {
	dst = dst[:0]
	for ch := range loadChannels {
		dst = append(dst, schemas.Observation{
			Channel:   schemas.Channel(ch),
			EventTime: base + schemas.Time(k)*schemas.Minute + schemas.Time(random.IntN(20_000)),
			Value:     float32(random.IntN(2000)) / 10,
		})
	}
	return dst
}

// BenchmarkStore prints, of one run against one real Redis, what a window costs
// and what the same observations cost in sorted sets, one per patient and
// channel: server CPU and memory per observation, and reading a patient.
func BenchmarkStore(b *testing.B) {
	minutes := 1000
	if testing.Short() {
		minutes = 100
	}
	addr := storetest.Redis(b)
	client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	defer client.Close()
	for b.Loop() {
		if err := client.FlushAll(b.Context()).Err(); err != nil {
			b.Fatal(err)
		}
		sets := measure(b, client, minutes, writeSets, readSets)
		if err := client.FlushAll(b.Context()).Err(); err != nil {
			b.Fatal(err)
		}
		windows := measure(b, client, minutes, writeWindows, readWindows)
		b.ReportMetric(windows.write, "server-ns/obs")
		b.ReportMetric(sets.write, "zset-server-ns/obs")
		b.ReportMetric(sets.write/windows.write, "server-CPU-ratio")
		b.ReportMetric(windows.bytes, "B/obs")
		b.ReportMetric(sets.bytes, "zset-B/obs")
		b.ReportMetric(sets.bytes/windows.bytes, "memory-ratio")
		b.ReportMetric(windows.wall, "wall-ns/obs")
		b.ReportMetric(sets.wall, "zset-wall-ns/obs")
		b.ReportMetric(windows.read, "read-server-ns/obs")
		b.ReportMetric(sets.read, "zset-read-server-ns/obs")
		b.ReportMetric(sets.read/windows.read, "read-server-CPU-ratio")
		b.ReportMetric(windows.readWall, "read-wall-ns/obs")
		b.ReportMetric(sets.readWall/windows.readWall, "read-wall-ratio")
	}
}

// costs are per observation: ns of server CPU and of wall time, bytes of Redis.
type costs struct{ write, wall, bytes, read, readWall float64 }

func measure(b *testing.B, c *redis.Client, minutes int, write func(*testing.B, *redis.Client, int), read func(*testing.B, *redis.Client) int) (out costs) {
	n := float64(minutes * loadPatients * loadChannels)
	cpu, memory, begin := serverCPU(b, c), usedMemory(b, c), time.Now()
	write(b, c, minutes)
	out.wall = float64(time.Since(begin)) / n
	out.write = (serverCPU(b, c) - cpu) / n
	out.bytes = (usedMemory(b, c) - memory) / n
	cpu, begin = serverCPU(b, c), time.Now()
	if got := read(b, c); float64(got) != n {
		b.Fatalf("%d observations read, %v written", got, n)
	}
	out.readWall = float64(time.Since(begin)) / n
	out.read = (serverCPU(b, c) - cpu) / n
	return out
}

func writeWindows(b *testing.B, c *redis.Client, minutes int) {
	s, err := redisstore.New(c, "")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Claim(b.Context(), 0, "bench"); err != nil {
		b.Fatal(err)
	}
	random, ticks := rand.New(rand.NewPCG(1, 1)), []schemas.Observation(nil)
	windows := make([]*window.Window, loadPatients)
	for i := range windows {
		windows[i] = window.New()
	}
	batch := window.Batch{Owner: "bench", Last: -1}
	for k := range minutes {
		for p := range loadPatients {
			if p%25 == 0 { // 500 observations a batch
				batch.Patients = batch.Patients[:0]
			}
			w := windows[p]
			ticks = tick(random, ticks, k)
			for _, o := range ticks {
				w.Add(o, uint32(k))
			}
			w.Advance(base + schemas.Time(k)*schemas.Minute)
			write := window.PatientWrite{Patient: "bench:" + strconv.Itoa(p), State: []byte("state")}
			w.TakeWrites(&write)
			batch.Patients = append(batch.Patients, write)
			if p%25 == 24 {
				batch.Prev, batch.Last = batch.Last, batch.Last+25
				if answer, _, err := s.Apply(b.Context(), &batch); err != nil || answer != window.OK {
					b.Fatal(answer, err)
				}
			}
		}
	}
}

func readWindows(b *testing.B, c *redis.Client) (n int) {
	s, err := redisstore.New(c, "")
	if err != nil {
		b.Fatal(err)
	}
	p, err := s.Load(b.Context(), 0)
	if err != nil {
		b.Fatal(err)
	}
	for _, patient := range p.Patients {
		w, err := window.Load(patient.Chunks)
		if err != nil {
			b.Fatal(err)
		}
		n += w.Len()
	}
	return n
}

// writeSets is the usual layout: a sorted set per patient and channel, scored
// by time, 12-byte members, pipelines of 1,000.
func writeSets(b *testing.B, c *redis.Client, minutes int) {
	random, ticks, pipe := rand.New(rand.NewPCG(1, 1)), []schemas.Observation(nil), c.Pipeline()
	for k := range minutes {
		for p := range loadPatients {
			ticks = tick(random, ticks, k)
			for _, o := range ticks {
				member := binary.LittleEndian.AppendUint64(nil, uint64(o.EventTime))
				member = binary.LittleEndian.AppendUint32(member, math.Float32bits(o.Value))
				pipe.ZAdd(b.Context(), fmt.Sprintf("z:bench:%d:%d", p, o.Channel), redis.Z{Score: float64(o.EventTime), Member: member})
			}
			if pipe.Len() >= 1000 {
				if _, err := pipe.Exec(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

func readSets(b *testing.B, c *redis.Client) (n int) {
	for p := range loadPatients {
		pipe, replies := c.Pipeline(), make([]*redis.ZSliceCmd, loadChannels)
		for ch := range replies {
			replies[ch] = pipe.ZRangeByScoreWithScores(b.Context(), fmt.Sprintf("z:bench:%d:%d", p, ch), &redis.ZRangeBy{Min: "-inf", Max: "+inf"})
		}
		if _, err := pipe.Exec(b.Context()); err != nil {
			b.Fatal(err)
		}
		for _, r := range replies {
			n += len(r.Val())
		}
	}
	return n
}

// serverCPU is in ns.
func serverCPU(b *testing.B, c *redis.Client) float64 {
	return 1e9 * (infoNumber(b, c, "cpu", "used_cpu_user") + infoNumber(b, c, "cpu", "used_cpu_sys"))
}

func usedMemory(b *testing.B, c *redis.Client) float64 {
	return infoNumber(b, c, "memory", "used_memory")
}

func infoNumber(b *testing.B, c *redis.Client, section, field string) float64 {
	info, err := c.Info(b.Context(), section).Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), field+":"); ok {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				b.Fatal(err)
			}
			return f
		}
	}
	b.Fatalf("INFO %s has no %s", section, field)
	return 0
}

// full48 is a window of 48 h with the given channels each minute.
func full48(channels int) *window.Window {
	w, random := window.New(), rand.New(rand.NewPCG(1, 1))
	for k := range 48 * 60 {
		for ch := range channels {
			w.Add(schemas.Observation{
				Channel: schemas.Channel(ch), EventTime: base + schemas.Time(k)*schemas.Minute + schemas.Time(random.IntN(20_000)), Value: float32(random.IntN(2000)) / 10,
			}, uint32(k))
		}
	}
	return w
}

// BenchmarkLoad loads 57,600 observations.
func BenchmarkLoad(b *testing.B) {
	chunks := full48(20).Chunks(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := window.Load(chunks); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBins fills 70 channels from the sums alone, and again with an observation of the
// current hour still ahead, so that this hour is summed from its records.
func BenchmarkBins(b *testing.B) {
	w := full48(70)
	channels := make([]schemas.Channel, 70)
	for i := range channels {
		channels[i] = schemas.Channel(i)
	}
	bins := window.NewBins(len(channels))
	for name, asOf := range map[string]schemas.Time{"all": base + 48*schemas.Hour - 1, "some ahead": base + 48*schemas.Hour - 3*schemas.Minute} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.Bins(asOf, base, channels, bins)
			}
		})
	}
}

// BenchmarkLatest finds the newest observation of a channel.
func BenchmarkLatest(b *testing.B) {
	w := full48(20)
	for b.Loop() {
		if _, ok := w.Latest(7, base+48*schemas.Hour, base); !ok {
			b.Fatal("nothing found")
		}
	}
}

// BenchmarkAdd adds one minute of one channel after the other, as they come.
func BenchmarkAdd(b *testing.B) {
	w, i := window.New(), 0
	b.ReportAllocs()
	for b.Loop() {
		w.Add(schemas.Observation{Channel: schemas.Channel(i % 20), EventTime: base + schemas.Time(i/20)*schemas.Minute, Value: 1}, uint32(i))
		if i++; i%(20*60) == 0 {
			w.Trim(base + schemas.Time(i/20)*schemas.Minute - 48*schemas.Hour)
		}
	}
}
