package train

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/fusion"
)

// Seen are the patients that a model has learned from, so that it is not judged on them: the
// first eight bytes of the SHA-256 of "domain:id", ascending. In JSON they are base64.
type Seen []uint64

// seenOf are the patients of examples.
func seenOf(set *Set, parts ...[]int) (list Seen) {
	for _, part := range parts {
		for _, i := range part {
			list = append(list, keyOf(set.Examples[i].Patient))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// keyOf is what stands for a patient.
func keyOf(patient string) uint64 {
	sum := sha256.Sum256([]byte(patient))
	return binary.BigEndian.Uint64(sum[:])
}

// Has says whether the model has learned from a patient, by its "domain:id".
func (s Seen) Has(patient string) bool {
	_, found := slices.BinarySearch(s, keyOf(patient))
	return found
}

// MarshalJSON is the base64 of the keys, eight bytes each.
func (s Seen) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 8*len(s))
	for _, k := range s {
		b = binary.BigEndian.AppendUint64(b, k)
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(b))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Seen) UnmarshalJSON(text []byte) error {
	var packed string
	if err := json.Unmarshal(text, &packed); err != nil {
		return err
	}
	b, err := base64.StdEncoding.DecodeString(packed)
	if err != nil || len(b)%8 != 0 {
		return fmt.Errorf("seen is not the base64 of eight bytes for each patient (%v)", err)
	}
	*s = nil
	for ; len(b) > 0; b = b[8:] {
		*s = append(*s, binary.BigEndian.Uint64(b))
	}
	if !slices.IsSorted(*s) {
		return errors.New("seen is not ascending")
	}
	return nil
}

// RecordOf is the training record of a model, nil where it has none.
func RecordOf(m *fusion.Model) (*Record, error) {
	if m.Record() == nil {
		return nil, nil
	}
	r := new(Record)
	if err := json.Unmarshal(m.Record(), r); err != nil {
		return nil, fmt.Errorf("the training record of the model: %w", err)
	}
	return r, nil
}
