package window_test

import (
	"math"
	"slices"
	"sort"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"pgregory.net/rapid"
)

// added is one call of Add that the model keeps: all of them, in order.
type added struct {
	obs  schemas.Observation
	logN uint32
}

// seen is the judge of every view: written from the words of the interface,
// over the list of calls, with no thought of speed.
func seen(calls []added, ch schemas.Channel, asOf schemas.Time, logN uint32, from schemas.Time) []window.Point {
	var points []window.Point
	for _, c := range calls {
		o := c.obs
		if o.Channel != ch || c.logN > logN {
			continue
		}
		at := o.EventTime.Floor16()
		if o.Flags&(schemas.Corrected|schemas.Retracted) != 0 {
			if o.Flags&schemas.Corrected != 0 && o.Flags&schemas.Retracted == 0 && only(points, at, o) {
				continue // it changes nothing: the first stays, with its log_n
			}
			points = slices.DeleteFunc(points, func(p window.Point) bool { return p.EventTime == at })
		}
		if o.Flags&schemas.Retracted != 0 {
			continue
		}
		if slices.ContainsFunc(points, func(p window.Point) bool { return p.EventTime == at && same(p, o) }) {
			continue
		}
		points = append(points, window.Point{EventTime: at, Value: o.Value, LogN: c.logN, Flags: o.Flags})
	}
	points = slices.DeleteFunc(points, func(p window.Point) bool {
		return p.EventTime > asOf.Floor16() || p.EventTime < from.Floor16()
	})
	sort.SliceStable(points, func(i, j int) bool { return points[i].EventTime < points[j].EventTime })
	return points
}

func same(p window.Point, o schemas.Observation) bool {
	const history = schemas.Corrected | schemas.Retracted
	return math.Float32bits(p.Value) == math.Float32bits(o.Value) && p.Flags&^history == o.Flags&^history
}

func only(points []window.Point, at schemas.Time, o schemas.Observation) bool {
	n, equal := 0, false
	for _, p := range points {
		if p.EventTime == at {
			n++
			equal = equal || same(p, o)
		}
	}
	return n == 1 && equal
}

// base is a full hour; drawn times lie around it, often on the same instant,
// often on a full hour, on both sides of 1/16 s.
const base = schemas.Time(1_700_000_000_000 / 3_600_000 * 3_600_000)

var drawTime = rapid.Custom(func(t *rapid.T) schemas.Time {
	hour := schemas.Time(rapid.IntRange(-3, 52).Draw(t, "hour")) * schemas.Hour
	ms := rapid.SampledFrom([]schemas.Time{0, 0, 1, 62, 63, 125, 1000, 1799999, 1800000, 3599937, 3599999}).Draw(t, "ms")
	return base + hour + ms
})

// drawNear draws from few hours, so that repeats and ties are frequent.
var drawNear = rapid.Custom(func(t *rapid.T) schemas.Time {
	hour := schemas.Time(rapid.IntRange(0, 2).Draw(t, "hour")) * schemas.Hour
	return base + hour + rapid.SampledFrom([]schemas.Time{0, 30, 62, 63, 1000, 3599999}).Draw(t, "ms")
})

var drawObservation = rapid.Custom(func(t *rapid.T) schemas.Observation {
	when := drawTime
	channels := []schemas.Channel{0, 1, 7, lactate, urine, 1023}
	if rapid.Bool().Draw(t, "near") {
		when, channels = drawNear, channels[:1]
	}
	return schemas.Observation{
		Channel:   rapid.SampledFrom(channels).Draw(t, "channel"),
		Flags:     rapid.SampledFrom([]schemas.Flag{0, 0, 0, 0, schemas.Untestable, schemas.Corrected, schemas.Retracted, schemas.Corrected | schemas.Untestable, schemas.Corrected | schemas.Retracted}).Draw(t, "flags"),
		EventTime: when.Draw(t, "time"),
		Value:     rapid.SampledFrom([]float32{0, 1, 1.5, -3, 0.1, 93.7, 1e6, 1e-7, float32(math.Copysign(0, -1))}).Draw(t, "value"),
	}
})

// drawCalls draws a history: log_n grows by 0 to 2 per call.
var drawCalls = rapid.Custom(func(t *rapid.T) []added {
	observations := rapid.SliceOfN(drawObservation, 0, 60).Draw(t, "observations")
	calls, logN := make([]added, len(observations)), uint32(1)
	for i, o := range observations {
		calls[i] = added{o, logN}
		logN += uint32(rapid.IntRange(0, 2).Draw(t, "step"))
	}
	return calls
})

var modelChannels = []schemas.Channel{0, 1, 2, 7, lactate, urine, 1023}

// Channels of which a model takes the logarithm.
const lactate, urine = 32, 91

func build(calls []added) *window.Window {
	w := window.New()
	for _, c := range calls {
		w.Add(c.obs, c.logN)
	}
	return w
}
