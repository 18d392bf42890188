package bedside

import (
	"cmp"
	"strings"
)

// sickerFirst is the order of a view: by the gravest open alert, NEWS2 and risk. Who is equally sick comes in the order
// of the beds.
func sickerFirst(a, b Bed) int {
	return cmp.Or(
		cmp.Compare(b.gravest(), a.gravest()),
		cmp.Compare(b.Score.NEWS2.Value, a.Score.NEWS2.Value),
		cmp.Compare(b.risk(), a.risk()),
		natural(a.Bed, b.Bed),
		natural(a.Patient, b.Patient),
	)
}

// gravest is the gravity of the patient's gravest open alert. One of a severity that this program does not know is an
// alert all the same.
func (b *Bed) gravest() int {
	if len(b.Open) == 0 {
		return 0
	}
	return max(gravity(b.Open[0].Severity), 1)
}

// risk is the number in the column of risks, which a model that nobody trained does not have a say in.
func (b *Bed) risk() float32 {
	if !b.Score.Trained {
		return 0
	}
	return b.Score.Risks[riskTask(&b.Score)].Value
}

// natural compares names as people count: Bed 2 before Bed 10. No name comes last.
func natural(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(len(b), len(a))
	}
	whole := strings.Compare(a, b)
	for a != "" && b != "" {
		n, m := digits(a), digits(b)
		if n == 0 || m == 0 {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		x, y := strings.TrimLeft(a[:n], "0"), strings.TrimLeft(b[:m], "0")
		if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
			return c
		}
		a, b = a[n:], b[m:]
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), whole)
}

// digits is how many decimal digits a text begins with.
func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}
