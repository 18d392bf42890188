package nn

import (
	"math"
	"os"

	"golang.org/x/sys/cpu"
)

//go:generate go -C avo run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg nn

// vector says whether the assembly does the work: it does where the CPU has AVX2 and FMA
// and the environment variable VIGIL_KERNELS is not "plain". It is read once, at the
// start.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasFMA && os.Getenv("VIGIL_KERNELS") != "plain"

// wide says whether products are in vectors of 16, which take half the time: where the CPU has AVX-512
// too. Every element is the same chain of the same operations, so the bits are too.
var wide = vector && cpu.X86.HasAVX512F

// The functions below do their work in assembly and say so, or say false.

func expFast(x []float32) bool {
	if !vector || len(x) == 0 {
		return false
	}
	expVector(&x[0], len(x))
	return true
}

func sigmoidFast(x []float32) bool {
	if !vector || len(x) == 0 {
		return false
	}
	sigmoidVector(&x[0], len(x))
	return true
}

func reluFast(x []float32) bool {
	if !vector || len(x) == 0 {
		return false
	}
	reluVector(&x[0], len(x))
	return true
}

func geluFast(x []float32) bool {
	if !vector || len(x) == 0 {
		return false
	}
	geluVector(&x[0], len(x))
	return true
}

func geluBackwardFast(dx, x, dy []float32) bool {
	if !vector || len(x) == 0 {
		return false
	}
	geluBackwardVector(&dx[0], &x[0], &dy[0], len(x))
	return true
}

func softmaxFast(x []float32) bool {
	if !vector || len(x) == 0 {
		return false
	}
	softmaxVector(&x[0], len(x))
	return true
}

func dotFast(a, b []float32) (float32, bool) {
	if !vector || len(a) == 0 {
		return 0, false
	}
	return dotVector(&a[0], &b[0], len(a)), true
}

func axpyFast(y []float32, a float32, x []float32) bool {
	if !vector || len(x) == 0 {
		return false
	}
	axpyVector(&y[0], a, &x[0], len(x))
	return true
}

func distanceFast(a, b []float32) (float64, bool) {
	if !vector || len(a) == 0 {
		return 0, false
	}
	return distanceVector(&a[0], &b[0], len(a)), true
}

func layerNormFast(out, x, gain, bias []float32) bool {
	if !vector || len(x) == 0 {
		return false
	}
	layerNormVector(&out[0], &x[0], &gain[0], &bias[0], len(x))
	return true
}

// fixedExchangeFast does a first part of [FixedExchange], with put and take already times
// FixedScale, and says how many sums that part has; it is a multiple of 8, or 0.
func fixedExchangeFast(sums []int64, e []float32, put, take float64) int {
	const limit = 1 << 51 // where the rounding of the assembly ends
	n := len(sums) &^ 7
	if !vector || n == 0 || !(math.Abs(put) < limit && math.Abs(take) < limit) {
		return 0
	}
	fixedExchangeVector(&sums[0], &e[0], put, take, n)
	return n
}

// sparseFast is tilesFast of one row and packed panels, where it may leave out what is 0 in the row: a part of the row at
// a time it lists what is not. It says false where too little is 0 to be worth it.
func sparseFast(out, row, panels []float32, k, n int) bool {
	const part, least = 256, 64
	if !vector || k < least || n < least {
		return false
	}
	filled := 0
	for _, v := range row {
		filled += notZero(v)
	}
	if k-filled < k/4 {
		return false
	}
	_, _ = out[n-1], panels[n*k-1]
	var (
		values [part]float32
		rows   [part]int
	)
	for top := 0; top < k; top += part {
		count := 0
		for i, v := range row[top:min(k, top+part)] {
			values[count], rows[count] = v, 4*panelWidth*i
			count += notZero(v)
		}
		if count == 0 {
			continue
		}
		for p := 0; p < n/panelWidth; {
			o, line := &out[p*panelWidth], &panels[(p*k+top)*panelWidth]
			if n/panelWidth-p >= 4 {
				sparse1x64(o, line, k*panelWidth, &values[0], &rows[0], count)
				p += 4
			} else {
				sparse1x16(o, line, k*panelWidth, &values[0], &rows[0], count)
				p++
			}
		}
	}
	return true
}

// notZero is 1 for what is not 0, without a branch that nobody foresees.
func notZero(v float32) int {
	b := math.Float32bits(v) << 1
	return int((b | -b) >> 31)
}

// tilesFast is [tiles] in assembly. The last element of each operand is touched first, so
// that a wrong length panics here: the assembly itself knows no bounds. With one or two
// rows it takes several panels at once, because a single row leaves most registers
// unused.
func tilesFast(out []float32, outRow int, a []float32, aRow, aCol int, b []float32, bRow, bPanel, m, k, n int) bool {
	if !vector || m == 0 || k == 0 || n == 0 {
		return false
	}
	_, _, _ = out[(m-1)*outRow+n-1], a[(m-1)*aRow+(k-1)*aCol], b[(k-1)*bRow+(n/panelWidth-1)*bPanel+panelWidth-1]
	for p := 0; p < n/panelWidth; {
		panels := 1
		if left := n/panelWidth - p; m == 1 && left >= 4 {
			panels = 4
		} else if m == 2 && left >= 2 {
			panels = 2
		} else if wide && m > 2 && left >= 2 {
			panels = 2
		}
		line := &b[p*bPanel]
		for i := 0; i < m; {
			rows := nextRows(m - i)
			o, from := &out[i*outRow+p*panelWidth], &a[i*aRow]
			switch {
			case panels == 4:
				tile1x64(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case panels == 2 && m == 2:
				tile2x32(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case panels == 2 && rows == 6:
				wide6x32(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case panels == 2 && rows == 5:
				wide5x32(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case panels == 2 && rows == 4:
				wide4x32(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case panels == 2:
				wide3x32(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case rows == 6:
				tile6x16(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case rows == 5:
				tile5x16(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case rows == 4:
				tile4x16(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case rows == 3:
				tile3x16(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			case rows == 2:
				tile2x16(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			default:
				tile1x16(o, outRow, from, aRow, aCol, line, bRow, bPanel, k)
			}
			i += rows
		}
		p += panels
	}
	return true
}
