package monitor

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/script"
	"github.com/vigil-icu/vigil/schemas"
)

// TestScripts runs testdata/scripts: records of a partition's log in, scores and
// alerts out. Times are durations since midnight. A record has the next sequence
// number of its source, or seq=; a source is without movements unless `adt` is
// said.
//
//	admit at=8h p=a stay=S1 adt            also transfer, end cause=, undo
//	merge at=9h p=a into=b adt             also unmerge; what a hands to b comes at once
//	vitals at=8h1m p=a hr=80 rr=16 ev=8h   ev: measured at; corrected, retracted
//	note at=9h p=a                         also strip, image; state=unusable
//	ack at=9h p=a alert=news2/1            also verdict, snooze until=
//	tick at=10h
//	settings interval=1m inputs=alerting
//	use model=x policy=y
func TestScripts(t *testing.T) {
	script.Run(t, "testdata/scripts", func() func(*script.Line) string {
		return (&story{m: &Monitor{Policy: alerts.DefaultPolicy()}, state: NewPartition(), seq: map[string]uint64{}}).tell
	})
}

type story struct {
	m      *Monitor
	state  *Partition
	offset int64
	seq    map[string]uint64
}

var shortNames = map[string]string{
	"hr": "heart_rate", "rr": "respiratory_rate", "spo2": "spo2", "fio2": "fio2", "flow": "oxygen_flow", "vent": "ventilated",
	"sbp": "systolic_cuff", "art": "systolic_arterial", "gcs": "gcs_total", "eye": "gcs_eye", "verbal": "gcs_verbal",
	"motor": "gcs_motor", "avpu": "avpu", "temp": "temperature", "k": "potassium",
}

const midnight = script.Midnight

func (s *story) tell(l *script.Line) string {
	if l.Cmd == "settings" {
		s.m.Settings = Settings{Inputs: Inputs(l.Text("inputs"))}
		if l.HasArg("interval") {
			s.m.Settings.ScoreInterval = l.Duration("interval")
		}
		if err := s.m.Settings.Validate(); err != nil {
			return err.Error()
		}
		return "ok"
	}
	rec := s.record(l)
	s.offset++
	before := s.state.Counts()
	out, err := s.m.Step(s.state, rec, s.offset, nil)
	if err != nil {
		return err.Error()
	}
	text := printed(l, out)
	for handed := out; len(handed) > 0; handed = handed[1:] {
		if handed[0].Topic != schemas.TopicADT {
			continue
		}
		rec, err := schemas.DecodeRecord(handed[0].Value)
		if err != nil {
			l.Fatalf("%v", err)
		}
		text += fmt.Sprintf("from %s to %s:\n", rec.Source, rec.Patient)
		s.offset++
		more, err := s.m.Step(s.state, rec, s.offset, nil)
		if err != nil {
			return err.Error()
		}
		text += printed(l, more)
		handed = append(handed, more...)
	}
	if s.state.Counts().Duplicates > before.Duplicates {
		text += "repeat\n"
	}
	if s.state.Counts().Unadmitted > before.Unadmitted {
		text += "no stay is open\n"
	}
	if s.state.Counts().Unmatched > before.Unmatched {
		text += "nothing was there to take back\n"
	}
	if s.state.Counts().Restarts > before.Restarts {
		text += "the sender was started again\n"
	}
	return text
}

func (s *story) record(l *script.Line) *schemas.Record {
	rec := &schemas.Record{Patient: "ward:" + l.Text("p"), Source: "bed", TopicIndex: 1}
	if l.Cmd != "use" {
		rec.At = l.Time("at")
	}
	if v := l.Text("src"); v != "" {
		rec.Source = v
	}
	event := rec.At
	if l.Text("ev") != "" {
		event = l.Time("ev")
	}
	if l.HasArg("adt") {
		rec.Provenance |= schemas.SourceHasADT
	}
	if l.HasArg("invented") {
		rec.Provenance |= schemas.Invented
	}
	rec.HasSeq = !l.HasArg("noseq")
	sender := rec.Patient + rec.Source
	s.seq[sender]++
	rec.Seq = s.seq[sender]
	if v := l.Text("seq"); v != "" {
		rec.Seq, _ = strconv.ParseUint(v, 10, 64)
		s.seq[sender] = max(s.seq[sender]-1, rec.Seq)
	}
	h := fnv.New64a()
	fmt.Fprint(h, l.Cmd)
	for _, arg := range l.CmdArgs { // the arrival is part of what identifies a record only without a number
		if arg.Key != "seq" && arg.Key != "src" && (arg.Key != "at" || !rec.HasSeq) {
			fmt.Fprint(h, arg)
		}
	}
	rec.Hash = h.Sum64()
	rec.Stay = l.Text("stay")
	move := &schemas.Move{Stay: l.Text("stay"), Unit: l.Text("unit"), Bed: l.Text("bed"), Cause: l.Text("cause")}
	if l.Text("ev") != "" {
		move.At = event
	}
	item := &schemas.Item{EventTime: event, State: schemas.Present}
	if v := l.Text("state"); v != "" {
		item.State = schemas.ItemState(v)
	}
	switch l.Cmd {
	case "admit":
		rec.Kind, rec.Move, rec.TopicIndex = schemas.KindAdmit, move, 0
		move.Statics.Scale2 = l.HasArg("scale2")
	case "transfer":
		rec.Kind, rec.Move, rec.TopicIndex = schemas.KindTransfer, move, 0
	case "end":
		rec.Kind, rec.Move, rec.TopicIndex = schemas.KindEnd, move, 0
	case "merge", "unmerge":
		rec.Kind, rec.Move, rec.TopicIndex = schemas.KindMergeOut, move, 0
		if l.Cmd == "unmerge" {
			rec.Kind = schemas.KindUnmerge
		}
		if l.HasArg("into") {
			move.Other = "ward:" + l.Text("into")
		}
	case "undo":
		rec.Kind, rec.Move, rec.TopicIndex = schemas.KindReopen, move, 0
	case "note":
		rec.Kind, rec.Item, rec.TopicIndex = schemas.KindNote, item, 3
	case "strip":
		rec.Kind, rec.Item, rec.TopicIndex = schemas.KindStrip, item, 2
	case "image":
		rec.Kind, rec.Item, rec.TopicIndex = schemas.KindImage, item, 4
	case "tick":
		rec.Kind, rec.Patient = schemas.KindTick, ""
	case "use":
		rec.Kind, rec.Patient, rec.Use = schemas.KindUse, "", &schemas.Use{Model: l.Text("model"), Policy: l.Text("policy")}
	case "ack", "snooze", "verdict":
		rec.Kind, rec.Command, rec.TopicIndex = schemas.KindCommand, l.Answer(), 5
		rec.Command.Actor = "nurse"
	case "vitals":
		rec.Kind = schemas.KindObservations
		var flags schemas.Flag
		for flag, name := range map[schemas.Flag]string{schemas.Corrected: "corrected", schemas.Retracted: "retracted", schemas.Untestable: "untestable"} {
			if l.HasArg(name) {
				flags |= flag
			}
		}
		for _, arg := range l.CmdArgs {
			if name := shortNames[arg.Key]; name != "" {
				ch, ok := schemas.ChannelByName(name)
				v, err := strconv.ParseFloat(arg.Vals[0], 32)
				if !ok || err != nil {
					l.Fatalf("%v", arg)
				}
				ref := fmt.Sprintf("T:%d", s.offset+1)
				if v := l.Text("ref"); v != "" {
					ref = v
				}
				rec.Observations = append(rec.Observations, schemas.Observation{Channel: ch, Flags: flags, EventTime: event, Value: float32(v), Ref: ref})
			}
		}
	default:
		l.Fatalf("unknown record %s", l.Cmd)
	}
	return rec
}

func printed(l *script.Line, out []Output) string {
	var b strings.Builder
	for i := range out {
		switch out[i].Topic {
		case schemas.TopicScores:
			sc, err := schemas.DecodeScore(out[i].Value)
			if err != nil {
				l.T.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %s n%d log %d (%s): NEWS2 %d", script.Clock(sc.AsOf), sc.Stay, sc.N, sc.LogN, sc.Due, sc.NEWS2.Value)
			if n := len(sc.NEWS2.Missing); n > 0 {
				fmt.Fprintf(&b, ", %d missing", n)
			}
			for _, in := range sc.NEWS2.Inputs {
				fmt.Fprintf(&b, ", %s %v %s", in.Channel, in.Value, in.Ref)
				if in.Stale {
					b.WriteString(" (stale)")
				}
			}
			for _, name := range slices.Sorted(maps.Keys(sc.Modalities)) {
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
				l.T.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %s n%d %s %s r%d %s: %s %v\n", script.Clock(a.AsOf), a.Stay, a.N, a.Phase, l.Name(a), a.Revision, a.Severity, a.Reason, a.Flags)
		}
	}
	return b.String()
}
