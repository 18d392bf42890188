package nn

// Concat sets tensors with equally many rows beside each other: [R][sum of Cols].
func (t *Tape[F]) Concat(xs []Tensor[F]) Tensor[F] {
	cols, graded := 0, false
	parts := t.Tensors(len(xs))
	for i, x := range xs {
		if x.Rows != xs[0].Rows {
			panic("nn: Concat: shapes do not fit")
		}
		parts[i] = x
		cols += x.Cols
		graded = graded || x.Grad != nil
	}
	y := t.New(xs[0].Rows, cols, graded)
	for r := range y.Rows {
		row := y.Row(r)
		for _, x := range parts {
			row = row[copy(row, x.Row(r)):]
		}
	}
	if y.Grad != nil {
		t.Record(func() {
			for r := range y.Rows {
				row := y.GradRow(r)
				for _, x := range parts {
					if x.Grad != nil {
						Axpy(x.GradRow(r), 1, row[:x.Cols])
					}
					row = row[x.Cols:]
				}
			}
		})
	}
	return y
}

// Columns is the columns of x with from <= column < to, [Rows][to-from].
func (t *Tape[F]) Columns(x Tensor[F], from, to int) Tensor[F] {
	if from < 0 || to < from || to > x.Cols {
		panic("nn: Columns: shapes do not fit")
	}
	y := t.New(x.Rows, to-from, x.Grad != nil)
	for r := range y.Rows {
		copy(y.Row(r), x.Row(r)[from:to])
	}
	if y.Grad != nil {
		t.Record(func() {
			for r := range y.Rows {
				Axpy(x.GradRow(r)[from:to], 1, y.GradRow(r))
			}
		})
	}
	return y
}

// Gather is the rows of x by index [R], [R][Cols]; a row may be taken several times, and
// its gradients add up. index must stay as it is until Backward has run.
func (t *Tape[F]) Gather(x Tensor[F], index []int) Tensor[F] {
	y := t.New(len(index), x.Cols, x.Grad != nil)
	for r, from := range index {
		copy(y.Row(r), x.Row(from))
	}
	if y.Grad != nil {
		t.Record(func() {
			for r, from := range index {
				Axpy(x.GradRow(from), 1, y.GradRow(r))
			}
		})
	}
	return y
}

// Each is row `at` of every group of `size` rows, [Rows/size][Cols].
func (t *Tape[F]) Each(x Tensor[F], size, at int) Tensor[F] {
	if size < 1 || x.Rows%size != 0 || at < 0 || at >= size {
		panic("nn: Each: shapes do not fit")
	}
	index := t.Ints(x.Rows / size)
	for g := range index {
		index[g] = g*size + at
	}
	return t.Gather(x, index)
}

// Append puts the rows of y behind those of x, group by group: x is [groups*m][C], y
// [groups*n][C], the result [groups*(m+n)][C].
func (t *Tape[F]) Append(x, y Tensor[F], groups int) Tensor[F] {
	if groups < 1 || x.Cols != y.Cols || x.Rows%groups != 0 || y.Rows%groups != 0 {
		panic("nn: Append: shapes do not fit")
	}
	z := t.New(x.Rows+y.Rows, x.Cols, x.Grad != nil || y.Grad != nil)
	m, n := x.Rows/groups*x.Cols, y.Rows/groups*y.Cols
	for g := range groups {
		at := g * (m + n)
		copy(z.Value[at:at+m], x.Value[g*m:])
		copy(z.Value[at+m:at+m+n], y.Value[g*n:])
	}
	if z.Grad != nil {
		t.Record(func() {
			for g := range groups {
				at := g * (m + n)
				if x.Grad != nil {
					Axpy(x.Grad[g*m:(g+1)*m], 1, z.Grad[at:at+m])
				}
				if y.Grad != nil {
					Axpy(y.Grad[g*n:(g+1)*n], 1, z.Grad[at+m:at+m+n])
				}
			}
		})
	}
	return z
}

// Mean is the mean of each group of `size` rows, [Rows/size][Cols], added up in their
// order.
func (t *Tape[F]) Mean(x Tensor[F], size int) Tensor[F] { return t.MeanFirst(x, size, size) }

// MeanFirst is the mean of the first n rows of each group of `size` rows,
// [Rows/size][Cols].
func (t *Tape[F]) MeanFirst(x Tensor[F], size, n int) Tensor[F] {
	if size < 1 || n < 1 || n > size || x.Rows%size != 0 {
		panic("nn: MeanFirst: shapes do not fit")
	}
	y := t.New(x.Rows/size, x.Cols, x.Grad != nil)
	clear(y.Value)
	each := 1 / F(n)
	for g := range y.Rows {
		for r := g * size; r < g*size+n; r++ {
			Axpy(y.Row(g), each, x.Row(r))
		}
	}
	if y.Grad != nil {
		t.Record(func() {
			for g := range y.Rows {
				for r := g * size; r < g*size+n; r++ {
					Axpy(x.GradRow(r), each, y.GradRow(g))
				}
			}
		})
	}
	return y
}

// Max is the largest of each group of `size` rows, column by column, [Rows/size][Cols].
// The gradient goes to the first row that is as large.
func (t *Tape[F]) Max(x Tensor[F], size int) Tensor[F] {
	if size < 1 || x.Rows%size != 0 {
		panic("nn: Max: shapes do not fit")
	}
	y := t.New(x.Rows/size, x.Cols, x.Grad != nil)
	for g := range y.Rows {
		MaxRows(y.Row(g), x.Value[g*size*x.Cols:(g+1)*size*x.Cols])
	}
	if y.Grad != nil {
		t.Record(func() {
			for g := range y.Rows {
				for c, top := range y.Row(g) {
					for r := g * size; r < (g+1)*size; r++ {
						if x.Value[r*x.Cols+c] == top {
							x.Grad[r*x.Cols+c] += y.Grad[g*y.Cols+c]
							break
						}
					}
				}
			}
		})
	}
	return y
}
