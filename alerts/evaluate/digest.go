package evaluate

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Output is a record of the score or the alert topic, as far as the digest and the
// summary look at it.
type Output struct {
	Topic   string
	Patient string
	Stay    string
	N       uint64        // the record's number in its stay
	Phase   schemas.Phase // of an alert
	Model   Model         // of a score
	Body    []byte        // JSON, as it was published
}

// ReadOutput reads a record of the score or the alert topic. An error names topic,
// partition and offset.
func ReadOutput(m *schemas.Message) (Output, error) {
	var head struct {
		Patient string        `json:"patient"`
		Stay    string        `json:"stay"`
		N       uint64        `json:"n"`
		Phase   schemas.Phase `json:"phase"`
		Model   string        `json:"model"`
		Trained bool          `json:"trained"`
	}
	if err := json.Unmarshal(m.Value, &head); err != nil {
		return Output{}, fmt.Errorf("%s/%d offset %d: %w", m.Topic, m.Partition, m.Offset, err)
	}
	return Output{m.Topic, head.Patient, head.Stay, head.N, head.Phase, Model{head.Model, head.Trained}, m.Value}, nil
}

// Digest is SHA-256 over the outputs ordered by patient, stay and n, each as its
// topic, a line feed, its JSON body with sorted keys and a line feed, so that a lost,
// doubled or changed record changes it. It puts the outputs into that order.
func Digest(outputs []Output) (string, error) {
	slices.SortStableFunc(outputs, func(a, b Output) int {
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.Stay, b.Stay), cmp.Compare(a.N, b.N),
			cmp.Compare(a.Topic, b.Topic), bytes.Compare(a.Body, b.Body))
	})
	sum := sha256.New()
	for i := range outputs {
		var body any
		d := json.NewDecoder(bytes.NewReader(outputs[i].Body))
		d.UseNumber() // numbers as they stand, not through float64
		if err := d.Decode(&body); err != nil {
			return "", err
		}
		sorted, err := json.Marshal(body) // maps are written with sorted keys
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s\n%s\n", outputs[i].Topic, sorted)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
