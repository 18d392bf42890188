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

// Output is a record that was read back from the score or the alert topic, as far as the
// digest and the summary look at it.
type Output struct {
	Topic   string // without a prefix: schemas.TopicScores or schemas.TopicAlerts
	Patient string
	Stay    string
	N       uint64        // the record's number in its stay
	Phase   schemas.Phase // of an alert
	Model   Model         // of a score
	Body    []byte        // JSON, as it was published
}

// ReadOutput reads a record of the score or the alert topic. A body that is not JSON, or has
// another type in a field, gives an error with topic, partition and offset.
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

// Digest is one text for all that came out of a run: two runs with the same digest gave the
// same scores and alerts, and a record that was lost, doubled or changed gives another.
//
// It is "sha256:" and the SHA-256 in hexadecimal over the outputs in the order of patient,
// stay and n, each as its topic, a line feed, its JSON body with sorted keys, and a line
// feed. The order in which partitions were read, and that of keys in a body, does not matter.
// Digest puts the slice into that order. A body that is not JSON gives an error.
func Digest(outputs []Output) (string, error) {
	slices.SortStableFunc(outputs, func(a, b Output) int {
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.Stay, b.Stay), cmp.Compare(a.N, b.N),
			cmp.Compare(a.Topic, b.Topic), bytes.Compare(a.Body, b.Body))
	})
	sum := sha256.New()
	var c canonical
	var line []byte
	for i := range outputs {
		body, err := c.sorted(outputs[i].Body)
		if err != nil {
			return "", err
		}
		line = append(append(append(append(line[:0], outputs[i].Topic...), '\n'), body...), '\n')
		sum.Write(line)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
