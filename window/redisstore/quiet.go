package redisstore

import "github.com/redis/go-redis/v9/logging"

// The client library would write a line of its own for every failed call. All of them
// come back as errors, and who waits for the store says so once.
func init() { logging.Disable() }
