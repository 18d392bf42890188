package nn

// arena hands out memory that is all given back at once. What it hands out holds what
// was there before.
type arena[T any] struct {
	blocks    [][]T
	block, at int
}

// arenaBlock is the least size of a block, in elements.
const arenaBlock = 1 << 14

func (a *arena[T]) take(n int) []T {
	for ; a.block < len(a.blocks); a.block++ {
		if b := a.blocks[a.block]; a.at+n <= len(b) {
			a.at += n
			return b[a.at-n : a.at : a.at]
		}
		a.at = 0
	}
	size := max(n, arenaBlock)
	if last := len(a.blocks); last > 0 {
		size = max(size, 2*len(a.blocks[last-1]))
	}
	a.blocks = append(a.blocks, make([]T, size))
	a.at = n
	return a.blocks[a.block][:n:n]
}

func (a *arena[T]) reset() { a.block, a.at = 0, 0 }
