package main

import (
	"os"
	"runtime/debug"
)

// collectSooner lets the heap grow by half between two collections, where Go would
// let it double. Most of what a worker keeps are windows, which hold no pointers, so
// that a collection costs little; and what it may use beyond them is a hospital's
// memory. Who sets GOGC in the environment keeps that.
func collectSooner() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
