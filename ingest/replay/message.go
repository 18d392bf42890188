package replay

import (
	"fmt"
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// HeaderIndex carries a message's position in its plan, decimal. On a mark: the
// number of events that have been sent.
const HeaderIndex = "idx"

// Message encodes the event at position i, with its position in a header.
func (p *Plan) Message(i int) (schemas.Message, error) {
	m, err := schemas.EncodeEvent(&p.events[i])
	if err != nil {
		return m, fmt.Errorf("event %d of the plan (patient %s): %w", i, p.events[i].Patient, err)
	}
	m.Headers = append(m.Headers, schemas.Header{Key: HeaderIndex, Value: strconv.Itoa(i)})
	return m, nil
}
