package synth

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// CohortName is the name of an invented cohort, and the domain of its patients.
const CohortName = "invented"

// CohortConfig is what an invented cohort is a function of.
type CohortConfig struct {
	Seed  uint64
	Stays int // up to 100,000; 0 is 5,000
}

// Cohort is invented stays whose outcome hangs on four things, each of which one kind of data tells
// and no other does: vital signs and lactate, ECG strips, notes, chest images. Any of them may be
// missing, and each tells it imperfectly. So a model that fuses them can be held against what there
// is to be known. It is a source.Source, and may be read again.
type Cohort struct {
	config CohortConfig
	hash   source.Hasher // of the last reading
	events int           // of the last reading
}

// NewCohort says what is wrong with a config.
func NewCohort(c CohortConfig) (*Cohort, error) {
	if c.Stays == 0 {
		c.Stays = 5000
	}
	if c.Stays < 1 || c.Stays > 100_000 {
		return nil, fmt.Errorf("an invented cohort of %d stays: want 1 to 100000", c.Stays)
	}
	return &Cohort{config: c}, nil
}

// Part is one of the things that the outcome hangs on, by the kind of data that tells it.
type Part int

// The parts.
const (
	PartNumeric Part = iota
	PartECG
	PartNotes
	PartImaging
	NumParts
)

// PartNames are those of the kinds of data.
var PartNames = [NumParts]string{"numeric", "ecg", "notes", "imaging"}

// How the outcome hangs on the parts: the logit of death is outcomeBias, and each part adds
// outcomeWeight if it is bad and takes as much if it is not. Each is bad in half of the stays, and
// its data were sent in a share of sentShare.
const (
	outcomeBias   = -0.5
	outcomeWeight = 1.1
	sentShare     = 0.8
)

// Truth is what there is to be known of an invented stay.
type Truth struct {
	Bad  [NumParts]bool
	Sent [NumParts]bool
	Died bool
}

// Ideal is the probability of death for somebody who knows each of the given parts as far as its
// data were sent, and of the others no more than how often they are bad.
func (t *Truth) Ideal(known [NumParts]bool) float64 {
	sum, ways := 0.0, 0
	for mask := range 1 << NumParts {
		logit, possible := outcomeBias, true
		for part := range NumParts {
			bad := mask&(1<<part) != 0
			if known[part] && t.Sent[part] && bad != t.Bad[part] {
				possible = false
			}
			if bad {
				logit += outcomeWeight
			} else {
				logit -= outcomeWeight
			}
		}
		if possible {
			sum += 1 / (1 + math.Exp(-logit))
			ways++
		}
	}
	return sum / float64(ways)
}

// Name is "invented".
func (c *Cohort) Name() string { return CohortName }

// Hash is over the patients of the last reading.
func (c *Cohort) Hash() string { return c.hash.Sum("") }

// Rows counts an event as a row, and all as used.
func (c *Cohort) Rows() source.RowCount {
	return source.RowCount{Read: c.events, Used: c.events, RecordedTimes: c.events}
}

// Stays is how many there are.
func (c *Cohort) Stays() int { return c.config.Stays }

// Patients yields one patient a stay, in their order.
func (c *Cohort) Patients(ctx context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		c.hash, c.events = source.Hasher{}, 0
		for i := range c.config.Stays {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			p := c.patient(i)
			c.events += len(p.Events)
			c.hash.Add(p)
			if !yield(p, nil) {
				return
			}
		}
	}
}

// Truth is that of a stay by its id; false if there is none.
func (c *Cohort) Truth(stay string) (Truth, bool) {
	text, ok := strings.CutPrefix(stay, CohortName+"-")
	i, err := strconv.Atoi(text)
	if !ok || err != nil || i < 1 || i > c.config.Stays {
		return Truth{}, false
	}
	t, _ := c.truth(i - 1)
	return t, true
}

// truth draws what there is to be known of a stay, and returns the chance that its data are drawn
// from next. It depends on the seed and the stay alone.
func (c *Cohort) truth(i int) (t Truth, r *rand.Rand) {
	r = rand.New(rand.NewPCG(c.config.Seed, uint64(i)+1))
	logit, some := outcomeBias, false
	for part := range NumParts {
		t.Bad[part] = r.IntN(2) == 0
		if t.Bad[part] {
			logit += outcomeWeight
		} else {
			logit -= outcomeWeight
		}
	}
	for part := range NumParts {
		t.Sent[part] = r.Float64() < sentShare
		some = some || t.Sent[part]
	}
	if !some {
		t.Sent[PartNumeric] = true
	}
	t.Died = r.Float64() < 1/(1+math.Exp(-logit))
	return t, r
}

// Times of an invented stay: what is to be known comes in its first half, and how it ended at the end.
const (
	cohortHours = 12
	cohortStay  = 24 * schemas.Hour
)

// patient invents the patient of a stay.
func (c *Cohort) patient(i int) *source.Patient {
	t, r := c.truth(i)
	id := fmt.Sprintf("%05d", i+1)
	l := &life{
		r: r, bed: i, stay: CohortName + "-" + id, out: &source.Patient{ID: CohortName + ":" + id},
		begin: start, end: start + cohortStay + 1,
	}
	age := float32(38 + r.IntN(48))
	l.add(schemas.TopicADT, l.begin, l.begin, schemas.Event{ADT: &schemas.ADT{Type: "admit", Stay: l.stay, Unit: unitName, Statics: schemas.Statics{AgeYears: &age, Unit: unitName}}})
	if t.Sent[PartNumeric] {
		l.cohortVitals(t.Bad[PartNumeric])
	}
	if t.Sent[PartECG] {
		for range 2 {
			l.cohortStrip(l.begin+l.minutes(20, 60*cohortHours-20), t.Bad[PartECG])
		}
	}
	if t.Sent[PartNotes] {
		for range 2 {
			l.cohortNote(l.begin+l.minutes(20, 60*cohortHours-30), t.Bad[PartNotes])
		}
	}
	if t.Sent[PartImaging] {
		l.cohortImage(l.begin+l.minutes(20, 60*cohortHours-30), t.Bad[PartImaging])
	}
	end := "discharge"
	if t.Died {
		end = "death"
	}
	l.add(schemas.TopicADT, l.begin+cohortStay, l.begin+cohortStay, schemas.Event{ADT: &schemas.ADT{Type: end, Stay: l.stay, Unit: unitName}})
	l.out.Stays = []source.Stay{{ID: l.stay, Admit: l.begin, End: l.begin + cohortStay}}
	sortEvents(l.out.Events)
	return l.out
}

// vital is a channel of the cohort: its mean, how far it is moved at the end where the part is bad,
// how it scatters between patients and within one, and its least and greatest value.
type vital struct {
	name                         string
	mean, moved, between, within float64
	low, high                    float64
	decimals                     int
}

var cohortMonitor = []vital{
	{"heart_rate", 84, 16, 10, 4, 40, 180, 0},
	{"respiratory_rate", 17, 6, 3, 1.5, 8, 45, 0},
	{"spo2", 97, -3, 1.2, 0.8, 70, 100, 0},
	{"mean_arterial", 84, -13, 9, 4, 35, 130, 0},
}

var cohortLactate = vital{"lactate", 1.5, 1.6, 0.5, 0.2, 0.4, 15, 1}

// cohortVitals sends vital signs by the hour and lactate every four. Where the part is bad they move
// away over the hours.
func (l *life) cohortVitals(bad bool) {
	pace, offsets := 0.0, make([]float64, len(cohortMonitor)+1)
	if bad {
		pace = 0.6 + 0.8*l.r.Float64()
	}
	for i := range offsets {
		offsets[i] = l.r.NormFloat64()
	}
	value := func(v *vital, i, hour int) json.Number {
		x := v.mean + v.between*offsets[i] + v.within*l.r.NormFloat64() + pace*v.moved*float64(hour)/cohortHours
		return json.Number(strconv.FormatFloat(math.Max(v.low, math.Min(x, v.high)), 'f', v.decimals, 64))
	}
	for hour := range cohortHours {
		at := l.begin + schemas.Time(hour)*schemas.Hour + l.minutes(1, 30)
		values := map[string]json.Number{}
		for i := range cohortMonitor {
			values[cohortMonitor[i].name] = value(&cohortMonitor[i], i, hour)
		}
		if hour%4 == 3 {
			values[cohortLactate.name] = value(&cohortLactate, len(cohortMonitor), hour)
		}
		l.add(schemas.TopicVitals, at, at+5*schemas.Minute, schemas.Event{Vitals: &schemas.Vitals{Values: values}})
	}
}

// cohortStrip sends a strip. Where the part is bad, most show atrial fibrillation or ectopic beats of
// the ventricles; else few. The heart rate tells nothing. One in twenty is flat or noise.
func (l *life) cohortStrip(at schemas.Time, bad bool) {
	rhythm := "sinus"
	if likely := l.r.Float64() < 0.85; likely == bad {
		if rhythm = "af"; l.r.IntN(2) == 0 {
			rhythm = "ectopy"
		}
	}
	samples := make([]int16, stripRate*stripSeconds)
	switch l.r.IntN(40) {
	case 0: // leads off
	case 1:
		for i := range samples {
			samples[i] = int16(150 * l.r.NormFloat64())
		}
	default:
		l.cohortBeats(samples, rhythm)
	}
	s := &schemas.Strip{RateHz: stripRate, Gain: stripGain, Leads: []string{"II"}, Samples: [][]int16{samples}}
	l.add(schemas.TopicECG, at, at+stripSeconds*schemas.Second+500, schemas.Event{Strip: s})
}

// cohortBeats draws the beats of a rhythm.
func (l *life) cohortBeats(samples []int16, rhythm string) {
	interval := 60 / (62 + 50*l.r.Float64())
	phase, height := l.r.IntN(len(sine)), 0.7+0.6*l.r.Float64()
	drawn := make([]float64, len(samples))
	for i := range drawn {
		drawn[i] = 8*sine[(phase+i)%len(sine)] + 3*l.r.NormFloat64()
		if rhythm == "af" {
			drawn[i] += 8 * sine[25*(phase+i)%len(sine)] * sine[3*i%len(sine)]
		}
	}
	for s := -0.5 + interval*l.r.Float64(); s < stripSeconds+0.5; {
		peak := []int{int(s * stripRate)}
		add(drawn, peak, ventricular, height)
		step := interval * (1 + 0.02*l.r.NormFloat64())
		if rhythm == "af" {
			step = interval * (0.6 + 0.8*l.r.Float64())
		} else {
			add(drawn, peak, atrial, height)
		}
		if rhythm == "ectopy" && l.r.IntN(5) == 0 {
			early := s + 0.6*interval
			add(drawn, []int{int(early * stripRate)}, broad, height)
			step = 2 * interval // the pause behind it
		}
		s += step
	}
	for i, v := range drawn {
		samples[i] = int16(math.Round(v))
	}
}

// cohortNote sends a note of some sentences that say nothing and three that tell the part, each of
// which is right four times in five. Good and bad are told in the same words, but for whether they
// are there.
func (l *life) cohortNote(at schemas.Time, bad bool) {
	var text []string
	for range 4 {
		text = append(text, cohortNeutral[l.r.IntN(len(cohortNeutral))])
	}
	for _, k := range l.r.Perm(len(cohortTold))[:3] {
		which := 0
		if right := l.r.IntN(5) > 0; right == bad {
			which = 1
		}
		place := l.r.IntN(len(text) + 1)
		text = append(text[:place], append([]string{cohortTold[k][which]}, text[place:]...)...)
	}
	l.add(schemas.TopicNotes, at, at+l.minutes(2, 10), schemas.Event{Note: &schemas.Note{Kind: "nursing", Text: strings.Join(text, " ")}})
}
