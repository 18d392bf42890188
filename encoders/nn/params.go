package nn

import "fmt"

// Param is one named parameter of [Params]; [NoParam] stands for none.
type Param int

// NoParam is the bias of a layer without one.
const NoParam Param = -1

// Params are named parameters over one flat slice, so that optimiser, clipping,
// averaging, reduction and checkpoints are loops over flat memory.
type Params[F Float] struct {
	Names   []string
	Shapes  [][]int
	Offsets []int // of a parameter's first element in Values
	Values  []F
	Later   bool // Add makes no room in Values: Make does, once the size is known to be right
	index   map[string]Param
	total   int
}

// Add appends a parameter of zeros. A name that is there already panics. Slices that
// Value gave before are no longer those of the parameters.
func (p *Params[F]) Add(name string, shape ...int) Param {
	if p.index == nil {
		p.index = map[string]Param{}
	}
	if _, twice := p.index[name]; twice {
		panic(fmt.Sprintf("nn: Params.Add: %q is there already", name))
	}
	n := 1
	for _, d := range shape {
		n = min(n*d, tooMany)
	}
	i := Param(len(p.Names))
	p.index[name] = i
	p.Names, p.Shapes, p.Offsets = append(p.Names, name), append(p.Shapes, shape), append(p.Offsets, p.total)
	p.total = min(p.total+n, tooMany)
	if !p.Later {
		p.Make()
	}
	return i
}

// tooMany elements: sizes stay there, so that none overflows.
const tooMany = 1 << 40

// Total is the number of elements of all parameters.
func (p *Params[F]) Total() int { return p.total }

// Make makes room in Values for what was added.
func (p *Params[F]) Make() { p.Values = append(p.Values, make([]F, p.total-len(p.Values))...) }

// Len is the number of elements of a parameter.
func (p *Params[F]) Len(i Param) int {
	if int(i)+1 < len(p.Offsets) {
		return p.Offsets[i+1] - p.Offsets[i]
	}
	return p.total - p.Offsets[i]
}

// Value is the parameter's part of Values.
func (p *Params[F]) Value(i Param) []F { return p.part(p.Values, i) }

func (p *Params[F]) part(flat []F, i Param) []F {
	from := p.Offsets[i]
	to := from + p.Len(i)
	return flat[from:to:to]
}

// Named finds a parameter by its name.
func (p *Params[F]) Named(name string) (Param, bool) {
	i, ok := p.index[name]
	return i, ok
}

// PackedParams are packed weights by parameter, for tapes that serve: a layer's, or
// those of a stack of layers. It is immutable once its parts are in.
type PackedParams struct{ stacks map[Param][]*Packed }

// Pack packs a parameter w [count][N][K] with its bias b [count][N], or NoParam.
func (p *PackedParams) Pack(from *Params[float32], w, b Param, count, n, k int) {
	if p.stacks == nil {
		p.stacks = map[Param][]*Packed{}
	}
	for i := range count {
		var bias []float32
		if b != NoParam {
			bias = from.Value(b)[i*n : (i+1)*n]
		}
		p.stacks[w] = append(p.stacks[w], Pack(from.Value(w)[i*n*k:(i+1)*n*k], bias, n, k))
	}
}

func (p *PackedParams) layer(w Param, i int) *Packed {
	if p == nil {
		return nil
	}
	if s := p.stacks[w]; i < len(s) {
		return s[i]
	}
	return nil
}
