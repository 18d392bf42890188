package synth

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Name of the source and domain of its patients.
const Name = "synth"

// Config is what an invented unit is a function of.
type Config struct {
	Seed     uint64
	Beds     int           // up to 10,000; 0 is 12
	Duration time.Duration // of the story, 1 min to 30 days; 0 is 12 h
	Only     string        // the pathway that every patient takes; empty: all of them in turn
	Files    fs.FS         // pathway files; nil is the shipped ones
}

// Unit is an invented unit. It implements source.Source, and unlike others may be read again:
// each reading invents the same patients anew, one at a time.
type Unit struct {
	config   Config
	pathways []Pathway
	hash     source.Hasher // of the last reading
	events   int           // of the last reading
}

// start is when the story begins and everybody is admitted. A replay moves all admissions to
// its own start anyhow, and so the beds' clocks agree. It is a fixed date, as nothing here
// may depend on the machine's clock.
var start = schemas.FromStd(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))

// casting is who lies in the first beds: somebody is ill from the beginning,
// others get worse later, some never do.
var casting = []string{"recovery", "sepsis", "arrest", "respiratory", "bleeding", "healthy", "arrhythmia", "recovery", "sepsis", "healthy", "bleeding", "respiratory"}

// New reads the pathways. The error is of a number out of its range, of a pathway file, or of an
// Only that names none of the pathways.
func New(c Config) (*Unit, error) {
	if c.Beds == 0 {
		c.Beds = 12
	}
	if c.Duration == 0 {
		c.Duration = 12 * time.Hour
	}
	if c.Beds < 0 || c.Beds > 10_000 || c.Duration < time.Minute || c.Duration > 30*24*time.Hour {
		return nil, fmt.Errorf("an invented unit of %d beds for %s: want 1 to 10000 beds and 1m to 720h", c.Beds, c.Duration)
	}
	pathways, err := Pathways(c.Files)
	if err != nil {
		return nil, err
	}
	u := &Unit{config: c, pathways: pathways}
	if c.Only != "" && u.pathway(c.Only) == nil {
		var names []string
		for i := range pathways {
			names = append(names, pathways[i].Name)
		}
		return nil, fmt.Errorf("there is no pathway %q (want one of %s)", c.Only, strings.Join(names, ", "))
	}
	return u, nil
}

// pathway finds a pathway by its name, nil where there is none.
func (u *Unit) pathway(name string) *Pathway {
	i := slices.IndexFunc(u.pathways, func(p Pathway) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &u.pathways[i]
}

// Name is "synth".
func (u *Unit) Name() string { return Name }

// Hash is over the patients of the last reading.
func (u *Unit) Hash() string { return u.hash.Sum("") }

// Rows counts an event as a row, and all as used.
func (u *Unit) Rows() source.RowCount {
	return source.RowCount{Read: u.events, Used: u.events, RecordedTimes: u.events}
}

// Patients yields one patient a bed, by bed.
func (u *Unit) Patients(ctx context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		u.hash, u.events = source.Hasher{}, 0
		for bed := range u.config.Beds {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			p := u.patient(bed)
			u.events += len(p.Events)
			u.hash.Add(p)
			if !yield(p, nil) {
				return
			}
		}
	}
}

// patient invents the patient of a bed. It depends on the seed and the bed alone, so that more
// beds leave the others as they are.
func (u *Unit) patient(bed int) *source.Patient {
	r := rand.New(rand.NewPCG(u.config.Seed, uint64(bed)+1))
	name := casting[bed%len(casting)]
	if u.pathway(name) == nil {
		name = u.pathways[bed%len(u.pathways)].Name
	}
	if u.config.Only != "" {
		name = u.config.Only
	}
	l := &life{
		r: r, path: u.pathway(name), bed: bed, pace: 0.75 + 0.6*r.Float64(),
		stay: fmt.Sprintf("%s-%04d-1", Name, bed+1), out: &source.Patient{ID: fmt.Sprintf("%s:%04d", Name, bed+1)},
		begin: start, end: start + schemas.Time(u.config.Duration.Milliseconds()),
	}
	l.live()
	return l.out
}
