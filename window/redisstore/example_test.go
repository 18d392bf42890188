package redisstore_test

import (
	"context"
	"fmt"

	"github.com/alicebob/miniredis/v2"

	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/redisstore"
)

// Two runs share one Redis under two prefixes, and neither sees what the other has written.
func Example() {
	redis, err := miniredis.Run()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer redis.Close()
	ctx := context.Background()
	for _, prefix := range []string{"vigil/demo/", "vigil/replay/"} {
		store, err := redisstore.Open("redis://"+redis.Addr()+"/0", prefix)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer store.Close()
		applied, err := store.Claim(ctx, 0, "nonce")
		if err != nil {
			fmt.Println(err)
			return
		}
		answer, now, err := store.Apply(ctx, &window.Batch{Owner: "nonce", Prev: applied, Last: 9})
		fmt.Println(prefix, "began behind log offset", applied, "and answers", answer, now, err)
	}
	// Output:
	// vigil/demo/ began behind log offset -1 and answers OK 9 <nil>
	// vigil/replay/ began behind log offset -1 and answers OK 9 <nil>
}
