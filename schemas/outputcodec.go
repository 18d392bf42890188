package schemas

import (
	"encoding/json"
	"fmt"
)

// EncodeScore writes the body of a score: the struct's fields in order, maps by
// key, numbers as the shortest decimal of a float32. The same score gives the
// same bytes.
func EncodeScore(s *Score) ([]byte, error) { return json.Marshal(s) }

// EncodeAlert writes the body of an alert.
func EncodeAlert(a *Alert) ([]byte, error) { return json.Marshal(a) }

// EncodeDeadLetter writes the body of a dead letter.
func EncodeDeadLetter(d *DeadLetter) ([]byte, error) { return json.Marshal(d) }

// DecodeScore reads the body of a score; fields that it does not know are left.
func DecodeScore(b []byte) (*Score, error) { return decodeOutput[Score](b, "score") }

// DecodeAlert reads the body of an alert.
func DecodeAlert(b []byte) (*Alert, error) { return decodeOutput[Alert](b, "alert") }

// DecodeDeadLetter reads the body of a dead letter.
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
