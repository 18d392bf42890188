package boot

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/modelfolder"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
)

// FitsEncoders refuses a model that was trained on what other encoders make of items than those at
// work, those of the site's own or else those of the program. A model of the shelf is not asked: the
// log may hold what the earlier encoder made.
func FitsEncoders(m *fusion.Model, own ...Encoders) error {
	at := map[encoders.Modality]string{}
	for _, e := range own {
		for _, setting := range e.Folders {
			which, dir, err := SplitEncoder(setting)
			if err == nil {
				var folder *modelfolder.Manifest
				if folder, err = modelfolder.Read(dir); err == nil {
					at[which] = folder.Name()
				}
			}
			if err != nil {
				return fmt.Errorf("--encoder: %w", err)
			}
		}
	}
	return m.ReadsFrom(func(which encoders.Modality) string {
		if name, is := at[which]; is {
			return name
		}
		return record.Builtin(which)
	})
}
