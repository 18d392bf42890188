// Package redisstore keeps partitions in Redis (7.0 or later), or in miniredis: one fenced
// script per batch, absolute writes only.
package redisstore
