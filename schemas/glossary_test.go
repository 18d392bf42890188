package schemas

import (
	"os"
	"strings"
	"testing"
)

// The glossary is what a newcomer reads first: a word that falls out of it would be
// missed by nobody who knows the code.
func TestGlossaryHasEveryWord(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, glossary, found := strings.Cut(string(doc), "// # Glossary\n")
	if !found {
		t.Fatal("doc.go has no section Glossary")
	}
	for _, word := range strings.Fields(`
		mark play claim use gap held bound governed horizon log_n n run at available tick stay implicit
		numbering need before owner lease nonce outbox position chunk hour window view reach lead derived`) {
		if n := strings.Count(glossary, "\n//   - "+word+": "); n != 1 {
			t.Errorf("the glossary explains %q %d times, want once", word, n)
		}
	}
}
