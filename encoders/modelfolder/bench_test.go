package modelfolder_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/encoders/notes"
	"github.com/vigil-icu/vigil/schemas"
)

// BenchmarkItem is the cost of one item: what the built-in encoder takes for it, and what the small
// networks of the tests take with all that stands around a network. The networks themselves are next to
// nothing: a site's own costs what its makers say beside it.
func BenchmarkItem(b *testing.B) {
	film, err := os.ReadFile("testdata/imaging/wide.png")
	if err != nil {
		b.Fatal(err)
	}
	lead := make([]int16, 5000)
	for i := range lead {
		lead[i] = int16(i % 500)
	}
	strip := &schemas.Strip{RateHz: 500, Gain: 0.005, Leads: []string{"II", "V1"}, Samples: [][]int16{lead, lead}}
	note := "The patient is septic, on norepinephrine. Left lower lobe pneumonia with effusion. Intubated 3 days, denies chest pain."
	reader := notes.New()
	builtIn := map[string]func(){
		"notes": func() { reader.Read(note) },
		"ecg":   func() { ecg.Analyse(strip) },
	}
	items := map[string]*schemas.Event{
		"notes":   {Note: &schemas.Note{Text: note}},
		"ecg":     {Strip: strip},
		"imaging": {Image: &schemas.Image{Bytes: film}},
	}
	for _, name := range []string{"notes", "ecg", "imaging"} {
		if run := builtIn[name]; run != nil {
			b.Run(name+"/builtin", func(b *testing.B) {
				for b.Loop() {
					run()
				}
			})
		}
		e := open(b, filepath.Join("testdata", name))
		b.Run(name+"/onnx", func(b *testing.B) {
			for b.Loop() {
				if _, err := e.Encode(context.Background(), items[name]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
