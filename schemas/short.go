package schemas

import "slices"

// ShortReader reads the form in which monitors send: a live vitals message with an event
// time and nothing but numbers of canonical channels in "values". Nearly all messages of a
// ward are of this form, and from a sender that it knows it reads them without allocating.
// It is a fast twin of [DecodeEvent], [Vitals.Resolve] and [ContentHash]: what it reads, it
// reads as they do, and what is in any way unusual or wrong it leaves to them. It belongs
// to one goroutine.
type ShortReader struct {
	patients map[string]shortPatient
	sources  map[string]string
	columns  []shortColumn // the columns of the message before, since a sender keeps its order
	order    []uint16      // the columns by name; it holds for as many columns as it has
	values   []float32
	texts    [][2]int32 // where each number begins and ends in the message
}

// shortPatient is an id that was checked once, with the hash over topic and patient, where
// every message of the patient begins.
type shortPatient struct {
	id   string
	hash fnv
}

// shortColumn is one name of "values" with its channel and the name's place among all names.
type shortColumn struct {
	name    string
	channel Channel
	rank    uint16
}

// shortKept bounds how many ids and senders are remembered; beyond it all are forgotten, and
// checked again as they come.
const shortKept = 1 << 13

// NewShortReader returns a reader that has seen nothing.
func NewShortReader() *ShortReader {
	return &ShortReader{patients: map[string]shortPatient{}, sources: map[string]string{}}
}

// rankOf is the place of each channel in the order of the names, in which observations stand
// in a record.
var rankOf = func() (ranks [MaxChannels]uint16) {
	names := make([]string, 0, len(channels))
	for i := range channels[1:] {
		names = append(names, channels[i+1].Name)
	}
	slices.Sort(names)
	for i := range channels[1:] {
		at, _ := slices.BinarySearch(names, channels[i+1].Name)
		ranks[i+1] = uint16(at)
	}
	return ranks
}()

var vitalsIndex = uint8(slices.Index(RawTopics[:], TopicVitals))

// Read fills r, reusing its Observations, or returns false and leaves the message to
// DecodeEvent. It leaves At zero, and Available too where the message does not say it, for
// intake to set. The strings of r are the reader's own and never change.
func (s *ShortReader) Read(m *Message, r *Record) bool {
	if m.Topic != TopicVitals || len(m.Value) > 1<<16 || !plainHeaders(m.Headers) {
		return false
	}
	*r = Record{Kind: KindObservations, TopicIndex: vitalsIndex, Observations: r.Observations[:0]}
	p := shortScan{b: m.Value}
	var event Time
	var patient shortPatient
	seen := 0
	once := func(bit int) bool {
		first := seen&bit == 0
		seen |= bit
		return first
	}
	const (
		hasPatient = 1 << iota
		hasSource
		hasSequence
		hasAvailable
		hasEvent
		hasADT
		hasStay
		hasValues
	)
	if !p.take('{') {
		return false
	}
	for more := true; more; more = p.take(',') {
		key, ok := p.text()
		if !ok || !p.take(':') {
			return false
		}
		switch string(key) {
		case "patient":
			var id []byte
			if id, ok = p.text(); ok {
				patient, ok = s.patient(id, m.Key)
			}
			ok = ok && once(hasPatient)
		case "source":
			var text []byte
			if text, ok = p.text(); ok {
				r.Source, ok = s.source(text)
			}
			ok = ok && once(hasSource)
		case "seq":
			r.Seq, ok = p.whole()
			r.HasSeq = true
			ok = ok && r.Seq > 0 && once(hasSequence)
		case "available_time":
			r.Available, ok = p.time()
			ok = ok && once(hasAvailable)
		case "event_time":
			event, ok = p.time()
			ok = ok && once(hasEvent)
		case "has_adt":
			if ok = p.word("true"); ok {
				r.Provenance |= SourceHasADT
			}
			ok = (ok || p.word("false")) && once(hasADT)
		case "stay":
			var text []byte
			if text, ok = p.text(); ok {
				r.Stay, ok = s.source(text)
			}
			ok = ok && once(hasStay)
		case "values":
			ok = s.readValues(&p) && once(hasValues)
		default:
			ok = false
		}
		if !ok {
			return false
		}
	}
	if !p.take('}') || !p.end() || seen&(hasPatient|hasSource|hasEvent|hasValues) != hasPatient|hasSource|hasEvent|hasValues {
		return false
	}
	r.Patient = patient.id
	s.finish(r, m.Value, patient.hash, event)
	return true
}

// plainHeaders says whether no header asks for more than the short form.
func plainHeaders(headers []Header) bool {
	for i := range headers {
		h := &headers[i]
		switch h.Key {
		case HeaderSpecVersion:
			if h.Value != "1.0" {
				return false
			}
		case HeaderType:
			if h.Value != TypeVitals {
				return false
			}
		case HeaderContentType:
			if h.Value != ContentJSON {
				return false
			}
		case HeaderRun, HeaderPlay, HeaderEncoding:
			return false
		}
	}
	return true
}

// patient checks an id against the key and remembers it.
func (s *ShortReader) patient(id, key []byte) (shortPatient, bool) {
	if string(id) != string(key) {
		return shortPatient{}, false
	}
	if p, ok := s.patients[string(id)]; ok {
		return p, true
	}
	if !patientForm(string(id)) {
		return shortPatient{}, false
	}
	if len(s.patients) == shortKept {
		clear(s.patients)
	}
	p := shortPatient{id: string(id), hash: fnvStart}
	p.hash.string(TopicVitals)
	p.hash.string(p.id)
	s.patients[p.id] = p
	return p, true
}

func (s *ShortReader) source(text []byte) (string, bool) {
	if known, ok := s.sources[string(text)]; ok {
		return known, true
	}
	if len(text) == 0 || len(text) > MaxID || !printable(string(text)) {
		return "", false
	}
	if len(s.sources) == shortKept {
		clear(s.sources)
	}
	known := string(text)
	s.sources[known] = known
	return known, true
}

// readValues reads the object "values" into values and texts, by column.
func (s *ShortReader) readValues(p *shortScan) bool {
	if !p.take('{') {
		return false
	}
	s.values, s.texts = s.values[:0], s.texts[:0]
	known := true // the columns are those of the message before
	for more := true; more; more = p.take(',') {
		name, ok := p.text()
		if !ok || !p.take(':') {
			return false
		}
		i := len(s.values)
		if i == len(s.columns) {
			s.columns = append(s.columns, shortColumn{})
		}
		c := &s.columns[i]
		if c.name != string(name) {
			channel, found := byName[string(name)]
			if !found {
				return false
			}
			*c = shortColumn{channel.Info().Name, channel, rankOf[channel]}
			known = false
			s.order = s.order[:0]
		}
		var text [2]int32
		number, ok := p.number(&text)
		if !ok {
			return false
		}
		value, flags, problem := c.channel.Convert(number, "")
		if problem != nil || flags != 0 {
			return false
		}
		s.values, s.texts = append(s.values, value), append(s.texts, text)
	}
	return p.take('}') && (known && len(s.order) == len(s.values) || s.sort())
}

// sort finds the order of the columns by name. It answers false if a name comes twice: then
// the last one counts, and DecodeEvent knows how to find it.
func (s *ShortReader) sort() bool {
	s.order = s.order[:0]
	for i := range s.values {
		s.order = append(s.order, uint16(i))
	}
	slices.SortFunc(s.order, func(a, b uint16) int { return int(s.columns[a].rank) - int(s.columns[b].rank) })
	for i := 1; i < len(s.order); i++ {
		if s.columns[s.order[i]].channel == s.columns[s.order[i-1]].channel {
			s.order = s.order[:0]
			return false
		}
	}
	return true
}

// finish puts the values in the order of their names. It hashes their texts only where the
// message has no sequence number, because that takes longer than all the rest.
func (s *ShortReader) finish(r *Record, body []byte, hash fnv, event Time) {
	r.Observations = slices.Grow(r.Observations, len(s.order))[:len(s.order)]
	for i, at := range s.order {
		r.Observations[i] = Observation{Channel: s.columns[at].channel, EventTime: event, Value: s.values[at]}
	}
	if r.HasSeq {
		r.Hash = observationsHash(r.Observations, 0)
		return
	}
	hash.int(int64(event))
	hash.int(int64(len(s.order)))
	for _, at := range s.order {
		hash.string(s.columns[at].name)
		hash.bytes(body[s.texts[at][0]:s.texts[at][1]])
	}
	r.Hash = uint64(hash)
}

// bytes takes a text as string does.
func (h *fnv) bytes(s []byte) {
	x := *h
	for _, c := range s {
		x = (x ^ fnv(c)) * fnvPrime
	}
	*h = (x ^ 0xff) * fnvPrime
}
