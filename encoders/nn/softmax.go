package nn

// Softmax replaces x by its softmax; the largest element is taken out first.
func Softmax[F Float](x []F) {
	if len(x) == 0 || isSingle[F]() && softmaxFast(single(x)) {
		return
	}
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	for i, v := range x {
		x[i] = exp(v - top)
	}
	scale := 1 / Sum(x)
	for i := range x {
		x[i] *= scale
	}
}

// SoftmaxBackward adds to dx [N] the gradient of y = softmax(x), given y [N] and its
// gradient dy [N]: dx_i += y_i (dy_i - sum_j y_j dy_j).
func SoftmaxBackward[F Float](dx, y, dy []F) {
	if len(dx) != len(y) || len(dy) != len(y) {
		panic("nn: SoftmaxBackward: shapes do not fit")
	}
	mean := Dot(y, dy)
	for i, v := range y {
		dx[i] += F(v * (dy[i] - mean))
	}
}

// lanes is the number of running sums of a reduction: one vector of float32.
const lanes = 8

// Sum is the sum of x, in 8 running sums (element i goes to sum i mod 8) that are
// added up as a tree at the end: the order depends on the length alone.
func Sum[F Float](x []F) F {
	var s [lanes]F
	i := 0
	for ; i+lanes <= len(x); i += lanes {
		for l, v := range x[i : i+lanes] {
			s[l] += v
		}
	}
	for l, v := range x[i:] {
		s[l] += v
	}
	return tree(&s)
}

// tree adds up eight sums: the upper half to the lower, three times.
func tree[F Float](s *[lanes]F) F {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}
