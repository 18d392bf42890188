package boost

import (
	"encoding/json"
	"fmt"
	"math"
)

// Ensemble is a sum of trees, on the logit scale.
type Ensemble struct {
	Features []string  `json:"features"`
	Bias     float32   `json:"bias"`
	Trees    []Tree    `json:"trees"`
	Gain     []float32 `json:"-"` // what each feature gained in training
}

// Tree is a tree of splits. Node i has the children Left[i] and Left[i]+1, or is a leaf where
// Left[i] is 0.
type Tree struct {
	Feature   Columns   `json:"f"`
	Threshold []float32 `json:"t"` // a row goes left where its feature is below; of a leaf, its value
	Left      []uint8   `json:"l"`
	Unknown   []uint8   `json:"u"` // 1 where an unknown feature goes right
}

// Columns are the features of a tree's nodes. In a file each takes a byte, so that an ensemble of more than 256
// features is not one to store.
type Columns []uint16

// MarshalJSON writes a byte for each.
func (c Columns) MarshalJSON() ([]byte, error) {
	b := make([]byte, len(c))
	for i, v := range c {
		if v > math.MaxUint8 {
			return nil, fmt.Errorf("feature %d: an ensemble of more than %d features is not stored", v, math.MaxUint8+1)
		}
		b[i] = uint8(v)
	}
	return json.Marshal(b)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Columns) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	*c = make(Columns, len(b))
	for i, v := range b {
		(*c)[i] = uint16(v)
	}
	return nil
}

// Check says what is wrong with an ensemble that was read from a file.
func (e *Ensemble) Check() error {
	for k, t := range e.Trees {
		n := len(t.Left)
		if n == 0 || len(t.Feature) != n || len(t.Threshold) != n || len(t.Unknown) != n {
			return fmt.Errorf("tree %d has parts of %d, %d, %d and %d nodes, want as many of each", k, len(t.Feature), len(t.Threshold), n, len(t.Unknown))
		}
		for i, left := range t.Left {
			if left != 0 && (int(left) <= i || int(left)+1 >= n) {
				return fmt.Errorf("tree %d, node %d: children at %d, want them behind it and within %d", k, i, left, n)
			}
			if left != 0 && int(t.Feature[i]) >= len(e.Features) {
				return fmt.Errorf("tree %d, node %d: feature %d of %d", k, i, t.Feature[i], len(e.Features))
			}
		}
	}
	return nil
}

// Logit is the sum of the trees for one row of features.
func (e *Ensemble) Logit(row []float32) float32 {
	sum := e.Bias
	for k := range e.Trees {
		t := &e.Trees[k]
		i := uint8(0)
		for t.Left[i] != 0 {
			x, right := row[t.Feature[i]], uint8(0)
			if x != x {
				right = t.Unknown[i]
			} else if x >= t.Threshold[i] {
				right = 1
			}
			i = t.Left[i] + right
		}
		sum += t.Threshold[i]
	}
	return sum
}

// Probability is the logistic of a logit.
func Probability(logit float32) float64 { return 1 / (1 + math.Exp(-float64(logit))) }
