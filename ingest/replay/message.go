package replay

import (
	"encoding/json"
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// encode is interim.
func encode(e *schemas.Event) (schemas.Message, error) {
	body, err := json.Marshal(e.Vitals)
	if e.ADT != nil {
		body, err = json.Marshal(e.ADT)
	}
	return schemas.Message{Topic: e.Topic, Key: []byte(e.Patient), Value: body, Headers: []schemas.Header{
		{Key: schemas.HeaderRun, Value: e.Run}, {Key: schemas.HeaderPlay, Value: strconv.FormatInt(e.Play, 10)}}}, err
}
