package main

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

// output is a record of the score or the alert topic, as far as the digest and
// the summary look at it.
type output struct {
	topic   string
	patient string
	stay    string
	n       uint64
	phase   schemas.Phase // of an alert
	model   summaryModel  // of a score
	body    []byte
}

func readOutput(m *schemas.Message) (output, error) {
	var head struct {
		Patient string        `json:"patient"`
		Stay    string        `json:"stay"`
		N       uint64        `json:"n"`
		Phase   schemas.Phase `json:"phase"`
		Model   string        `json:"model"`
		Trained bool          `json:"trained"`
	}
	if err := json.Unmarshal(m.Value, &head); err != nil {
		return output{}, fmt.Errorf("%s/%d offset %d: %w", m.Topic, m.Partition, m.Offset, err)
	}
	return output{m.Topic, head.Patient, head.Stay, head.N, head.Phase, summaryModel{head.Model, head.Trained}, m.Value}, nil
}

// digest is SHA-256 over the outputs ordered by patient, stay and n, each as its
// topic, a line feed, its JSON body with sorted keys and a line feed: a lost,
// doubled or changed record changes it.
func digest(outputs []output) (string, error) {
	slices.SortStableFunc(outputs, func(a, b output) int {
		return cmp.Or(cmp.Compare(a.patient, b.patient), cmp.Compare(a.stay, b.stay), cmp.Compare(a.n, b.n),
			cmp.Compare(a.topic, b.topic), bytes.Compare(a.body, b.body))
	})
	sum := sha256.New()
	for i := range outputs {
		var body any
		d := json.NewDecoder(bytes.NewReader(outputs[i].body))
		d.UseNumber() // numbers as they stand, not through float64
		if err := d.Decode(&body); err != nil {
			return "", err
		}
		sorted, err := json.Marshal(body) // maps are written with sorted keys
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s\n%s\n", outputs[i].topic, sorted)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
