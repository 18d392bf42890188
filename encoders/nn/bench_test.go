package nn

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// openblas is the program beside, which times the same shapes on OpenBLAS.
type openblas struct {
	in  io.Writer
	out *bufio.Reader
}

var openblasProgram = filepath.Join("..", "..", "bin", "openblas-time")

func startOpenBLAS(b *testing.B) *openblas {
	if _, err := os.Stat(openblasProgram); err != nil {
		b.Log("OpenBLAS was left out: bin/openblas-time is not here; make bench builds it from a C compiler and libopenblas-dev")
		return nil
	}
	c := exec.Command(openblasProgram)
	c.Env = append(os.Environ(), "OPENBLAS_NUM_THREADS=1")
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := c.Wait(); err != nil {
			b.Error(err)
		}
	})
	o := &openblas{in, bufio.NewReader(out)}
	name, err := o.out.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	b.Log("OpenBLAS is " + strings.TrimSpace(name))
	return o
}

func (o *openblas) time(b *testing.B, m, k, n, repeats int) time.Duration {
	fmt.Fprintln(o.in, m, k, n, repeats)
	var ns int64
	if _, err := fmt.Fscan(o.out, &ns); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ns)
}

// The shapes of a network of width 128: one row to serve, 48 reference points, 144
// tokens of three modalities, an expert's hidden 512.
var benchShapes = [][3]int{
	{1, 64, 64}, {1, 128, 128}, {1, 128, 512}, {8, 128, 128}, {32, 64, 64},
	{48, 128, 128}, {48, 128, 512}, {48, 512, 128}, {144, 128, 512}, {256, 512, 512},
}

// BenchmarkProduct prints GF/s on one core, each the best of rounds in which all the
// contestants take turns: ours with packed weights, ours packing on the way (MatMul),
// our plain twin, gonum, OpenBLAS in one thread; and the ratio to OpenBLAS. Operands
// are dense: gonum skips zeros.
func BenchmarkProduct(b *testing.B) {
	blasTimes := startOpenBLAS(b)
	const rounds = 9
	for _, s := range benchShapes {
		m, k, n := s[0], s[1], s[2]
		b.Run(fmt.Sprintf("%dx%dx%d", m, k, n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			x, w, out := random32(r, m*k), random32(r, k*n), make([]float32, m*n)
			packed := Pack(w, nil, n, k)
			for b.Loop() {
				packed.Rows(out, x, m)
			}
			flop := 2 * float64(m) * float64(k) * float64(n)
			repeats := max(1, int(2e8/flop)) // some 2 ms at 100 GF/s
			timed := func(repeats int, f func()) time.Duration {
				start := time.Now()
				for range repeats {
					f()
				}
				return time.Since(start)
			}
			best := map[string]float64{}
			note := func(name string, repeats int, d time.Duration) {
				best[name] = max(best[name], flop*float64(repeats)/float64(d.Nanoseconds()))
			}
			for range rounds {
				note("packed", repeats, timed(repeats, func() { packed.Rows(out, x, m) }))
				if blasTimes != nil {
					note("openblas", repeats, blasTimes.time(b, m, k, n, repeats))
				}
				note("matmul", repeats, timed(repeats, func() { MatMul(out, x, w, m, k, n) }))
				slow := max(1, repeats/8)
				note("gonum", slow, timed(slow, func() {
					gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, x, k, w, n, 0, out, n)
				}))
			}
			for _, name := range []string{"packed", "matmul", "gonum", "openblas"} {
				if v, ok := best[name]; ok {
					b.ReportMetric(v, name+"-GF/s")
				}
			}
			b.ReportMetric(best["packed"]/best["gonum"], "of-gonum")
			if blasTimes != nil {
				b.ReportMetric(best["packed"]/best["openblas"], "of-openblas")
			}
		})
	}
}

// The assembly must stay several times gonum in the same run; a ratio, for times say
// little on a shared machine.
func TestSeveralTimesGonum(t *testing.T) {
	if testing.Short() || !vector {
		t.Skip("a measurement, of the assembly only")
	}
	const m, k, n = 48, 128, 128
	r := rand.New(rand.NewPCG(1, 1))
	x, w, out := random32(r, m*k), random32(r, k*n), make([]float32, m*n)
	packed := Pack(w, nil, n, k)
	ours, theirs := time.Hour, time.Hour
	for range 100 {
		start := time.Now()
		packed.Rows(out, x, m)
		ours = min(ours, time.Since(start))
		start = time.Now()
		gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, x, k, w, n, 0, out, n)
		theirs = min(theirs, time.Since(start))
	}
	t.Logf("%v, gonum %v", ours, theirs)
	if theirs < 2*ours {
		t.Errorf("%dx%dx%d takes %v, gonum %v: less than twice as fast", m, k, n, ours, theirs)
	}
}
