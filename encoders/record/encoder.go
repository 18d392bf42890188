package record

import (
	"slices"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// Analysis is what an encoder says of a strip.
type Analysis struct {
	HeartRate float32 // /min; 0: not known
	Quality   float32 // 0 to 1
	Label     string  // rhythm, for people
	State     schemas.ItemState

	// Encoder is id and version of what made the rest, which a strip that cannot be used has
	// little of.
	Encoder  string
	Findings []schemas.Finding
	Vector   []float32
}

// ImageReading is what an encoder makes of an image.
type ImageReading struct {
	State    schemas.ItemState // unusable where there is nothing for a model
	Encoder  string            // id and version
	Findings []schemas.Finding
	Vector   []float32
}

// Encoder turns events into log records. It is safe for concurrent use if Strip, Note and Image
// are.
type Encoder struct {
	Strip func(*schemas.Strip) Analysis // nil: strips are logged as present but not encoded
	// Note gives what is seen in a note, with id and version of what saw it; nil: notes are
	// logged as present but not encoded.
	Note func(*schemas.Note) (encoder string, view *schemas.NoteView)
	// Image is the encoder of images that come as bytes; nil: images are logged as present but not
	// encoded, as those are that come by reference. An error says why the bytes cannot be read, and
	// nothing else of them: the image is then there and cannot be used.
	Image func(*schemas.Image) (ImageReading, error)
	Zone  *time.Location // of the times in a message that name none; nil: UTC
	// Codes are the site's own, laid over the channel table; nil: none.
	Codes *schemas.SiteCodes
	// Clocks, where it is not nil, measures how far the senders' clocks are off.
	Clocks *Clocks
	Limits *schemas.Limits // of the site; nil: the shipped ones
	Site   SiteEncoders
}

// Decode reads a raw message at intake's clock.
func (e *Encoder) Decode(m *schemas.Message, now schemas.Time) (*schemas.Event, *schemas.Problem) {
	return schemas.DecodeEventIn(m, e.Zone, now, e.Limits)
}

var (
	ecgHeartRate = mustChannel("ecg_heart_rate")
	ecgQuality   = mustChannel("ecg_quality")
)

func mustChannel(name string) schemas.Channel {
	c, ok := schemas.ChannelByName(name)
	if !ok {
		panic("record: the channel table has no " + name)
	}
	return c
}

// Record makes the log record of an event. now is intake's clock: the At of a
// live event; a recorded one has its available time. Problems are those of single
// values; where the record is nil nothing of the message is left.
func (e *Encoder) Record(ev *schemas.Event, m *schemas.Message, now schemas.Time) (*schemas.Record, []schemas.Problem) {
	r := &schemas.Record{
		Provenance: ev.Provenance(), Patient: ev.Patient, Play: ev.Play, Available: ev.AvailableTime,
		Source: ev.Source, TopicIndex: uint8(schemas.RawTopicIndex(ev.Topic)), Seq: ev.Seq, HasSeq: ev.HasSeq, Stay: ev.Head().Stay,
	}
	r.At = now
	if ev.Run != "" {
		r.At = ev.AvailableTime
	}
	if r.Available == 0 {
		r.Available = r.At
	}
	if ev.Vitals == nil {
		r.Hash = schemas.RecordHash(ev, nil, r.At)
	}
	var problems []schemas.Problem
	switch {
	case ev.Vitals != nil:
		return e.vitals(r, ev)
	case ev.Strip != nil:
		e.strip(r, ev.Strip)
	case ev.Note != nil:
		r.Kind = schemas.KindNote
		r.Item = &schemas.Item{EventTime: timeOr(ev.EventTime, r.At), State: schemas.Present, Label: ev.Note.Kind}
		if e.Note != nil {
			r.Item.Encoder, r.Item.Note = e.Note(ev.Note)
		}
	case ev.Image != nil:
		r.Kind = schemas.KindImage
		r.Item = &schemas.Item{EventTime: timeOr(ev.EventTime, r.At), State: schemas.Present, Label: ev.Image.Modality}
		if p := e.image(r.Item, ev.Image); p != nil {
			problems = append(problems, *p)
		}
	case ev.ADT != nil:
		movement(r, ev)
	default:
		r.Kind = schemas.KindCommand
		c := ev.Command
		r.Command = &schemas.Command{Verb: c.Verb, Alert: c.Alert, Actor: c.Actor, Reason: c.Reason}
		if c.Until != nil {
			r.Command.Until = *c.Until
		}
	}
	if r.Item != nil {
		r.Item.Ref = schemas.Place(m.Topic, m.Partition, m.Offset)
		if p := ahead(r.Item.EventTime, r); p != nil {
			p.Field = "event_time"
			return nil, []schemas.Problem{*p}
		}
		arrive(r)
		e.Site.encode(r, ev)
	}
	return r, problems
}

// RecordShort makes the log record of a live vitals message in the short form, in r,
// whose memory it uses again: what Record makes of it, at a fraction of the cost. False
// says that the message is for Record; r is then undefined.
func (e *Encoder) RecordShort(s *schemas.ShortReader, m *schemas.Message, now schemas.Time, r *schemas.Record) bool {
	if len(m.Value) > e.Limits.Of(schemas.LimitVitalsBytes) || !s.Read(m, r) || len(r.Observations) > e.Limits.Of(schemas.LimitMessageValues) {
		return false
	}
	r.At = now
	event := r.Observations[0].EventTime // all observations of a short message have the same
	if ahead(event, r) != nil {
		return false
	}
	if r.Available == 0 {
		r.Available = now
	}
	e.Clocks.judge(r, event)
	arrive(r)
	return true
}

func (e *Encoder) vitals(r *schemas.Record, ev *schemas.Event) (*schemas.Record, []schemas.Problem) {
	r.Kind = schemas.KindObservations
	obs, problems := ev.Vitals.ResolveBy(e.Codes, r.At, make([]schemas.Observation, 0, len(ev.Vitals.Values)+len(ev.Vitals.Observations)))
	if len(ev.Vitals.Values) > 0 && ev.Vitals.EventTime != nil {
		e.Clocks.judge(r, *ev.Vitals.EventTime)
	}
	r.Observations = slices.DeleteFunc(obs, func(o schemas.Observation) bool {
		p := ahead(o.EventTime, r)
		if p != nil {
			p.Field = "event_time of " + o.Channel.Info().Name
			problems = append(problems, *p)
		}
		return p != nil
	})
	var beyond []schemas.Problem
	r.Observations, beyond = withinLimits(r.Observations, e.Limits.Of(schemas.LimitHourValues))
	problems = append(problems, beyond...)
	if len(r.Observations) == 0 {
		return nil, problems
	}
	r.Hash = schemas.RecordHash(ev, r.Observations, r.At)
	arrive(r)
	return r, problems
}

func (e *Encoder) strip(r *schemas.Record, s *schemas.Strip) {
	r.Kind = schemas.KindStrip
	r.Item = &schemas.Item{EventTime: *s.EventTime, State: schemas.Present}
	if e.Strip == nil {
		return
	}
	a := e.Strip(s)
	r.Item.State, r.Item.Label, r.Item.Encoder, r.Item.Findings, r.Item.Vector = a.State, a.Label, a.Encoder, a.Findings, a.Vector
	if a.State == schemas.Present && a.HeartRate > 0 {
		r.Observations = append(r.Observations, schemas.Observation{Channel: ecgHeartRate, EventTime: *s.EventTime, Value: a.HeartRate})
	}
	r.Observations = append(r.Observations, schemas.Observation{Channel: ecgQuality, EventTime: *s.EventTime, Value: a.Quality})
}

// image puts into an item what the encoder makes of the bytes. A problem says why it makes nothing of
// them; the image is there all the same.
func (e *Encoder) image(item *schemas.Item, i *schemas.Image) *schemas.Problem {
	if e.Image == nil || len(i.Bytes) == 0 {
		return nil
	}
	read, err := e.Image(i)
	if err != nil {
		item.State = schemas.Unusable
		return schemas.NewProblem(schemas.Unreadable, "bytes", err.Error(), "an image that the encoder can read, see `vigil encoders list`; it is logged as present and cannot be used")
	}
	item.State, item.Encoder, item.Findings, item.Vector = read.State, read.Encoder, read.Findings, read.Vector
	return nil
}

func movement(r *schemas.Record, ev *schemas.Event) {
	a := ev.ADT
	r.Move = &schemas.Move{At: ev.EventTime, Stay: a.Stay, Unit: a.Unit, Bed: a.Bed, Other: a.Into, Statics: a.Statics}
	switch a.Type {
	case "admit":
		r.Kind = schemas.KindAdmit
	case "transfer", "cancel-transfer":
		r.Kind = schemas.KindTransfer
	case "cancel-discharge":
		r.Kind = schemas.KindReopen
	case "merge":
		r.Kind = schemas.KindMergeOut
	case "unmerge":
		r.Kind = schemas.KindUnmerge
	default: // discharge, death, cancel
		r.Kind, r.Move.Cause = schemas.KindEnd, a.Type
	}
}

func timeOr(t, otherwise schemas.Time) schemas.Time {
	if t == 0 {
		return otherwise
	}
	return t
}
