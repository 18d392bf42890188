package parity

import (
	"testing"

	"github.com/vigil-icu/vigil/schemas/opendata"
)

func TestWalk(t *testing.T) {
	results, err := Walk(opendata.Reference(t))
	if err != nil {
		t.Fatal(err)
	}
	type count struct {
		ok, bad, skipped int
		max64, max32     float64
	}
	counts := map[string]*count{}
	var order []string
	for _, r := range results {
		n := counts[r.Group]
		if n == nil {
			n = &count{}
			counts[r.Group] = n
			order = append(order, r.Group)
		}
		n.max64, n.max32 = max(n.max64, r.MaxError64), max(n.max32, r.MaxError32)
		switch {
		case r.Skipped != "":
			n.skipped++
			t.Errorf("%s: left out: %s", r.Name, r.Skipped)
		case r.OK:
			n.ok++
		default:
			n.bad++
			t.Errorf("%s: %s", r.Name, r.Err)
		}
	}
	if len(order) < 12 {
		t.Errorf("only the groups %v are there", order)
	}
	for _, g := range order {
		n := counts[g]
		t.Logf("%-15s ok %3d, not ok %3d, skipped %3d; max error float64 %.2g, float32 %.2g", g, n.ok, n.bad, n.skipped, n.max64, n.max32)
	}
}
