package source

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

const (
	commonest   = 50 // how many unmapped codes are reported
	maxProblems = 20 // how many unreadable rows are reported word by word
)

// Counter puts every row that a source reads into one class of RowCount. C is what the
// source's codes are, such as the numbers of items or the names of parameters. It belongs
// to one goroutine.
type Counter[C cmp.Ordered] struct {
	Used, Duplicate    int // rows, which the source counts up itself
	Recorded, Modelled int // used rows by where their available time comes from
	Assumed            int // used rows that were read in another unit than they name

	rejected map[schemas.Reason]int
	unmapped map[C]int
	problems []string
}

// NewCounter returns a counter that has counted nothing yet.
func NewCounter[C cmp.Ordered]() *Counter[C] {
	return &Counter[C]{rejected: make(map[schemas.Reason]int), unmapped: make(map[C]int)}
}

// Reject counts a row that is not used, under the reason why not.
func (c *Counter[C]) Reject(r schemas.Reason) { c.rejected[r]++ }

// Unmap counts a row whose code the channel table does not know.
func (c *Counter[C]) Unmap(code C) { c.unmapped[code]++ }

// Unmapped says whether Unmap has counted a row of the code: of such codes a source looks
// up the names.
func (c *Counter[C]) Unmapped(code C) bool { return c.unmapped[code] > 0 }

// Problem keeps what is wrong with an unreadable row, file and line first, for people. The
// first 20 are kept: a file that is damaged throughout would fill the memory. The row
// itself is counted by Reject.
func (c *Counter[C]) Problem(problem string) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, problem)
	}
}

// Rows sums the classes up. label says what a code is called, for people, and may be nil.
// Codes with as many rows as each other are ordered by code, so that the same data give
// the same report.
func (c *Counter[C]) Rows(label func(code C) string) RowCount {
	out := RowCount{
		Used: c.Used, Duplicate: c.Duplicate,
		RejectedBy:    make(map[schemas.Reason]int, len(c.rejected)),
		Problems:      c.problems,
		RecordedTimes: c.Recorded, ModelledTimes: c.Modelled, AssumedUnits: c.Assumed,
	}
	for reason, n := range c.rejected {
		out.Rejected += n
		out.RejectedBy[reason] = n
	}
	codes := make([]C, 0, len(c.unmapped))
	for code, n := range c.unmapped {
		out.Unmapped += n
		codes = append(codes, code)
	}
	out.Read = out.Used + out.Unmapped + out.Duplicate + out.Rejected
	slices.SortFunc(codes, func(a, b C) int {
		return cmp.Or(-cmp.Compare(c.unmapped[a], c.unmapped[b]), cmp.Compare(a, b))
	})
	for _, code := range codes[:min(len(codes), commonest)] {
		count := CodeCount{Code: fmt.Sprint(code), Count: c.unmapped[code]}
		if label != nil {
			count.Label = label(code)
		}
		out.UnmappedCodes = append(out.UnmappedCodes, count)
	}
	return out
}
