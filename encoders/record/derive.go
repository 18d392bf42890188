package record

import (
	"math"
	"math/bits"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Deriver computes the channels that follow from others: a coma score from its parts, a mean
// pressure, a shock index, the ratio of PaO2 to FiO2, an anion gap, urine for each kilogram
// and hour. It reads the patient's window and nothing else, so it has no state of its own: a
// window is a function of the log, and so is what follows from it, in a live run, after a
// restart, in a rebuild, in training and in a replay. The monitor and the trainer both call it
// for every record, behind [window.Window.Add].
//
// What it computes is flagged Derived. It goes into the window and not into the log: the log
// holds what was told. It never stands in the place of what a source sends: where the channel
// has an observation of its own at that time, that one counts.
//
// It belongs to one goroutine.
type Deriver struct {
	out    []schemas.Observation
	points []window.Point
	room   [3]reading
}

// rule computes one channel at the times at which one of its inputs was observed. Of several
// ways the first that has all it needs counts.
type rule struct {
	channel schemas.Channel
	ways    []way
}

// way computes a value from inputs, in their order; false: there is none.
type way struct {
	inputs  []input
	of      func(in []reading, weight float32) (value float64, flags schemas.Flag, ok bool)
	weighed bool // it wants the weight
}

// input is a channel that a rule reads: its latest value of the last `within`, the time
// itself included.
type input struct {
	channel schemas.Channel
	within  schemas.Time
	every   bool // all values at the time itself, added, beside the time of the one before
}

// reading is what an input has to say.
type reading struct {
	value float64
	flags schemas.Flag
	since schemas.Time // of an input of every: since the observation before
}

// How old an input may be. The parts of a coma score are charted together; a gas is judged
// with the oxygen that was set before it was drawn, which is charted when it changes; the
// volumes of urine are charted hourly and the rate is over the time that they took.
const (
	together  = schemas.Hour
	settings  = 6 * schemas.Hour
	chemistry = schemas.Hour
	collected = 12 * schemas.Hour
	leastSpan = 15 * schemas.Minute
)

func of(within schemas.Time, name string) input {
	return input{channel: mustChannel(name), within: within}
}

func rules() []rule {
	list := measured()
	// A pump that is told without the weight, for each kilogram.
	for i := range schemas.NumChannels() {
		if info := schemas.Channel(i).Info(); info.Whole != 0 {
			list = append(list, rule{info.ID, []way{{[]input{{channel: info.Whole}}, func(in []reading, weight float32) (float64, schemas.Flag, bool) {
				return in[0].value / float64(weight), 0, weight > 0
			}, true}}})
		}
	}
	return list
}

func measured() []rule {
	urine := of(collected, "urine_output")
	urine.every = true
	one := func(name string, of func([]reading, float32) (float64, schemas.Flag, bool), inputs ...input) rule {
		return rule{mustChannel(name), []way{{inputs, of, name == "urine_rate"}}}
	}
	return []rule{
		// A response that cannot be tested counts as 1, as charts do ("10T"); the total says so.
		one("gcs_total", func(in []reading, _ float32) (float64, schemas.Flag, bool) {
			return in[0].value + in[1].value + in[2].value, in[1].flags & schemas.Untestable, true
		}, of(together, "gcs_eye"), of(together, "gcs_verbal"), of(together, "gcs_motor")),
		one("mean_arterial", thirds, of(0, "systolic_arterial"), of(0, "diastolic_arterial")),
		one("mean_cuff", thirds, of(0, "systolic_cuff"), of(0, "diastolic_cuff")),
		// The arterial line counts before the cuff.
		{mustChannel("shock_index"), []way{
			{[]input{of(together, "heart_rate"), of(together, "systolic_arterial")}, quotient, false},
			{[]input{of(together, "heart_rate"), of(together, "systolic_cuff")}, quotient, false},
		}},
		one("pf_ratio", quotient, of(0, "pao2"), of(settings, "fio2")),
		one("anion_gap", func(in []reading, _ float32) (float64, schemas.Flag, bool) {
			return in[0].value - in[1].value - in[2].value, 0, true
		}, of(chemistry, "sodium"), of(chemistry, "chloride"), of(chemistry, "bicarbonate")),
		one("urine_rate", func(in []reading, weight float32) (float64, schemas.Flag, bool) {
			hours := float64(in[0].since) / float64(schemas.Hour)
			if weight <= 0 || in[0].since < leastSpan {
				return 0, 0, false
			}
			return in[0].value / float64(weight) / hours, 0, true
		}, urine),
	}
}

func thirds(in []reading, _ float32) (float64, schemas.Flag, bool) {
	return (in[0].value + float64(2*in[1].value)) / 3, 0, in[0].value >= in[1].value
}

func quotient(in []reading, _ float32) (float64, schemas.Flag, bool) {
	if in[1].value <= 0 || (in[0].flags|in[1].flags)&schemas.Suspect != 0 {
		return 0, 0, false
	}
	return in[0].value / in[1].value, 0, true
}

var (
	ruleList = rules()
	// ruled says of each channel by the bits of a number which rules read it, makes whether
	// one makes it.
	ruled [schemas.MaxChannels]uint64
	makes [schemas.MaxChannels]bool

	weightChannel = mustChannel("weight")
)

func init() {
	for i := range ruleList {
		r := &ruleList[i]
		makes[r.channel] = true
		for _, w := range r.ways {
			for _, in := range w.inputs {
				ruled[in.channel] |= 1 << i
			}
		}
	}
}

// Derives says whether there is a rule that computes the channel from others.
func Derives(c schemas.Channel) bool { return int(c) < len(makes) && makes[c] }

// Derive puts into the window what follows from observations that were added to it, and
// returns what changed it, in memory that the next call uses again. logN is that of the
// record that brought them, statics are those of the open stay, ended is when the stay before
// it ended, and clock is the patient's. Nothing from before ended, or from before the hours
// that a view as of clock sees, is read or made: whether a window was trimmed leaves no trace.
// All that is asked of the window is the hour of each observation, and the latest value of
// hours before it, so that what is in memory for Add is enough.
func (d *Deriver) Derive(w *window.Window, added []schemas.Observation, logN uint32, statics *schemas.Statics, ended, clock schemas.Time) []schemas.Observation {
	d.out = d.out[:0]
	from := max(ended, (clock-1).FloorHour()-schemas.Reach+schemas.Hour)
	for i := 0; i < len(added); {
		at, which := added[i].EventTime.Floor16(), uint64(0)
		for ; i < len(added) && added[i].EventTime.Floor16() == at; i++ {
			o := &added[i]
			if at < from || o.Channel >= schemas.MaxChannels {
				continue
			}
			if makes[o.Channel] {
				d.giveWay(w, o, at, logN)
			}
			which |= ruled[o.Channel]
		}
		for ; which != 0; which &= which - 1 { // each rule once a time, in their order
			d.apply(&ruleList[bits.TrailingZeros64(which)], w, at, logN, statics, from)
		}
	}
	return d.out
}

// giveWay takes back what was derived where the source now says it itself.
func (d *Deriver) giveWay(w *window.Window, o *schemas.Observation, at schemas.Time, logN uint32) {
	if o.Flags&schemas.Retracted != 0 {
		return
	}
	d.points = w.At(at, math.MaxUint32, at).Append(d.points[:0], o.Channel)
	if slices.ContainsFunc(d.points, func(p window.Point) bool { return p.Flags&schemas.Derived != 0 }) {
		d.add(w, schemas.Observation{Channel: o.Channel, EventTime: at, Value: o.Value, Flags: o.Flags | schemas.Corrected}, logN)
	}
}

func (d *Deriver) add(w *window.Window, o schemas.Observation, logN uint32) {
	if w.Add(o, logN) {
		d.out = append(d.out, o)
	}
}

// apply brings the rule's channel at one time up to its inputs.
func (d *Deriver) apply(r *rule, w *window.Window, at schemas.Time, logN uint32, statics *schemas.Statics, from schemas.Time) {
	before, is := w.Latest(r.channel, at, at)
	if is && before.Flags&schemas.Derived == 0 {
		return // the source says it itself
	}
	o, ok := d.compute(r, w, at, statics, from)
	switch {
	case ok && is && before.Value == o.Value && before.Flags&^schemas.Corrected == o.Flags:
		return
	case ok && is:
		o.Flags |= schemas.Corrected
	case is:
		o = schemas.Observation{Channel: r.channel, EventTime: at, Flags: schemas.Derived | schemas.Retracted}
	case !ok:
		return
	}
	d.add(w, o, logN)
}

// compute goes by the first way that has all its inputs. It answers false where there is none,
// and where none of the inputs was observed at the time itself.
func (d *Deriver) compute(r *rule, w *window.Window, at schemas.Time, statics *schemas.Statics, from schemas.Time) (o schemas.Observation, ok bool) {
	for i := range r.ways {
		way := &r.ways[i]
		in := d.room[:len(way.inputs)]
		found, now := true, false
		for k := range in {
			var when schemas.Time
			if in[k], when, found = d.read(&way.inputs[k], w, at, from); !found {
				break
			}
			now = now || when == at
		}
		if !found || !now {
			continue
		}
		weight := float32(0)
		if way.weighed {
			weight = d.weight(w, at, statics, from)
		}
		value, flags, ok := way.of(in, weight)
		if !ok {
			continue
		}
		// A value that the channel would not take from a source is not made either.
		if v, _, problem := r.channel.Convert(value, ""); problem == nil {
			return schemas.Observation{Channel: r.channel, EventTime: at, Value: v, Flags: schemas.Derived | flags}, true
		}
	}
	return o, false
}

func (d *Deriver) read(in *input, w *window.Window, at, from schemas.Time) (reading, schemas.Time, bool) {
	if from = max(from, at-in.within); in.every {
		return d.collected(in.channel, w, at, from)
	}
	p, ok := w.Latest(in.channel, at, from)
	return reading{value: float64(p.Value), flags: p.Flags}, p.EventTime, ok
}

// collected adds up what was charted at one time, over the time since the charting before.
func (d *Deriver) collected(c schemas.Channel, w *window.Window, at, from schemas.Time) (reading, schemas.Time, bool) {
	before, ok := w.Latest(c, at-1, from)
	if !ok {
		return reading{}, 0, false
	}
	d.points = w.At(at, math.MaxUint32, at).Append(d.points[:0], c)
	if len(d.points) == 0 {
		return reading{}, 0, false
	}
	sum := 0.0
	for i := range d.points {
		sum += float64(d.points[i].Value)
	}
	return reading{value: sum, since: at - before.EventTime}, at, true
}

// weight is the latest that was charted, or the one of the admission, in kg; 0: not known.
func (d *Deriver) weight(w *window.Window, at schemas.Time, statics *schemas.Statics, from schemas.Time) float32 {
	if p, ok := w.Latest(weightChannel, at, max(from, at-schemas.Reach)); ok {
		return p.Value
	}
	if statics != nil && statics.WeightKG != nil {
		return *statics.WeightKG
	}
	return 0
}
