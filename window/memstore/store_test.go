package memstore_test

import (
	"testing"

	"github.com/vigil-icu/vigil/window/memstore"
	"github.com/vigil-icu/vigil/window/storetest"
)

// holder swaps the store behind the suite: how memory is rolled back.
type holder struct{ *memstore.Store }

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Subject {
		h := &holder{memstore.New()}
		return storetest.Subject{Store: h, Save: func() func() {
			then := h.Clone()
			return func() { h.Store = then }
		}}
	})
}
