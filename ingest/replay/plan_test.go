package replay

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

const (
	hour   = schemas.Hour
	minute = schemas.Minute
)

func plan(t *testing.T, s source.Source, o Options) *Plan {
	t.Helper()
	p, err := NewPlan(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlayOfOnePatient(t *testing.T) {
	admit := schemas.Time(4e12)
	again := admit + 30*hour
	u := &unit{patients: []*source.Patient{{
		ID:    "unit:1",
		Stays: []source.Stay{{ID: "a", Admit: admit, End: admit + 10*hour}, {ID: "b", Admit: again, End: again + 5*hour}},
		Events: []schemas.Event{
			vitals(admit-60*hour, admit-60*hour, "1"), // older than 48 h: all at the very start
			vitals(admit-48*hour, admit-48*hour, "2"),
			vitals(admit-172801, admit-172801, "3"), // one ms over a step: rounded away from the admission
			vitals(admit-1, admit-1, "4"),
			move("admit", "a", admit),
			vitals(admit, admit-hour, "5"),
			vitals(admit+1234, admit+1234, "6"),
			move("discharge", "a", admit+10*hour),
			vitals(admit+10*hour, admit+9*hour, "7"),      // at the end itself: still the first stay's
			vitals(admit+10*hour+1, admit+10*hour, "8"),   // behind it: the 48 h before the next
			vitals(again-10*minute, again-10*minute, "9"), // available before, to the second
			move("admit", "b", again),
			move("death", "b", again+5*hour),
			vitals(again+50*hour, again+4*hour, "10"), // late: goes on behind the end
		},
	}}}
	p := plan(t, u, Options{})
	// The first segment's last play is at 10 h; the second starts Gap later.
	end := 1000 + 10*int64(hour)
	second := end + Gap
	want := map[string]int64{
		"1": 0, "2": 0, "3": 998, "4": 999, "5": 1000, "6": 2234, "7": end,
		"8": second - 417, "9": second - 4, "10": second + 50*int64(hour),
		"admit a": 1000, "discharge a": end, "admit b": second, "death b": second + 5*int64(hour),
	}
	got := map[string]int64{}
	for i := range p.Len() {
		e := p.Event(i)
		name := ""
		if e.ADT != nil {
			name = e.ADT.Type + " " + e.ADT.Stay
		} else {
			name = string(e.Vitals.Values["heart_rate"])
		}
		got[name] = e.Play
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for play, want := range map[int64]schemas.Time{0: admit - 1000, 2234: admit + 1234, end: admit + 10*hour, second: again, second + 60*int64(hour): again + 60*hour} {
		if at, ok := p.TimeOf("unit:1", play); !ok || at != want {
			t.Errorf("at playing time %d the patient has %v, %v, want %v", play, at, ok, want)
		}
	}
	if p.End != second+50*int64(hour) {
		t.Errorf("the plan ends at %d, not at its last play %d", p.End, second+50*int64(hour))
	}
}

func TestPlanProperties(t *testing.T) {
	for _, beds := range []int{0, 1, 3} {
		p := plan(t, invented(12, 7), Options{Beds: beds})
		lastAvailable := map[string]schemas.Time{}
		lastPlay := map[string]int64{}
		seq := map[string]uint64{}
		open := map[string]bool{}
		for i := range p.Len() {
			e := p.Event(i)
			if e.Play < 0 {
				t.Fatalf("play %d", e.Play)
			}
			if i > 0 && compare(p.Event(i-1), e) > 0 {
				t.Fatal("not in the order of the merge")
			}
			if e.Play > lastPlay[e.Patient] && e.AvailableTime < lastAvailable[e.Patient] {
				t.Fatalf("play of %s grows to %d while available time falls", e.Patient, e.Play)
			}
			lastPlay[e.Patient], lastAvailable[e.Patient] = e.Play, max(lastAvailable[e.Patient], e.AvailableTime)
			key := e.Patient + e.Topic
			if seq[key]++; e.Seq != seq[key] {
				t.Fatalf("seq %d of %s, want %d", e.Seq, key, seq[key])
			}
			if e.ADT != nil {
				if e.ADT.Type == "admit" {
					if open[e.Patient] {
						t.Fatalf("the stays of %s overlap", e.Patient)
					}
					open[e.Patient] = true
				} else {
					delete(open, e.Patient)
				}
				if beds > 0 && len(open) > beds {
					t.Fatalf("%d stays in %d beds", len(open), beds)
				}
			}
		}
	}
}

// TestPlanDoesNotDependOnReadOrder shuffles the patients.
func TestPlanDoesNotDependOnReadOrder(t *testing.T) {
	want := plan(t, invented(9, 3), Options{Beds: 2, Run: "x"})
	for seed := range uint64(3) {
		u := invented(9, 3)
		rand.New(rand.NewPCG(seed, 2)).Shuffle(len(u.patients), func(i, j int) { u.patients[i], u.patients[j] = u.patients[j], u.patients[i] })
		got := plan(t, u, Options{Beds: 2, Run: "x"})
		if got.Run != want.Run {
			t.Fatalf("run %s, want %s", got.Run, want.Run)
		}
		if diff := cmp.Diff(want.events, got.events); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestRunNameAndHash(t *testing.T) {
	base := plan(t, invented(3, 3), Options{})
	named := plan(t, invented(3, 3), Options{Run: "night"})
	if got := named.Event(0).Patient; !strings.HasPrefix(got, "night/unit:") {
		t.Errorf("patient %q", got)
	}
	if !strings.HasPrefix(named.Run, "night@") || named.Event(0).Run != named.Run || named.Event(0).Vitals.Patient != named.Event(0).Patient {
		t.Errorf("run %q, patient %q", named.Run, named.Event(0).Vitals.Patient)
	}
	if base.Source != named.Source || !strings.HasPrefix(base.Source, "unit@") {
		t.Errorf("sources %q, %q", base.Source, named.Source)
	}
	hashes := []string{base.Run, plan(t, invented(3, 4), Options{}).Run, plan(t, invented(3, 3), Options{Beds: 1}).Run,
		plan(t, invented(3, 3), Options{Only: []string{"unit:101"}}).Run, strings.TrimPrefix(named.Run, "night@")}
	slices.Sort(hashes)
	if len(slices.Compact(hashes)) != 5 {
		t.Errorf("five unlike runs, hashes %q", hashes)
	}
}

func TestPlanRefuses(t *testing.T) {
	admit := schemas.Time(4e12)
	overlap := func() *unit {
		return &unit{patients: []*source.Patient{{ID: "unit:1", Stays: []source.Stay{{ID: "a", Admit: admit, End: admit + 2*hour}, {ID: "b", Admit: admit + hour, End: admit + 3*hour}}}}}
	}
	for _, c := range []struct {
		name string
		s    source.Source
		o    Options
		want string
	}{
		{"a run name with a slash", invented(1, 1), Options{Run: "a/b"}, "run name"},
		{"negative beds", invented(1, 1), Options{Beds: -1}, "beds"},
		{"an unknown patient", invented(1, 1), Options{Only: []string{"unit:9"}}, `no patient "unit:9"`},
		{"overlapping stays", overlap(), Options{}, "while stay a has not ended"},
		{"a source that fails", &unit{patients: invented(3, 1).patients, failAt: 2}, Options{}, "torn"},
		{"a patient twice", &unit{patients: append(invented(1, 1).patients, invented(1, 1).patients...)}, Options{}, "twice"},
		{"events out of order", &unit{patients: []*source.Patient{{ID: "unit:1", Stays: []source.Stay{{ID: "a", Admit: admit}},
			Events: []schemas.Event{vitals(admit+2, admit, "1"), vitals(admit+1, admit, "1")}}}}, Options{}, "before the one ahead"},
	} {
		_, err := NewPlan(context.Background(), c.s, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want it to say %q", c.name, err, c.want)
		}
	}
}
