package measure

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vigil-icu/vigil/encoders/notes"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

func TestPolarityOnTheOpenSentences(t *testing.T) {
	rows, err := Rows(os.DirFS(filepath.Join(opendata.Dir(t), "notes")))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(notes.New(), rows)
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	report(t, p)
	if p.Sentences != 330 || p.All.F1() < 0.9 {
		t.Errorf("%d sentences with F1 %.3f, want 330 with at least 0.9", p.Sentences, p.All.F1())
	}
}

func TestPolarityOnTheInventedSentences(t *testing.T) {
	p, err := Invented(notes.New())
	if err != nil {
		t.Fatal(err)
	}
	report(t, p)
	if p.Sentences < 150 || p.All.F1() < 0.9 {
		t.Errorf("%d sentences with F1 %.3f, want at least 150 with 0.9", p.Sentences, p.All.F1())
	}
}

func report(t *testing.T, p *Polarity) {
	t.Logf("%d sentences, %+v: precision %.3f, recall %.3f, F1 %.3f; of %d located %d right",
		p.Sentences, p.All, p.All.Precision(), p.All.Recall(), p.All.F1(), p.Located, p.LocatedRight)
	for of, c := range p.By {
		t.Logf("%s: %+v F1 %.3f", of, *c, c.F1())
	}
	for _, e := range p.Errors {
		t.Log(e)
	}
}
