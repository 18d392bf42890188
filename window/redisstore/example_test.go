package redisstore_test

import (
	"context"
	"fmt"

	"github.com/vigil-icu/vigil/window/redisstore"
)

func Example() {
	// Two runs share one Redis under two prefixes.
	store, err := redisstore.Open("redis://localhost:6379/0", "vigil/demo/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	if applied, err := store.Claim(context.Background(), 0, "nonce"); err == nil {
		fmt.Println("goes on behind log offset", applied)
	}
}
