package schemas

import (
	"encoding/json"
	"fmt"
)

// EncodeScore writes the body of a score as JSON: the struct's fields in their order, maps
// by key, numbers as the shortest decimal of a float32, empty lists as [] and empty maps
// as {}. The same score gives the same bytes, which is what a digest over outputs needs;
// s is left as it is.
func EncodeScore(s *Score) ([]byte, error) {
	body := *s
	body.Flags = listed(body.Flags)
	body.NEWS2.Missing = listed(body.NEWS2.Missing)
	if body.Risks == nil {
		body.Risks = map[string]Risk{}
	}
	if body.Modalities == nil {
		body.Modalities = map[string]ModalityState{}
	}
	return json.Marshal(&body)
}

// EncodeAlert writes the body of an alert in the same way as EncodeScore.
func EncodeAlert(a *Alert) ([]byte, error) {
	body := *a
	body.Flags = listed(body.Flags)
	return json.Marshal(&body)
}

// EncodeDeadLetter writes the body of a dead letter in the same way as EncodeScore.
func EncodeDeadLetter(d *DeadLetter) ([]byte, error) {
	body := *d
	body.Payload = listed(body.Payload)
	return json.Marshal(&body)
}

// listed makes an empty list of a nil one, which JSON would write as null: a subscriber
// that loops over the list should not meet it.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// DecodeScore reads the body of a score. Fields that it does not know are passed over, since
// a later version may have written them.
func DecodeScore(b []byte) (*Score, error) { return decodeOutput[Score](b, "score") }

// DecodeAlert reads the body of an alert in the same way as DecodeScore.
func DecodeAlert(b []byte) (*Alert, error) { return decodeOutput[Alert](b, "alert") }

// DecodeDeadLetter reads the body of a dead letter in the same way as DecodeScore.
func DecodeDeadLetter(b []byte) (*DeadLetter, error) {
	return decodeOutput[DeadLetter](b, "dead letter")
}

func decodeOutput[T any](b []byte, what string) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(b, v); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return v, nil
}
