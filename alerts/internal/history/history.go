package history

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/vigil-icu/vigil/alerts/internal/script"
	"github.com/vigil-icu/vigil/schemas"
)

// start is the midnight before the first record.
const start = script.Midnight

// Make makes up the log of a ward: patients with and without movements,
// several stays, late, doubled, corrected and retracted data, notes, strips,
// images, commands, hours of silence. The same seed gives the same records, in
// the order of `at`. With recorded, it is a run: ticks are in playing time.
func Make(seed uint64, records, patients int, recorded bool) []*schemas.Record {
	w := &ward{r: rand.New(rand.NewPCG(seed, 1)), recorded: recorded, at: start + 7*schemas.Hour + 11*schemas.Minute}
	for i := range patients {
		b := &bed{id: fmt.Sprintf("ward:%d", i), adt: w.r.IntN(4) > 0, seqs: map[string]uint64{}, skipped: map[string][]uint64{}}
		b.offset = int64(start) + int64(w.r.IntN(1e9))
		w.beds = append(w.beds, b)
	}
	for len(w.log) < records {
		w.step()
	}
	if recorded { // a merge sorts by playing time, which is the time of every patient's own past
		slices.SortStableFunc(w.log, func(a, b *schemas.Record) int { return int(a.Play - b.Play) })
	}
	// A last tick, so that every patient's time has passed alike.
	last := w.log[len(w.log)-1]
	return append(w.log, &schemas.Record{Kind: schemas.KindTick, Provenance: last.Provenance & schemas.Recorded, At: last.At, Play: last.Play})
}

// ward is a log in the making.
type ward struct {
	r        *rand.Rand   // all chance comes from it
	recorded bool         // the log is of a run, with playing times
	at       schemas.Time // the ward's time
	beds     []*bed
	log      []*schemas.Record
}

// bed is one patient of the ward with what its sources have sent.
type bed struct {
	id      string
	adt     bool                  // movements are announced: an admission opens a stay
	open    bool                  // a stay was announced and not yet ended
	late    bool                  // a message has named a stay while none was open, which may have opened it
	stays   int                   // how many stays were announced
	offset  int64                 // of a run: the ward's time less the playing time
	seqs    map[string]uint64     // the last sequence number, by source and topic
	skipped map[string][]uint64   // numbers left out, which may come later
	past    [2][]*schemas.Record  // records that may come again: of this stay, and of the one before
	heard   schemas.Time          // when data last came
	last    []schemas.Observation // the last 20, to be corrected or taken back
}

// step lets time pass, by minutes mostly and by days at times, and adds a record of one
// patient.
func (w *ward) step() {
	switch w.r.IntN(60) {
	case 0:
		w.at += schemas.Time(w.r.Int64N(int64(9 * schemas.Hour)))
	case 1:
		w.at = (w.at + schemas.Hour).FloorHour() // exactly on the hour
	case 2:
	default:
		w.at += schemas.Time(w.r.Int64N(int64(3 * schemas.Minute)))
	}
	b := w.beds[w.r.IntN(len(w.beds))]
	if w.r.IntN(500) == 0 {
		w.at += []schemas.Time{30, 60}[w.r.IntN(2)] * schemas.Hour // more than 48 h of silence make a patient a new one
		if !w.recorded {                                           // intake lets no hour pass without a tick
			w.log = append(w.log, &schemas.Record{Kind: schemas.KindTick, At: w.at})
		}
	}
	if w.r.IntN(120) == 0 { // two ids turn out to be one patient, or two after all
		other := w.beds[w.r.IntN(len(w.beds))].id
		kind := []schemas.RecordKind{schemas.KindMergeOut, schemas.KindUnmerge}[w.r.IntN(2)]
		w.add(b, &schemas.Record{Kind: kind, Move: &schemas.Move{Other: other}}, 0)
		return
	}
	switch k := w.r.IntN(100); {
	case b.adt && !b.open && k < 25:
		b.open, b.stays = true, b.stays+1
		w.add(b, &schemas.Record{Kind: schemas.KindAdmit, Move: &schemas.Move{At: w.event(), Stay: fmt.Sprintf("%s-S%d", b.id, b.stays), Bed: "7", Statics: schemas.Statics{Scale2: w.r.IntN(2) == 0, Sex: "female"}}}, 0)
	case b.adt && b.open && k < 3:
		b.open = false
		w.add(b, &schemas.Record{Kind: schemas.KindEnd, Provenance: schemas.SourceHasADT, Move: &schemas.Move{Cause: "discharge"}}, 0) // as such a source says in each message
	case b.adt && !b.open && b.stays > 0 && k < 32:
		b.open = true
		w.add(b, &schemas.Record{Kind: schemas.KindReopen, Move: &schemas.Move{Stay: fmt.Sprintf("%s-S%d", b.id, b.stays)}}, 0)
	case k < 5:
		w.add(b, &schemas.Record{Kind: schemas.KindTransfer, Move: &schemas.Move{Unit: "CCU", Stay: w.stayOf(b)}}, 0)
	case k < 8:
		w.add(b, &schemas.Record{Kind: schemas.KindNote, Item: &schemas.Item{EventTime: w.event(), State: schemas.Present, Label: "nursing"}}, 3)
	case k < 12:
		w.add(b, &schemas.Record{Kind: schemas.KindStrip, Item: &schemas.Item{EventTime: w.event(), State: schemas.Unusable}, Observations: w.observe(b, 1)}, 2)
	case k < 14:
		w.add(b, &schemas.Record{Kind: schemas.KindImage, Item: &schemas.Item{EventTime: w.event(), State: schemas.Present, Vector: []float32{1, 2}}}, 4)
	case k < 22 && len(b.past[0])+len(b.past[1]) > 0: // the same again
		past := slices.Concat(b.past[0], b.past[1])
		again := *past[w.r.IntN(len(past))]
		w.put(b, &again)
	case k < 24:
		verbs := []string{"acknowledge", "snooze", "verdict"}
		w.add(b, &schemas.Record{Kind: schemas.KindCommand, Command: &schemas.Command{Verb: verbs[w.r.IntN(3)], Alert: "?", Actor: "nurse", Until: w.at + schemas.Hour}}, 5)
	default:
		w.add(b, &schemas.Record{Kind: schemas.KindObservations, Observations: w.observe(b, 1+w.r.IntN(6))}, 1)
	}
}

// stayOf draws the name that a message gives of its stay: mostly none, else that of the last
// one that was announced, or of one that never was.
func (w *ward) stayOf(b *bed) string {
	if !b.adt || w.r.IntN(20) > 5 {
		return ""
	}
	b.late = b.late || !b.open
	if w.r.IntN(6) == 0 {
		return b.id + "-unannounced"
	}
	return fmt.Sprintf("%s-S%d", b.id, b.stays)
}

// event draws the time at which something was measured: now mostly, often hours before, and
// seldom in the future, as of a device whose clock is fast.
func (w *ward) event() schemas.Time {
	switch w.r.IntN(10) {
	case 0:
		return w.at - schemas.Time(w.r.Int64N(int64(8*schemas.Hour)))
	case 1:
		return w.at - schemas.Time(w.r.Int64N(int64(60*schemas.Hour)))
	case 2:
		return w.at + schemas.Time(w.r.Int64N(int64(2*schemas.Minute)))
	}
	return w.at
}

// ranges are those of the values of each channel, in its canonical unit. They reach from
// values that give no points of NEWS2 to values that give three.
var ranges = map[string][2]float32{
	"heart_rate": {35, 140}, "respiratory_rate": {6, 32}, "spo2": {82, 100}, "fio2": {0.21, 0.5}, "systolic_cuff": {80, 225},
	"systolic_arterial": {80, 225}, "temperature": {34, 40}, "gcs_total": {13, 15}, "avpu": {0, 1}, "potassium": {3, 6},
}

var rangeNames = func() (names []string) {
	for name := range ranges {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

// observe draws n observations of one time. One in twelve corrects or takes back an earlier
// one.
func (w *ward) observe(b *bed, n int) (list []schemas.Observation) {
	at := w.event()
	for range n {
		name := rangeNames[w.r.IntN(len(rangeNames))]
		ch, _ := schemas.ChannelByName(name)
		low, high := ranges[name][0], ranges[name][1]
		o := schemas.Observation{Channel: ch, EventTime: at, Value: low + float32(w.r.IntN(21))*(high-low)/20, Ref: fmt.Sprintf("T:%d", len(w.log))}
		if len(b.last) > 0 && w.r.IntN(12) == 0 {
			o = b.last[w.r.IntN(len(b.last))]
			o.Flags = []schemas.Flag{schemas.Corrected, schemas.Retracted}[w.r.IntN(2)]
			o.Value++
		}
		list = append(list, o)
		if b.last = append(b.last, o); len(b.last) > 20 {
			b.last = b.last[1:]
		}
	}
	return list
}

// add gives a record its identity (source, topic, hash, and mostly a sequence number, of
// which some are skipped and come late) and puts it into the log.
func (w *ward) add(b *bed, rec *schemas.Record, topic uint8) {
	rec.Source = []string{"his", "gateway"}[w.r.IntN(2)]
	rec.TopicIndex = topic
	rec.Hash = w.r.Uint64()
	if rec.HasSeq = w.r.IntN(5) > 0; rec.HasSeq {
		key := fmt.Sprint(rec.Source, topic)
		b.seqs[key]++
		if w.r.IntN(20) == 0 { // numbers that come later, or never
			b.skipped[key] = append(b.skipped[key], b.seqs[key], b.seqs[key]+1)
			b.seqs[key] += 2 + w.r.Uint64N(40)
		}
		rec.Seq = b.seqs[key]
		if n := len(b.skipped[key]); n > 0 && w.r.IntN(10) == 0 {
			b.seqs[key]--
			rec.Seq = b.skipped[key][n-1]
			b.skipped[key] = b.skipped[key][:n-1]
		}
	}
	if b.adt {
		rec.Provenance |= schemas.SourceHasADT
		if rec.Kind.IsData() {
			rec.Stay = w.stayOf(b)
		}
	}
	switch {
	case rec.Kind == schemas.KindEnd, rec.Kind == schemas.KindMergeOut, rec.Kind == schemas.KindAdmit && b.late, !b.adt && w.at-b.heard >= 24*schemas.Hour:
		b.past = [2][]*schemas.Record{nil, b.past[0]}
	}
	b.late = b.late && rec.Kind != schemas.KindAdmit
	if rec.Item != nil || rec.Observations != nil {
		b.heard = w.at
	}
	if b.past[0] = append(b.past[0], rec); len(b.past[0]) > 30 {
		b.past[0] = b.past[0][1:]
	}
	w.put(b, rec)
}

// put appends a record to the log at the ward's time.
func (w *ward) put(b *bed, rec *schemas.Record) {
	rec.Patient, rec.At, rec.Available = b.id, w.at, w.at
	if w.recorded {
		rec.Provenance |= schemas.Recorded
		rec.Play = int64(w.at) - b.offset
	}
	w.log = append(w.log, rec)
}

// WithTicks puts ticks between the records, none later than the next one.
func WithTicks(r *rand.Rand, log []*schemas.Record, share float64) (out []*schemas.Record) {
	for i, rec := range log {
		for r.Float64() < share {
			tick := &schemas.Record{Kind: schemas.KindTick}
			if rec.Provenance&schemas.Recorded != 0 {
				from := rec.Play - 1000
				if i > 0 {
					from = log[i-1].Play
				}
				tick.Provenance, tick.Play = schemas.Recorded, from+r.Int64N(rec.Play-from+1)
			} else {
				from := rec.At - schemas.Hour
				if i > 0 {
					from = log[i-1].At
				}
				tick.At = from + schemas.Time(r.Int64N(int64(rec.At-from)+1))
			}
			out = append(out, tick)
		}
		out = append(out, rec)
	}
	return out
}

// FirstDifference shows the first place where two lists of outputs differ, as two lines of
// a diff; "" if they are the same.
func FirstDifference(a, b []string) string {
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return "+ " + b[i]
		case i >= len(b):
			return "- " + a[i]
		case a[i] != b[i]:
			return "- " + a[i] + "\n+ " + b[i]
		}
	}
	return ""
}
