package retry_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/ingest/retry"
)

// A server that is away for two calls costs its caller two pauses and no error.
func ExampleTrouble_Retry() {
	var server retry.Trouble
	log, away := zerolog.Nop(), errors.New("connection refused")
	policy := retry.Policy{Server: "the store", Log: &log, Temporary: func(err error) bool { return errors.Is(err, away) }}
	tries := 0
	err := server.Retry(context.Background(), policy, "reading a window", func() error {
		if tries++; tries < 3 {
			return away
		}
		return nil
	})
	fmt.Println(tries, err)
	// Output: 3 <nil>
}
