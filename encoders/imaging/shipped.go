package imaging

import (
	_ "embed"
	"sync"
)

//go:embed weights.json
var weights []byte

// Shipped is the classifier in the program.
var Shipped = sync.OnceValue(func() *Classifier {
	c, err := Parse(weights)
	if err != nil {
		panic("imaging: the weights in the program: " + err.Error()) // a test reads them
	}
	return c
})
