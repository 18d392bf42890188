package training

import (
	"math"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas"
)

// shaped are recordings of an invented lead at 250 Hz, whose features say nothing: a wide beat is of
// the ventricles, and one that comes early from above them.
func shaped() []*Recording {
	list := invented()
	for p, r := range list {
		for i := range r.Strips {
			s := &r.Strips[i]
			s.Truth.Ventricular, s.Truth.Supraventricular = false, false
			s.Features.Beats, s.Classes = nil, nil
			lead := make([]int16, 2500)
			at := 100 + 13*p
			for k := range 11 {
				class, width, next := Other, 4.0, 200
				switch (i + k) % 8 {
				case 3:
					class, width, s.Truth.Ventricular = Ventricular, 14, true
				case 5:
					next = 110
				case 6:
					class, s.Truth.Supraventricular = Supraventricular, true
				}
				for x := -50; x <= 50; x++ {
					if at+x >= 0 && at+x < len(lead) {
						lead[at+x] += int16(300 * math.Exp(-float64(x*x)/(2*width*width)))
					}
				}
				s.Features.Beats, s.Classes = append(s.Features.Beats, at), append(s.Classes, class)
				at += next
			}
			row := s.Features.Leads[0][0]
			s.Features.Leads[0] = slices.Repeat([][]float32{row}, len(s.Features.Beats))
			s.waves, s.peaks = waves(&schemas.Strip{RateHz: 250, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{lead}}, s.Features.Beats)
		}
	}
	for _, r := range list {
		r.Strips = r.Strips[:16]
	}
	return list
}

// A network tells beats of patients whom it has not seen by their shape and time alone, and the
// same beats give the same network.
func TestNetworkTellsBeats(t *testing.T) {
	list := shaped()
	n, again := fitNetwork(list[:3], 1), fitNetwork(list[:3], 1)
	if !slices.Equal(n.params.Values, again.params.Values) {
		t.Error("another network of the same beats")
	}
	tape := nn.NewTape(&n.params, false)
	right, beats := 0, 0
	for i := range list[3].Strips {
		s := &list[3].Strips[i]
		logits := n.logits(tape, s)
		for k, class := range s.Classes {
			found := Other
			for q, v := range [2]float64{logits[0][k], logits[1][k]} {
				if v > 0 {
					found = questions[q]
				}
			}
			beats++
			if found == class {
				right++
			}
		}
	}
	t.Logf("%d of %d beats right", right, beats)
	if 100*right < 95*beats {
		t.Errorf("%d of %d beats are told, want 95 of a hundred", right, beats)
	}
	if fitNetwork(nil, 1) != nil {
		t.Error("a network of no beats")
	}
}

// What a network says of a beat rests on each sample that it sees of it, and on nothing of the
// beats that it is asked for at the same time.
func TestNetworkSeesItsOwnBeat(t *testing.T) {
	n := newNetwork(nn.Draw{Seed: 3})
	tape := nn.NewTape(&n.params, false)
	input := make([]float32, 3*samples*channels)
	row := nn.Draw{Seed: 4}.Row(0, 0)
	for i := range input {
		input[i] = float32(row.Normal(uint64(i)))
	}
	ask := func() []float32 {
		tape.Reset()
		return slices.Clone(n.forward(tape, 3, input, nn.Dropping{}).Value)
	}
	before := ask()
	unseen := 0
	for i := samples * channels; i < 2*samples*channels; i++ {
		was := input[i]
		input[i] += 3
		now := ask()
		input[i] = was
		if !slices.Equal(now[:2], before[:2]) || !slices.Equal(now[4:], before[4:]) {
			t.Fatalf("number %d of the second beat changes what is said of another", i)
		}
		if slices.Equal(now[2:4], before[2:4]) {
			unseen++
		}
	}
	// The places of the last layer reach over 207 samples, and without a border none reaches the end.
	if want := (samples - 207) * channels; unseen != want {
		t.Errorf("%d numbers of a beat change nothing, want %d", unseen, want)
	}
}

// A lead is taken to networkRate by means, without its level and its scale; what is missing and
// what lies beyond the strip is at the level.
func TestWave(t *testing.T) {
	lead := make([]int16, 1000)
	for i := range lead {
		lead[i] = 1000
		if i%100 >= 50 {
			lead[i] = 3000
		}
	}
	for i := 500; i < 520; i++ {
		lead[i] = math.MinInt16
	}
	w := waveOf(lead, 500, []int{50, 110})
	if len(w.values) != 200 {
		t.Fatalf("%d samples of two seconds, want 200", len(w.values))
	}
	for at, want := range map[int]float64{5: -1, 15: 1, 101: 0, 102: 0, -1: 0, 200: 0} {
		if got := float64(w.at(at)); math.Abs(got-want) > 0.1 {
			t.Errorf("sample %d is %.3f, want %v", at, got, want)
		}
	}
	if got, want := w.usual[before+5], (w.at(55)+w.at(115))/2; math.Abs(float64(got-want)) > 1e-6 {
		t.Errorf("the mean of the beats is %v, want %v", got, want)
	}
	if seen := w.see(nil, 50, 1, 2); len(seen) != samples*channels || seen[before*channels] != 2*w.at(51) {
		t.Errorf("%d numbers, the peak %v, want %d and %v", len(seen), seen[before*channels], samples*channels, 2*w.at(51))
	}
}

// Both are judged beside the trees, whose answers stay as they are.
func TestCrossWithNetworks(t *testing.T) {
	list := shaped()
	trees, err := Cross(list, 2, false, func(int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	judged, err := Cross(list, 2, true, func(int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	differ := 0
	for i, j := range judged {
		if j.Findings != trees[i].Findings {
			t.Fatalf("the trees find %+v beside a network, %+v alone", j.Findings, trees[i].Findings)
		}
		if j.Network.Fibrillation != j.Findings.Fibrillation || trees[i].Network.Told {
			t.Fatalf("%+v beside %+v", j, trees[i])
		}
		// The features are the same of all beats, and so the trees' logits: the mean is known.
		odds := func(p float64) float64 { return math.Log(p / (1 - p)) }
		want := 1 / (1 + math.Exp(-odds(j.Findings.Ventricular)/2-odds(j.Network.Ventricular)/2))
		if math.Abs(j.Both.Ventricular-want) > 1e-3 {
			t.Fatalf("both find %v, the network %v and the trees %v, want %v", j.Both.Ventricular, j.Network.Ventricular, j.Findings.Ventricular, want)
		}
		if j.Network.Ventricular != j.Findings.Ventricular {
			differ++
		}
	}
	if differ < len(judged)/2 {
		t.Errorf("network and trees say the same of %d of %d strips", len(judged)-differ, len(judged))
	}
	if _, err := Cross(list[:0], 2, true, func(int) error { return nil }); err == nil {
		t.Error("no recordings: no error")
	}
}

// BenchmarkNetwork is what a network costs on a strip of 11 beats in one lead.
func BenchmarkNetwork(b *testing.B) {
	s := &shaped()[0].Strips[0]
	n := newNetwork(nn.Draw{Seed: 1})
	tape := nn.NewTape(&n.params, false)
	for b.Loop() {
		n.logits(tape, s)
	}
	b.ReportMetric(float64(n.params.Total()), "weights")
}
