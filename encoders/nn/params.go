package nn

import "fmt"

// Param is one named parameter of a [Params], by its place in the order of Add. [NoParam]
// stands for none.
type Param int

// NoParam stands in the place of a parameter that a layer does not have, as the bias of a
// projection.
const NoParam Param = -1

// Params are named parameters over one flat slice of memory, so that the optimiser,
// clipping, averaging, the reduction over shards and checkpoints are loops over a slice
// and know no layer. The order of Add is the order of the values, and of a model file's
// tensors.
type Params[F Float] struct {
	// Names and Shapes are those of the parameters in the order of Add. A shape has any
	// number of dimensions; elements are row-major.
	Names  []string
	Shapes [][]int
	// Offsets are where the parameters begin in Values.
	Offsets []int
	// Values are the elements of all parameters, one behind the other.
	Values []F
	// Later keeps Add from making room in Values. Whoever reads sizes from a file sets
	// it, so that nothing is allocated before the sizes are known to be right, and calls
	// Make then.
	Later bool
	index map[string]Param
	total int
}

// Add appends a parameter of zeros and returns its number. A name that is there already
// panics. Values may move in memory, so that slices which Value gave before are no longer
// those of the parameters.
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

// tooMany is where counts of elements stop growing, so that no product of a file's
// dimensions overflows; no model comes near it.
const tooMany = 1 << 40

// Total is the number of elements of all parameters, whether or not there is room for
// them in Values yet.
func (p *Params[F]) Total() int { return p.total }

// Make makes room in Values for the parameters that were added with Later set; they are
// 0.
func (p *Params[F]) Make() { p.Values = append(p.Values, make([]F, p.total-len(p.Values))...) }

// Len is the number of elements of a parameter, the product of its shape.
func (p *Params[F]) Len(i Param) int {
	if int(i)+1 < len(p.Offsets) {
		return p.Offsets[i+1] - p.Offsets[i]
	}
	return p.total - p.Offsets[i]
}

// Value is a parameter's part of Values, not a copy. It must not be appended to, and has
// no spare capacity.
func (p *Params[F]) Value(i Param) []F { return p.part(p.Values, i) }

// part is a parameter's part of any slice that is laid out as Values, such as gradients.
func (p *Params[F]) part(flat []F, i Param) []F {
	from := p.Offsets[i]
	to := from + p.Len(i)
	return flat[from:to:to]
}

// Named finds a parameter by its name, and says whether there is one.
func (p *Params[F]) Named(name string) (Param, bool) {
	i, ok := p.index[name]
	return i, ok
}

// PackedParams are packed weights by parameter, for tapes that serve: one [PackedLinear]
// for the weights of a layer, several for those of a stack of layers. All goroutines may
// share one once its last Pack has returned.
type PackedParams struct{ stacks map[Param][]*PackedLinear }

// Pack packs the parameter w [count][N][K] with its bias b [count][N], which may be
// NoParam. count is 1 for a single layer.
func (p *PackedParams) Pack(from *Params[float32], w, b Param, count, n, k int) {
	if p.stacks == nil {
		p.stacks = map[Param][]*PackedLinear{}
	}
	for i := range count {
		var bias []float32
		if b != NoParam {
			bias = from.Value(b)[i*n : (i+1)*n]
		}
		p.stacks[w] = append(p.stacks[w], Pack(from.Value(w)[i*n*k:(i+1)*n*k], bias, n, k))
	}
}

// layer is layer i of the stack that was packed for w, nil where nothing was packed.
func (p *PackedParams) layer(w Param, i int) *PackedLinear {
	if p == nil {
		return nil
	}
	if s := p.stacks[w]; i < len(s) {
		return s[i]
	}
	return nil
}
