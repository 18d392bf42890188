package api

import (
	"context"
	"slices"

	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

const (
	windowed   = 48 * schemas.Hour // as far back as models see
	maxRecords = 200_000           // of a partition that one look reads
	maxPoints  = 2000              // of a channel that are told
)

// Stay is what is known of a patient, by the log.
type Stay struct {
	Key      string          `json:"key"`
	Bed      string          `json:"bed"`
	Unit     string          `json:"unit"`
	Patient  string          `json:"patient"`
	Stay     string          `json:"stay"`
	Admitted *schemas.Time   `json:"admitted" doc:"null where it lies before what was read"`
	Statics  schemas.Statics `json:"statics"`
	AsOf     schemas.Time    `json:"as_of" doc:"what is told was known then"`
	From     schemas.Time    `json:"from" doc:"the window that models see begins here"`
	Channels []Series        `json:"channels"`
	Items    []Item          `json:"items" doc:"strips, notes and images"`
	Cursor   int64           `json:"cursor" doc:"for after: the next call brings what is new"`
	Cut      bool            `json:"cut" doc:"the log is longer than what one call reads, and the stay may have begun earlier"`
}

// Series is a channel. The lists are of one length.
type Series struct {
	Name     string     `json:"name"`
	Group    string     `json:"group"`
	Unit     string     `json:"unit" doc:"UCUM"`
	Digits   int        `json:"digits"`
	Thinned  bool       `json:"thinned" doc:"lowest and highest of stretches are told"`
	T        []int64    `json:"t" doc:"when it was measured, Unix milliseconds"`
	V        []*float32 `json:"v" doc:"null: taken back"`
	measured map[schemas.Time]*float32
}

// Item is a strip, a note or an image.
type Item struct {
	Modality string       `json:"modality"`
	At       schemas.Time `json:"at" doc:"when it was made"`
	Known    schemas.Time `json:"known" doc:"when it came"`
	State    string       `json:"state"`
	Label    string       `json:"label"`
	Ref      string       `json:"ref" doc:"topic/partition/offset"`
	Findings []Finding    `json:"findings"`
}

// Finding is a concept of a note.
type Finding struct {
	Concept  string `json:"concept"`
	Polarity string `json:"polarity"`
	Count    int    `json:"count"`
}

// polarities are the words for schemas.NotePolarity.
var polarities = [...]string{"present", "absent", "possible", "historical", "family"}

// Log is where the records of a patient stand.
type Log interface {
	EachFrom(ctx context.Context, topic string, partition int, from int64, see func(*schemas.Message) error) (next int64, err error)
	Ends(ctx context.Context, topic string) (first, next []int64, err error)
}

// readStay reads a patient's part of the log: all of it as far as maxRecords, or what came behind a cursor. asOf, if it
// is not 0, leaves out what was not known by then.
func readStay(ctx context.Context, log Log, patient string, asOf schemas.Time, cursor int64) (*Stay, error) {
	first, next, err := log.Ends(ctx, schemas.TopicLog)
	if err != nil {
		return nil, err
	}
	partition := kafka.PartitionOf([]byte(patient), len(next))
	s := &Stay{Key: keyOf(patient), Patient: patient, Channels: []Series{}, Items: []Item{}}
	from := max(first[partition], next[partition]-maxRecords)
	s.Cut = from > 0
	if cursor > 0 {
		from, s.Cut = max(from, cursor), false
	}
	channels := map[schemas.Channel]*Series{}
	var r schemas.Record
	s.Cursor, err = log.EachFrom(ctx, schemas.TopicLog, partition, from, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeLog || string(m.Key) != patient || r.Decode(m.Value) != nil {
			return nil
		}
		if r.Patient == patient && (asOf == 0 || r.At <= asOf) {
			s.take(&r, channels)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if asOf != 0 {
		s.AsOf = asOf
	}
	s.From = s.AsOf - windowed
	for _, c := range channels {
		s.Channels = append(s.Channels, c.told(s.From, cursor > 0))
	}
	s.Channels = slices.DeleteFunc(s.Channels, func(c Series) bool { return len(c.T) == 0 })
	slices.SortFunc(s.Channels, func(a, b Series) int {
		x, _ := schemas.ChannelByName(a.Name)
		y, _ := schemas.ChannelByName(b.Name)
		return int(x) - int(y)
	})
	s.Items = slices.DeleteFunc(s.Items, func(i Item) bool { return i.At < s.From })
	s.Items = s.Items[max(0, len(s.Items)-maxPoints):]
	return s, nil
}

// take takes in a record of the patient.
func (s *Stay) take(r *schemas.Record, channels map[schemas.Channel]*Series) {
	s.AsOf = max(s.AsOf, r.At)
	if r.Move != nil {
		s.move(r, channels)
	}
	for i := range r.Observations {
		o := &r.Observations[i]
		c := channels[o.Channel]
		if c == nil {
			info := o.Channel.Info()
			c = &Series{Name: info.Name, Group: info.Group, Unit: info.Unit, Digits: info.Decimals, measured: map[schemas.Time]*float32{}}
			channels[o.Channel] = c
		}
		var value *float32
		if o.Flags&schemas.Retracted == 0 {
			v := o.Value
			value = &v
		}
		c.measured[o.EventTime] = value
	}
	if r.Item == nil {
		return
	}
	item := Item{
		Modality: encoders.Names[encoders.ModalityOf(r.Kind)], At: r.Item.EventTime, Known: r.At, State: string(r.Item.State),
		Label: r.Item.Label, Ref: r.Item.Ref, Findings: []Finding{},
	}
	if r.Item.Note != nil {
		for _, f := range r.Item.Note.Findings {
			item.Findings = append(item.Findings, Finding{Concept: f.Concept, Polarity: polarities[min(int(f.Polarity), len(polarities)-1)], Count: int(f.Count)})
		}
	}
	s.Items = append(s.Items, item)
	if len(s.Items) > 2*maxPoints { // a stay of weeks
		s.Items = slices.Delete(s.Items, 0, maxPoints)
	}
}

// move takes in a movement. An admission to another stay begins anew.
func (s *Stay) move(r *schemas.Record, channels map[schemas.Channel]*Series) {
	move := r.Move
	switch r.Kind {
	case schemas.KindAdmit:
		if move.Stay != s.Stay {
			clear(channels)
			s.Items = s.Items[:0]
		}
		at := move.At
		if at == 0 {
			at = r.At
		}
		s.Stay, s.Admitted, s.Statics, s.Cut = move.Stay, &at, move.Statics, false
		s.Bed, s.Unit = move.Bed, move.Unit
	case schemas.KindTransfer:
		if move.Bed != "" {
			s.Bed = move.Bed
		}
		if move.Unit != "" {
			s.Unit = move.Unit
		}
	}
}

// told writes the series in the order of time, from a moment on. Of too many points it keeps the lowest and the
// highest of equal stretches of time: a spike must not vanish.
func (c *Series) told(from schemas.Time, news bool) Series {
	times := make([]schemas.Time, 0, len(c.measured))
	for at, v := range c.measured {
		if at >= from && (v != nil || news) {
			times = append(times, at)
		}
	}
	slices.Sort(times)
	out := *c
	out.T, out.V, out.measured = []int64{}, []*float32{}, nil
	if len(times) <= maxPoints {
		for _, at := range times {
			out.T, out.V = append(out.T, int64(at)), append(out.V, c.measured[at])
		}
		return out
	}
	out.Thinned = true
	span := (times[len(times)-1]-times[0])/(maxPoints/2) + 1
	for i := 0; i < len(times); {
		end := times[i] + span
		low, high := times[i], times[i]
		for ; i < len(times) && times[i] < end; i++ {
			v := c.measured[times[i]]
			if v == nil {
				continue
			}
			if p := c.measured[low]; p == nil || *v < *p {
				low = times[i]
			}
			if p := c.measured[high]; p == nil || *v > *p {
				high = times[i]
			}
		}
		for _, at := range slices.Compact(slices.Sorted(slices.Values([]schemas.Time{low, high}))) {
			out.T, out.V = append(out.T, int64(at)), append(out.V, c.measured[at])
		}
	}
	return out
}

// Trajectory is how a patient's risk and NEWS2 went.
type Trajectory struct {
	Key    string  `json:"key"`
	Task   string  `json:"task"`
	Points []Point `json:"points"`
	Cut    bool    `json:"cut" doc:"the topic is longer than what one call reads"`
}

// readScores reads a patient's scores as of a moment, or all.
func readScores(ctx context.Context, log Log, patient string, asOf schemas.Time) (*Trajectory, error) {
	first, next, err := log.Ends(ctx, schemas.TopicScores)
	if err != nil {
		return nil, err
	}
	partition := kafka.PartitionOf([]byte(patient), len(next))
	from := max(first[partition], next[partition]-maxRecords)
	out := &Trajectory{Key: keyOf(patient), Points: []Point{}, Cut: from > 0}
	stay := ""
	_, err = log.EachFrom(ctx, schemas.TopicScores, partition, from, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeScore || string(m.Key) != patient {
			return nil
		}
		s, err := schemas.DecodeScore(m.Value)
		if err != nil || asOf != 0 && s.AsOf > asOf {
			return nil
		}
		if s.Stay != stay {
			stay, out.Points = s.Stay, out.Points[:0]
		}
		if task := taskOf(s); task != "" {
			out.Task = task
		}
		out.Points = append(out.Points, pointOf(s, out.Task))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if n := len(out.Points); n > 0 { // 48 hours, and no more of them than a screen has room for
		out.Points = slices.DeleteFunc(out.Points, func(p Point) bool { return p.T < out.Points[n-1].T-int64(windowed) })
		every := len(out.Points)/maxPoints + 1
		kept := out.Points[:0]
		for i, p := range out.Points {
			if i%every == 0 || i == len(out.Points)-1 {
				kept = append(kept, p)
			}
		}
		out.Points = kept
	}
	return out, nil
}

// readAlerts reads a patient's alerts as they stood at a moment, or as they stand, the newest first.
func readAlerts(ctx context.Context, log Log, line *bedside.Bed, asOf schemas.Time) ([]Alert, error) {
	first, next, err := log.Ends(ctx, schemas.TopicAlerts)
	if err != nil {
		return nil, err
	}
	partition := kafka.PartitionOf([]byte(line.Patient), len(next))
	found, order := map[string]*Alert{}, []string{}
	_, err = log.EachFrom(ctx, schemas.TopicAlerts, partition, max(first[partition], next[partition]-maxRecords), func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeAlert || string(m.Key) != line.Patient {
			return nil
		}
		a, err := schemas.DecodeAlert(m.Value)
		if err != nil || asOf != 0 && a.AsOf > asOf {
			return nil
		}
		v := viewOf(a, line, keyOf(line.Patient))
		if last := found[a.ID]; last == nil {
			order = append(order, a.ID)
		} else if last.Revision > a.Revision {
			return nil
		} else {
			v.follow(last, a)
		}
		v.answered(a)
		found[a.ID] = &v
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := []Alert{}
	for _, id := range slices.Backward(order) {
		if len(out) < maxAlerts {
			out = append(out, *found[id])
		}
	}
	return out, nil
}
