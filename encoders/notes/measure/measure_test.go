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

// The counts are those of the first run, which doc.go reports: a change of the encoder that
// moves them must be said there.
func TestPolarityOnTheIndependentSentences(t *testing.T) {
	rows, err := Rows(os.DirFS(filepath.Join(opendata.Dir(t), "notes")))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Independent(notes.New(), rows)
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	report(t, p)
	if want := (Counts{Right: 149, Wrong: 14, Missed: 37}); p.Sentences != 160 || p.All != want || p.Located != 157 || p.LocatedRight != 149 {
		t.Errorf("%d sentences, %+v, polarity right in %d of %d; doc.go reports 160, %+v, 149 of 157", p.Sentences, p.All, p.LocatedRight, p.Located, want)
	}
	var sum Counts
	for _, c := range p.Each {
		sum.Right, sum.Wrong, sum.Missed = sum.Right+c.Right, sum.Wrong+c.Wrong, sum.Missed+c.Missed
	}
	if len(p.Each) != p.Sentences || sum != p.All {
		t.Errorf("the counts of %d sentences sum to %+v, want those of all %d, %+v", len(p.Each), sum, p.Sentences, p.All)
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

// A sentence that counted in both parts would not be independent of what the lexicon was
// mended on.
func TestNoIndependentSentenceIsAnOpenOne(t *testing.T) {
	open, err := openSentences("open.tsv", openText)
	if err != nil {
		t.Fatal(err)
	}
	independent, err := openSentences("independent.tsv", independentText)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range independent {
		for _, o := range open {
			if s.hash == o.hash || s.layout == o.layout && s.id == o.id && s.Start < o.End && o.Start < s.End {
				t.Errorf("%s %s at %d is %s %s at %d of open.tsv", s.layout, s.id, s.Start, o.layout, o.id, o.Start)
			}
		}
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
