package record

import (
	"errors"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// An image that comes as bytes is encoded; one that cannot be read is there, cannot be used, and is a
// dead letter with the reason; one that comes by reference is there and not encoded.
func TestImages(t *testing.T) {
	e := &Encoder{Image: func(i *schemas.Image) (ImageReading, error) {
		if string(i.Bytes) == "torn" {
			return ImageReading{}, errors.New("ends in the middle of a row")
		}
		return ImageReading{State: schemas.Present, Encoder: "e/1", Vector: []float32{1, 2}, Findings: []schemas.Finding{{Name: "dark film", Value: 1}}}, nil
	}}
	at := schemas.Time(1_700_000_000_000)
	record := func(e *Encoder, i *schemas.Image) (*schemas.Item, []schemas.Problem) {
		i.Modality = "DX"
		event := &schemas.Event{Topic: schemas.TopicImaging, Patient: "d:1", Source: "s", Seq: 1, HasSeq: true, AvailableTime: at, EventTime: at, Image: i}
		r, problems := e.Record(event, &schemas.Message{Topic: schemas.TopicImaging}, at)
		return r.Item, problems
	}
	if item, problems := record(e, &schemas.Image{Bytes: []byte("film")}); len(problems) > 0 || item.Encoder != "e/1" || len(item.Vector) != 2 || len(item.Findings) != 1 || item.State != schemas.Present || item.Label != "DX" {
		t.Errorf("%+v, %v", item, problems)
	}
	item, problems := record(e, &schemas.Image{Bytes: []byte("torn")})
	if item.State != schemas.Unusable || item.Encoder != "" || len(problems) != 1 || problems[0].Reason != schemas.Unreadable || problems[0].Found != `"ends in the middle of a row"` {
		t.Errorf("%+v, %v", item, problems)
	}
	for name, encoder := range map[string]*Encoder{"by reference": e, "no encoder": {}} {
		i := &schemas.Image{Reference: "study/7"}
		if name == "no encoder" {
			i.Bytes = []byte("torn")
		}
		if item, problems := record(encoder, i); item.State != schemas.Present || item.Encoder != "" || len(problems) > 0 {
			t.Errorf("%s: %+v, %v", name, item, problems)
		}
	}
}
