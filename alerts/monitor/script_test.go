package monitor

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// TestScripts runs testdata/scripts: records of a partition's log in, scores and
// alerts out. Times are durations since midnight. A record has the next sequence
// number of its source, or seq=; a source is without movements unless `adt` is
// said.
//
//	admit at=8h p=a stay=S1 adt            also transfer, end cause=, merge
//	vitals at=8h1m p=a hr=80 rr=16 ev=8h   ev: measured at; corrected, retracted
//	note at=9h p=a                         also strip, image; state=unusable
//	ack at=9h p=a alert=news2/1            also verdict, snooze until=
//	tick at=10h
//	settings interval=1m inputs=alerting
//	use model=x policy=y
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		s := &script{m: &Monitor{Policy: alerts.DefaultPolicy()}, state: NewPartition(), seq: map[string]uint64{}, ids: map[string]string{}}
		datadriven.RunTest(t, path, s.run)
	})
}

type script struct {
	m      *Monitor
	state  *Partition
	offset int64
	seq    map[string]uint64
	ids    map[string]string
}

var shortNames = map[string]string{
	"hr": "heart_rate", "rr": "respiratory_rate", "spo2": "spo2", "fio2": "fio2", "flow": "oxygen_flow", "vent": "ventilated",
	"sbp": "systolic_cuff", "art": "systolic_arterial", "gcs": "gcs_total", "eye": "gcs_eye", "verbal": "gcs_verbal",
	"motor": "gcs_motor", "avpu": "avpu", "temp": "temperature", "k": "potassium",
}

const midnight = schemas.Time(1893456000000) // 2030-01-01

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	if d.Cmd == "settings" {
		v, _ := time.ParseDuration(argOf(d, "interval"))
		s.m.Settings = Settings{ScoreInterval: schemas.Time(v.Milliseconds()), Inputs: Inputs(argOf(d, "inputs"))}
		if err := s.m.Settings.Validate(); err != nil {
			return err.Error()
		}
		return "ok"
	}
	rec := s.record(t, d)
	s.offset++
	before := s.state.Counts()
	out, err := s.m.Step(s.state, rec, s.offset, nil)
	if err != nil {
		return err.Error()
	}
	text := s.print(t, out)
	if s.state.Counts().Duplicates > before.Duplicates {
		text += "repeat\n"
	}
	if text == "" {
		return "nothing"
	}
	return text
}

func (s *script) record(t *testing.T, d *datadriven.TestData) *schemas.Record {
	rec := &schemas.Record{Patient: "ward:" + argOf(d, "p"), Source: "bed", TopicIndex: 1}
	if d.Cmd != "use" {
		rec.At = scriptTime(t, d, "at")
	}
	if v := argOf(d, "src"); v != "" {
		rec.Source = v
	}
	event := rec.At
	if argOf(d, "ev") != "" {
		event = scriptTime(t, d, "ev")
	}
	if has(d, "adt") {
		rec.Provenance |= schemas.SourceHasADT
	}
	if has(d, "invented") {
		rec.Provenance |= schemas.Invented
	}
	rec.HasSeq = !has(d, "noseq")
	sender := rec.Patient + rec.Source
	s.seq[sender]++
	rec.Seq = s.seq[sender]
	if v := argOf(d, "seq"); v != "" {
		rec.Seq, _ = strconv.ParseUint(v, 10, 64)
		s.seq[sender] = max(s.seq[sender]-1, rec.Seq)
	}
	h := fnv.New64a()
	fmt.Fprint(h, d.Cmd, d.CmdArgs)
	rec.Hash = h.Sum64()
	move := &schemas.Move{Stay: argOf(d, "stay"), Unit: argOf(d, "unit"), Bed: argOf(d, "bed"), Cause: argOf(d, "cause")}
	item := &schemas.Item{EventTime: event, State: schemas.Present}
	if v := argOf(d, "state"); v != "" {
		item.State = schemas.ItemState(v)
	}
	switch d.Cmd {
	case "admit":
		rec.Kind, rec.Move, rec.TopicIndex = schemas.KindAdmit, move, 0
		move.Statics.Scale2 = has(d, "scale2")
	case "transfer":
		rec.Kind, rec.Move, rec.TopicIndex = schemas.KindTransfer, move, 0
	case "end":
		rec.Kind, rec.Move, rec.TopicIndex = schemas.KindEnd, move, 0
	case "merge":
		rec.Kind, rec.Move, rec.TopicIndex = schemas.KindMergeOut, move, 0
	case "note":
		rec.Kind, rec.Item, rec.TopicIndex = schemas.KindNote, item, 3
	case "strip":
		rec.Kind, rec.Item, rec.TopicIndex = schemas.KindStrip, item, 2
	case "image":
		rec.Kind, rec.Item, rec.TopicIndex = schemas.KindImage, item, 4
	case "tick":
		rec.Kind, rec.Patient = schemas.KindTick, ""
	case "use":
		rec.Kind, rec.Patient, rec.Use = schemas.KindUse, "", &schemas.Use{Model: argOf(d, "model"), Policy: argOf(d, "policy")}
	case "ack", "snooze", "verdict":
		c := &schemas.Command{Verb: map[string]string{"ack": "acknowledge", "snooze": "snooze", "verdict": "verdict"}[d.Cmd], Actor: "nurse"}
		for id, name := range s.ids {
			if name == argOf(d, "alert") {
				c.Alert = id
			}
		}
		if d.Cmd == "snooze" {
			c.Until = scriptTime(t, d, "until")
		}
		rec.Kind, rec.Command, rec.TopicIndex = schemas.KindCommand, c, 5
	case "vitals":
		rec.Kind = schemas.KindObservations
		var flags schemas.Flag
		for flag, name := range map[schemas.Flag]string{schemas.Corrected: "corrected", schemas.Retracted: "retracted", schemas.Untestable: "untestable"} {
			if has(d, name) {
				flags |= flag
			}
		}
		for _, arg := range d.CmdArgs {
			if name := shortNames[arg.Key]; name != "" {
				ch, ok := schemas.ChannelByName(name)
				v, err := strconv.ParseFloat(arg.Vals[0], 32)
				if !ok || err != nil {
					t.Fatalf("%s: %v", d.Pos, arg)
				}
				rec.Observations = append(rec.Observations, schemas.Observation{Channel: ch, Flags: flags, EventTime: event, Value: float32(v), Ref: fmt.Sprintf("T:%d", s.offset+1)})
			}
		}
	default:
		t.Fatalf("%s: unknown record %s", d.Pos, d.Cmd)
	}
	return rec
}

func (s *script) print(t *testing.T, out []Output) string {
	var b strings.Builder
	for i := range out {
		switch out[i].Topic {
		case schemas.TopicScores:
			sc, err := schemas.DecodeScore(out[i].Value)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %s n%d log %d (%s): NEWS2 %d", clock(sc.AsOf), sc.Stay, sc.N, sc.LogN, sc.Due, sc.NEWS2.Value)
			if n := len(sc.NEWS2.Missing); n > 0 {
				fmt.Fprintf(&b, ", %d missing", n)
			}
			for _, in := range sc.NEWS2.Inputs {
				fmt.Fprintf(&b, ", %s %v %s", in.Channel, in.Value, in.Ref)
			}
			for _, which := range byName {
				name := encoders.Names[which]
				if m := sc.Modalities[name]; m.State != schemas.Absent {
					fmt.Fprintf(&b, "; %s %s %ds", name, m.State, *m.AgeS)
				}
			}
			if len(sc.Flags) > 0 {
				fmt.Fprintf(&b, " %v", sc.Flags)
			}
			b.WriteByte('\n')
		case schemas.TopicAlerts:
			a, err := schemas.DecodeAlert(out[i].Value)
			if err != nil {
				t.Fatal(err)
			}
			if s.ids[a.ID] == "" {
				n := 1
				for _, name := range s.ids {
					if strings.HasPrefix(name, a.Task+"/") {
						n++
					}
				}
				s.ids[a.ID] = fmt.Sprintf("%s/%d", a.Task, n)
			}
			fmt.Fprintf(&b, "%s %s n%d %s %s r%d %s: %s %v\n", clock(a.AsOf), a.Stay, a.N, a.Phase, s.ids[a.ID], a.Revision, a.Severity, a.Reason, a.Flags)
		}
	}
	return b.String()
}

func clock(at schemas.Time) string {
	return (time.Duration(at-midnight) * time.Millisecond).String()
}

func has(d *datadriven.TestData, key string) bool {
	for _, arg := range d.CmdArgs {
		if arg.Key == key {
			return true
		}
	}
	return false
}

func argOf(d *datadriven.TestData, key string) string {
	for _, arg := range d.CmdArgs {
		if arg.Key == key && len(arg.Vals) > 0 {
			return arg.Vals[0]
		}
	}
	return ""
}

func scriptTime(t *testing.T, d *datadriven.TestData, key string) schemas.Time {
	v, err := time.ParseDuration(argOf(d, key))
	if err != nil {
		t.Fatalf("%s: %s: %v", d.Pos, key, err)
	}
	return midnight + schemas.Time(v.Milliseconds())
}
