package boot

import (
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
)

// FitsEncoders refuses a model that was trained on what other encoders make of items than those at
// work. A model of the shelf is not asked: the log may hold what the earlier encoder made.
func FitsEncoders(m *fusion.Model) error { return m.ReadsFrom(record.Builtin) }
