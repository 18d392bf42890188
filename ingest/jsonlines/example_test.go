package jsonlines_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vigil-icu/vigil/ingest/jsonlines"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/source/sequence"
	"github.com/vigil-icu/vigil/schemas"
)

// printed is a producer that prints; `vigil publish` has one that appends to a Kafka.
type printed struct{}

func (printed) Append(_ context.Context, messages []schemas.Message) error {
	for _, m := range messages {
		fmt.Printf("%s %s: %s\n", m.Topic, m.Key, m.Value)
	}
	return nil
}

func (printed) Refuse(_ context.Context, r source.Refusal) error {
	fmt.Printf("dead letter of message %d: %v\n", r.Number, r.Problem)
	return nil
}

// The line of the package comment, once more, and one without a value.
func ExampleDoor() {
	const line = `{"topic":"icu.vitals.v1","value":{"patient":"site:42","source":"my-gateway","event_time":"2026-01-01T08:00:00.000Z","values":{"heart_rate":93}}}`
	dir, err := os.MkdirTemp("", "numbers-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	numbers, err := sequence.Open(filepath.Join(dir, "numbers"))
	if err != nil {
		panic(err)
	}
	defer numbers.Close()
	input := line + "\n" + line + "\n" + `{"topic":"icu.vitals.v1"}` + "\n"
	door := jsonlines.NewDoor(strings.NewReader(input), os.Stdout, numbers)
	if err := door.Serve(context.Background(), printed{}); err != nil {
		panic(err)
	}
	// Output:
	// icu.vitals.v1 site:42: {"patient":"site:42","source":"my-gateway","seq":1,"event_time":"2026-01-01T08:00:00.000Z","values":{"heart_rate":93}}
	// dead letter of message 2: bad_field: value: found "", expected the body of the message, there or under base64
	// {"line":1,"accepted":true,"topic":"icu.vitals.v1","patient":"site:42","source":"my-gateway","seq":1}
	// {"line":2,"accepted":true,"repeat":true,"topic":"icu.vitals.v1","patient":"site:42","source":"my-gateway","seq":1}
	// {"line":3,"accepted":false,"reason":"bad_field","field":"value","found":"\"\"","expected":"the body of the message, there or under base64"}
}
