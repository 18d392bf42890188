package mimic

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

const (
	commonest   = 50 // unmapped codes that are reported
	maxProblems = 20 // unreadable rows that are reported word by word
)

// counter puts every row read into one class.
type counter struct {
	used, duplicate    int
	unmapped           int
	rejected           map[schemas.Reason]int
	unmappedItems      map[int64]int
	problems           []string
	recorded, modelled int
}

func newCounter() *counter {
	return &counter{rejected: make(map[schemas.Reason]int), unmappedItems: make(map[int64]int)}
}

func (c *counter) reject(r schemas.Reason) { c.rejected[r]++ }

// problem keeps the first few for people.
func (c *counter) problem(problem string) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, problem)
	}
}

func (c *counter) unmap(item int64) {
	c.unmapped++
	c.unmappedItems[item]++
}

// rows sums up; label names an item, for people.
func (c *counter) rows(label func(item int64) string) replay.RowCount {
	out := replay.RowCount{
		Used: c.used, Unmapped: c.unmapped, Duplicate: c.duplicate,
		RejectedBy:    make(map[schemas.Reason]int, len(c.rejected)),
		Problems:      c.problems,
		RecordedTimes: c.recorded, ModelledTimes: c.modelled,
	}
	for reason, n := range c.rejected {
		out.Rejected += n
		out.RejectedBy[reason] = n
	}
	out.Read = out.Used + out.Unmapped + out.Duplicate + out.Rejected

	items := make([]int64, 0, len(c.unmappedItems))
	for item := range c.unmappedItems {
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b int64) int {
		return cmp.Or(-cmp.Compare(c.unmappedItems[a], c.unmappedItems[b]), cmp.Compare(a, b))
	})
	for _, item := range items[:min(len(items), commonest)] {
		out.UnmappedCodes = append(out.UnmappedCodes, replay.CodeCount{
			Code: strconv.FormatInt(item, 10), Label: label(item), Count: c.unmappedItems[item]})
	}
	return out
}
