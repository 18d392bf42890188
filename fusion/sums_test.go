package fusion

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// tableOf is the score table of a config's network with weights from a seed; steep
// multiplies the scores before their cap.
func tableOf(t testing.TB, c *Config, seed uint64, steep float64) (*Network[float32], *ScoreTable) {
	t.Helper()
	n, err := NewNetwork[float32](c)
	if err != nil {
		t.Fatal(err)
	}
	n.Init(seed)
	for _, p := range []nn.Param{n.Keys.Query.W, n.Keys.Query.B} {
		w := n.params.Value(p)
		for i := range w {
			w[i] *= float32(steep)
		}
	}
	n.freeze()
	return n, newScoreTable(&n.series, n.scores)
}

// exactly is what Sums.attended is to be, in float64 from the scores.
func exactly(n *Network[float32], s *encoders.Series, modality int) []float64 {
	l, members := &n.series, n.series.Members[modality]
	each, columns := l.headColumns(modality), l.Columns(modality)
	out := make([]float64, l.Points*columns)
	for row := range n.scores.Rows {
		h, j := row/l.Points, row%l.Points
		for i, ch := range members {
			var weight float64
			var ratio [3]float64
			for cell, score := range n.scores.Row(row) {
				b := BinOf(s, ch, cell)
				e := math.Exp(float64(score))
				weight += e * float64(b.Count)
				for f := range l.functions() {
					ratio[f] += e * b.term(f)
				}
			}
			at := j*columns + h*each + i
			for f := range l.functions() {
				if weight > 0 {
					out[at+f*len(members)] = ratio[f] / weight
				}
			}
			if at += l.functions() * len(members); l.Intensity {
				out[at] = math.Log1p(weight)
				at += len(members)
			}
			if l.Seen && weight > 0 {
				out[at] = 1
			}
		}
	}
	return out
}

// The sums agree with the closed form in float64 within 5e-6, and so does the attention
// over the cells in float32: for scores of a network as it is drawn, and where they fill
// the range of the cap and a channel was seen one to three times, maybe where they are
// lowest.
func TestSumsAgreeWithTheCells(t *testing.T) {
	for _, c := range []*Config{
		small("hours", nil),
		small("minutes", func(c *Config) { c.Cells = 2880 }),
		small("minutes, z alone", func(c *Config) { c.Cells, c.Values, c.Intensity, c.Seen = 2880, ValuesID, false, true }),
	} {
		for _, steep := range []float64{1, 40, 1e4} {
			n, table := tableOf(t, c, 7, steep)
			sums, worst, far, cells := table.NewSums(), 0.0, float32(0), 0.0
			for _, v := range n.scores.Value {
				far = max(far, v, -v)
			}
			tape := nn.NewTape(&n.params, false)
			for seed := range uint64(6) {
				s := &invented(n.Shape(), seed).Series
				if seed > 2 {
					sparse(s, rand.New(rand.NewPCG(seed, 3)))
				}
				sums.Rebuild(s)
				tape.Reset()
				out := n.series.Outputs(tape, 1)
				n.series.Attend(tape, out, 0, n.scores, n.weights, Cells[float32]{Count: s.Cells, Z: s.Mean, N: s.Count})
				for m := range n.series.Members {
					got, direct := sums.attended(m), out[m].Value
					for i, want := range exactly(n, s, m) {
						worst = max(worst, math.Abs(float64(got[i])-want))
						cells = max(cells, math.Abs(float64(direct[i])-want))
					}
				}
			}
			t.Logf("%-16s scores to %.2f: sums off by at most %.1e, attention over cells in float32 by %.1e", c.Name, far, worst, cells)
			if !(worst <= 5e-6 && cells <= 5e-6) {
				t.Errorf("%s, scores times %v: off by %v and %v", c.Name, steep, worst, cells)
			}
		}
	}
}

// sparse leaves one to three cells of every channel.
func sparse(s *encoders.Series, r *rand.Rand) {
	s.Clear()
	for ch := range s.Channels {
		for range 1 + r.IntN(3) {
			i := ch*s.Cells + r.IntN(s.Cells)
			s.Count[i], s.Mean[i] = 1, float32(max(-6, min(6, 2*r.NormFloat64())))
		}
	}
}

// observations stand for a stay's observations: values by channel and cell, and what is
// summed up of them.
type observations struct {
	series encoders.Series
	values [][]float32
	sums   *Sums
}

// settle makes the cell of its values, and hands the change to the sums.
func (o *observations) settle(at int) {
	ch, cell := at/o.series.Cells, at%o.series.Cells
	before := BinOf(&o.series, ch, cell)
	list := slices.Clone(o.values[at])
	slices.Sort(list) // as the window does: the order of arrival leaves no trace in a cell
	sum := 0.0
	for _, v := range list {
		sum += float64(v)
	}
	if o.series.Count[at], o.series.Mean[at] = float32(len(list)), 0; len(list) > 0 {
		o.series.Mean[at] = float32(sum / float64(len(list)))
	}
	o.sums.Change(ch, cell, before, BinOf(&o.series, ch, cell))
}

// Observations that arrive in any order, some corrected, some taken back, some told
// twice, leave the bits of sums made anew from what is left, and so does the prediction.
func TestSumsKeepNoHistory(t *testing.T) {
	m := drawn(t, small("minutes", func(c *Config) { c.Cells = 2880 }), 5)
	shape := m.Shape()
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		type one struct {
			at    int
			value float32
		}
		kept := make([]one, 1+r.IntN(300))
		for i := range kept {
			kept[i] = one{r.IntN(shape.Channels * shape.Cells), float32(r.NormFloat64() * 2)}
			if i > 0 && r.IntN(3) == 0 {
				kept[i].at = kept[i-1].at
			}
		}
		var first *Sums
		for range 4 {
			o := observations{encoders.NewSeries(shape.Channels, shape.Cells), make([][]float32, shape.Channels*shape.Cells), m.NewSums()}
			for _, i := range r.Perm(len(kept)) {
				k := kept[i]
				o.values[k.at] = append(o.values[k.at], k.value)
				o.settle(k.at)
				switch r.IntN(4) {
				case 0: // a wrong value comes and is taken back
					o.values[k.at] = append(o.values[k.at], k.value+1)
					o.settle(k.at)
					o.values[k.at] = o.values[k.at][:len(o.values[k.at])-1]
					o.settle(k.at)
				case 1: // of a channel and time that nothing else is of
					at := r.IntN(len(o.values))
					o.values[at] = append(o.values[at], 3)
					o.settle(at)
					o.values[at] = o.values[at][:len(o.values[at])-1]
					o.settle(at)
				case 2: // what is there already
					o.settle(k.at)
				}
			}
			anew := m.NewSums()
			anew.Rebuild(&o.series)
			if !slices.Equal(o.sums.fixed, anew.fixed) {
				t.Fatalf("seed %d: the sums are not those made anew", seed)
			}
			if first == nil {
				first = o.sums
			} else if !slices.Equal(o.sums.fixed, first.fixed) {
				t.Fatalf("seed %d: another order gives other bits", seed)
			}
			in := invented(shape, seed)
			in.Series = o.series
			want := predict(m, in)
			got := make([]float32, len(want))
			m.PredictSums(NewScratch(m), []*encoders.Input{in}, []*Sums{o.sums}, got)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: prediction %v by kept sums, %v from the series", seed, got, want)
			}
		}
	}
}

// More observations than any device sends do not wrap the sums: the ratio stays right.
func TestSumsDoNotOverflow(t *testing.T) {
	for _, cells := range []int{48, 2880} {
		n, table := tableOf(t, small("full", func(c *Config) { c.Cells = cells }), 3, 1e4)
		s := invented(n.Shape(), 1).Series
		for i := range s.Count {
			s.Count[i], s.Mean[i] = 1e9, encoders.Limit
		}
		sums := table.NewSums()
		sums.Rebuild(&s)
		for m, members := range n.series.Members {
			for i, v := range sums.attended(m) {
				want := [...]float64{6, 5, 0}
				if f := i % n.series.headColumns(m) / len(members); f < 3 && math.Abs(float64(v)-want[f]) > 1e-5 {
					t.Fatalf("%d cells: function %d is %v, want %v", cells, f, v, want[f])
				}
			}
		}
	}
}

func TestSumsAllocateNothing(t *testing.T) {
	m := drawn(t, small("minutes", func(c *Config) { c.Cells = 2880 }), 5)
	in, sums, s := invented(m.Shape(), 4), m.NewSums(), NewScratch(m)
	batch, kept, out := []*encoders.Input{in}, []*Sums{sums}, make([]float32, len(m.Config().Tasks))
	all := func() {
		sums.Rebuild(&in.Series)
		sums.Change(1, 2000, Bin{}, Bin{2, 0.5})
		m.PredictSums(s, batch, kept, out)
	}
	all()
	if n := testing.AllocsPerRun(10, all); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkOnline is a new observation of a patient who has 2,000 or 40,000: the time
// attention by a change of the sums, with and without making outputs of them, by sums
// made anew, and by the attention over all cells in float32. 48 reference points, 8
// heads, 20 channels, as in the measurements that the design rests on.
func BenchmarkOnline(b *testing.B) {
	for _, cells := range []int{48, 2880} {
		n, table := tableOf(b, small("bench", func(c *Config) {
			c.Cells, c.TimeWidth, c.TimeHeads, c.Values, c.Intensity = cells, 64, 8, ValuesID, false
			c.Channels = nil
			for i := range 20 {
				c.Channels = append(c.Channels, Channel{Name: fmt.Sprint("c", i), Modality: []string{"vital", "lab"}[i%2], Scale: 1})
			}
		}), 7, 1)
		for _, count := range []int{2000, 40000} {
			r := rand.New(rand.NewPCG(1, 2))
			s := encoders.NewSeries(20, cells)
			for range count {
				i := r.IntN(len(s.Count))
				s.Mean[i] = (s.Mean[i]*s.Count[i] + float32(r.NormFloat64())) / (s.Count[i] + 1)
				s.Count[i]++
			}
			sums := table.NewSums()
			sums.Rebuild(&s)
			name := fmt.Sprintf("cells=%d/observations=%d/", cells, count)
			change := func(k int) {
				ch, cell := k%20, k*7%cells
				i := ch*cells + cell
				before := BinOf(&s, ch, cell)
				s.Count[i], s.Mean[i] = float32(1+k%15), float32(k%97)/16-3
				sums.Change(ch, cell, before, BinOf(&s, ch, cell))
			}
			b.Run(name+"change", func(b *testing.B) {
				b.ReportAllocs()
				for k := range b.N {
					change(k)
				}
			})
			b.Run(name+"change+read", func(b *testing.B) {
				b.ReportAllocs()
				for k := range b.N {
					change(k)
					sums.attended(0)
				}
			})
			b.Run(name+"rebuild+read", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					sums.Rebuild(&s)
					sums.attended(0)
				}
			})
			b.Run(name+"attention-over-cells", func(b *testing.B) {
				tape := nn.NewTape(&n.params, false)
				b.ReportAllocs()
				for b.Loop() {
					tape.Reset()
					n.series.Attend(tape, n.series.Outputs(tape, 1), 0, n.scores, n.weights, Cells[float32]{Count: cells, Z: s.Mean, N: s.Count})
				}
			})
		}
	}
}
