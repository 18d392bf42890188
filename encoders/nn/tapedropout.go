package nn

// Dropping is one use of dropout: the elements of row r of a batch are dropped with
// probability Rate by the draw's row First+r of Stream. Rate 0 drops nothing.
type Dropping struct {
	Draw          Draw
	Stream, First uint64
	Rate          float64
}

// Dropout drops elements of x and scales the others by 1/(1-Rate). Every group of
// share rows side by side has one mask, drawn by the group's number.
func (t *Tape[F]) Dropout(x Tensor[F], share int, d Dropping) Tensor[F] {
	if d.Rate == 0 {
		return x
	}
	if share < 1 || x.Rows%share != 0 {
		panic("nn: Dropout: shapes do not fit")
	}
	starts := t.Ints(x.Rows/share + 1)
	for g := range starts {
		starts[g] = g * share
	}
	return t.DropoutGroups(x, starts, d)
}

// DropoutGroups is Dropout where group g of rows is starts[g] to starts[g+1].
func (t *Tape[F]) DropoutGroups(x Tensor[F], starts []int, d Dropping) Tensor[F] {
	if d.Rate == 0 {
		return x
	}
	groups := len(starts) - 1
	if groups < 0 || starts[groups] != x.Rows {
		panic("nn: DropoutGroups: shapes do not fit")
	}
	y, keep := t.New(x.Rows, x.Cols, x.Grad != nil), t.Floats(groups*x.Cols)
	for g := range groups {
		mask := keep[g*x.Cols : (g+1)*x.Cols]
		Keep(mask, d.Draw.Row(d.Stream, d.First+uint64(g)), 0, d.Rate)
		for r := starts[g]; r < starts[g+1]; r++ {
			row := y.Row(r)
			for i, v := range x.Row(r) {
				row[i] = v * mask[i]
			}
		}
	}
	if y.Grad != nil {
		t.Record(func() {
			for g := range groups {
				mask := keep[g*x.Cols : (g+1)*x.Cols]
				for r := starts[g]; r < starts[g+1]; r++ {
					dx := x.GradRow(r)
					for i, v := range y.GradRow(r) {
						dx[i] += F(v * mask[i])
					}
				}
			}
		})
	}
	return y
}
