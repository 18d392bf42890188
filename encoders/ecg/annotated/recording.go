package annotated

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"sort"
	"strings"

	"github.com/vigil-icu/vigil/encoders/dicom"
	"github.com/vigil-icu/vigil/encoders/waveform"
	"github.com/vigil-icu/vigil/encoders/wfdb"
	"github.com/vigil-icu/vigil/schemas"
)

// Extension is that of the annotation files that are read: those that people have looked over.
const Extension = "atr"

// dicomEnding is that of a DICOM waveform, which counts as a record if it has annotations beside it.
const dicomEnding = ".dcm"

func exists(fsys fs.FS, file string) bool {
	_, err := fs.Stat(fsys, file)
	return err == nil
}

// Find lists the records below a folder that have annotations, in order, and those that have none.
// A DICOM waveform is named with its ending.
func Find(fsys fs.FS) (records, bare []string, err error) {
	err = fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		name, header := strings.CutSuffix(file, ".hea")
		if base, is := strings.CutSuffix(file, dicomEnding); is {
			if exists(fsys, base+"."+Extension) && !exists(fsys, base+".hea") {
				records = append(records, file)
			}
			return nil
		}
		if !header {
			return nil
		}
		if !exists(fsys, name+"."+Extension) {
			bare = append(bare, name)
			return nil
		}
		records = append(records, name)
		return nil
	})
	return records, bare, err
}

// Recording is a record of which strips are taken. It is for one goroutine at a time.
type Recording struct {
	Name string
	// Rate is of the leads, in samples a second; Samples is their length.
	Rate    float64
	Samples int64
	Leads   []string
	// Beats are the annotated ones, in order.
	Beats []Beat
	// Flutter is where the ventricles flutter or fibrillate, and nobody told beats.
	Flutter []Stretch

	rhythms []change
	record  record
	signals []int // of the leads, in the record
	gain    float64
	close   func()
	chunk   waveform.Chunk
	perLead int // samples a frame
}

// record is what signals are read from.
type record interface {
	waveform.Reader
	Frames() int64
	Goto(frame int64) error
}

// Beat is an annotated beat.
type Beat struct {
	At     int64 // sample
	Symbol string
}

// Stretch is the samples [From, To].
type Stretch struct{ From, To int64 }

type change struct {
	at   int64
	name string
}

// volts are the units of an ECG, and what makes a millivolt of each.
var volts = map[string]float64{"mv": 1, "uv": 1e-3, "µv": 1e-3, "v": 1e3, "nv": 1e-6}

// Open opens a record, as [Find] names it, and reads its annotations.
func Open(fsys fs.FS, name string) (*Recording, error) {
	r := &Recording{Name: path.Base(name), close: func() {}}
	file := name
	if base, is := strings.CutSuffix(name, dicomEnding); is {
		w, err := openDICOM(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.record, name, r.Name = w, base, path.Base(base)
	} else {
		record, err := wfdb.Open(fsys, name)
		if err != nil {
			return nil, err
		}
		r.record, r.close, file = record, func() { record.Close() }, name+".hea"
	}
	if err := r.choose(); err != nil {
		r.Close()
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	r.Rate, r.Samples = r.record.FrameRate()*float64(r.perLead), r.record.Frames()*int64(r.perLead)
	list, err := wfdb.ReadAnnotations(fsys, name, Extension, r.record.FrameRate())
	if err != nil {
		r.Close()
		return nil, err
	}
	r.annotate(list)
	return r, nil
}

// maxDICOM is how many bytes of a DICOM file are read.
const maxDICOM = 256 << 20

// openDICOM opens the first group of a DICOM waveform that was recorded and not computed.
func openDICOM(fsys fs.FS, file string) (*dicom.Waveform, error) {
	if info, err := fs.Stat(fsys, file); err != nil || info.Size() > maxDICOM {
		return nil, fmt.Errorf("cannot be read or has more than %d bytes", maxDICOM)
	}
	b, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	f, err := dicom.Read(b)
	if err != nil {
		return nil, err
	}
	groups, err := f.Waveforms()
	if err != nil {
		return nil, err
	}
	for _, w := range groups {
		if !w.Derived {
			return w, nil
		}
	}
	return nil, fmt.Errorf("all %d groups of the waveform are derived, want one that was recorded", len(groups))
}

// choose takes the signals in volts that are sampled as fast as the first of them. A breath is
// sometimes measured in volts too, and tells its name.
func (r *Recording) choose() error {
	var found []string
	for i, s := range r.record.Signals() {
		found = append(found, s.Name+" in "+s.Unit)
		scale, ok := volts[strings.ToLower(s.Unit)]
		upper := strings.ToUpper(s.Name)
		if !ok || strings.Contains(upper, "RESP") || strings.Contains(upper, "PLETH") || len(r.signals) > 0 && s.PerFrame != r.perLead {
			continue
		}
		if len(r.signals) == 0 {
			r.perLead, r.gain = s.PerFrame, scale/math.Abs(s.Gain)
		}
		r.signals = append(r.signals, i)
		r.Leads = append(r.Leads, s.Name)
	}
	if len(r.signals) == 0 {
		return fmt.Errorf("no ECG: found %s, want a signal in mV or another unit of voltage", strings.Join(found, ", "))
	}
	if rate := r.record.FrameRate() * float64(r.perLead); rate < 50 {
		return fmt.Errorf("an ECG at %v Hz, want at least 50", rate)
	}
	return nil
}

func (r *Recording) annotate(list []wfdb.Annotation) {
	for _, a := range list {
		at := a.Sample * int64(r.perLead)
		switch {
		case a.Symbol == "[":
			r.Flutter = append(r.Flutter, Stretch{at, math.MaxInt64})
		case a.Symbol == "]" && len(r.Flutter) > 0:
			r.Flutter[len(r.Flutter)-1].To = at
		case a.Symbol == "+" && strings.HasPrefix(a.Auxiliary, "("):
			r.rhythms = append(r.rhythms, change{at, strings.TrimSpace(strings.TrimPrefix(a.Auxiliary, "("))})
		case wfdb.IsBeat(a.Symbol):
			r.Beats = append(r.Beats, Beat{at, a.Symbol})
		}
	}
	sort.SliceStable(r.Beats, func(i, k int) bool { return r.Beats[i].At < r.Beats[k].At })
	sort.SliceStable(r.rhythms, func(i, k int) bool { return r.rhythms[i].at < r.rhythms[k].at })
}

// Close closes the record.
func (r *Recording) Close() { r.close() }

// Strip is the samples [from, from+n) of all leads, each a new slice. Wide samples are made
// narrower, and the gain says so.
func (r *Recording) Strip(from int64, n int) (*schemas.Strip, error) {
	first := from / int64(r.perLead)
	if err := r.record.Goto(first); err != nil {
		return nil, err
	}
	wide := make([][]int32, len(r.signals))
	skip := int(from - first*int64(r.perLead))
	for len(wide[0]) < skip+n {
		err := r.record.Next(&r.chunk, (skip+n-len(wide[0])+r.perLead-1)/r.perLead)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for i, signal := range r.signals {
			wide[i] = append(wide[i], r.chunk.Samples[signal]...)
		}
	}
	s := &schemas.Strip{RateHz: r.Rate, Gain: r.gain, Leads: r.Leads}
	shift := 0
	for i := range wide {
		wide[i] = wide[i][min(skip, len(wide[i])):min(skip+n, len(wide[i]))]
		for _, v := range wide[i] {
			for v != waveform.Missing && (v>>shift > math.MaxInt16-1 || v>>shift < -math.MaxInt16) {
				shift++
			}
		}
	}
	s.Gain *= float64(int64(1) << shift)
	for i := range wide {
		narrow := make([]int16, len(wide[i]))
		for k, v := range wide[i] {
			narrow[k] = math.MinInt16 // no sample
			if v != waveform.Missing {
				narrow[k] = int16(v >> shift)
			}
		}
		s.Samples = append(s.Samples, narrow)
	}
	return s, nil
}

// Truth is what the annotations say of a strip.
type Truth struct {
	// Ventricular says that a beat is of the ventricles: V, E or r, or that they flutter.
	// Supraventricular says that one came early from above them: A, a, J or S.
	Ventricular, Supraventricular bool
	// Fibrillation says that the atria fibrillate or flutter for half of the strip or more.
	Fibrillation bool
	Beats        []Beat
}

// Truth is what is known of the samples [from, from+n).
func (r *Recording) Truth(from int64, n int) Truth {
	to := from + int64(n)
	i := sort.Search(len(r.Beats), func(i int) bool { return r.Beats[i].At >= from })
	k := sort.Search(len(r.Beats), func(i int) bool { return r.Beats[i].At >= to })
	t := Truth{Beats: r.Beats[i:k]}
	for _, b := range t.Beats {
		t.Ventricular = t.Ventricular || IsVentricular(b.Symbol)
		t.Supraventricular = t.Supraventricular || IsSupraventricular(b.Symbol)
	}
	for _, f := range r.Flutter {
		t.Ventricular = t.Ventricular || f.From < to && f.To >= from
	}
	var held int64
	for i, c := range r.rhythms {
		end := r.Samples
		if i+1 < len(r.rhythms) {
			end = r.rhythms[i+1].at
		}
		if c.name == "AFIB" || c.name == "AFL" {
			held += max(0, min(end, to)-max(c.at, from))
		}
	}
	t.Fibrillation = 2*held >= int64(n)
	return t
}

// IsVentricular and IsSupraventricular are the classes of ectopic beats of ANSI/AAMI EC57.
func IsVentricular(symbol string) bool { return strings.Contains("VEr", symbol) }

// IsSupraventricular says whether a beat is of the other class, without the escape beats, which
// come late.
func IsSupraventricular(symbol string) bool { return strings.Contains("AaJS", symbol) }

// stripSeconds is how long a strip is, as monitors store them.
const stripSeconds = 10

// Strip is one of the strips into which a recording is cut.
type Strip struct {
	*schemas.Strip
	From  int64
	Truth Truth
}

// EachStrip cuts the recording into strips of 10 seconds, of which what is left at the end is
// none, and calls f for each.
func (r *Recording) EachStrip(f func(*Strip) error) error {
	n := int(math.Floor(float64(stripSeconds*r.Rate) + 0.5))
	for from := int64(0); from+int64(n) <= r.Samples; from += int64(n) {
		s, err := r.Strip(from, n)
		if err != nil {
			return err
		}
		if err := f(&Strip{s, from, r.Truth(from, n)}); err != nil {
			return err
		}
	}
	return nil
}

// Nearest is the symbol of the annotated beat within 150 ms of a sample, empty where there is none.
func (t *Truth) Nearest(at int64, rate float64) string {
	symbol, reach := "", int64(math.Floor(float64(window*rate)+0.5))+1
	for _, b := range t.Beats {
		if d := max(b.At-at, at-b.At); d < reach {
			symbol, reach = b.Symbol, d
		}
	}
	return symbol
}
