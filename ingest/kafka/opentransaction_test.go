package kafka

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/schemas"
)

// A transaction that stays open is said within 10 s, once, with its producer; so is its end,
// and what it held back comes. One that is short is not worth a word.
func TestOpenTransactionIsSaid(t *testing.T) {
	c, _ := testCluster(t, 1)
	var log bytes.Buffer
	c.Log = zerolog.New(&log)
	plain := c.NewProducer(c.Prefix + "plain")
	mustAppend(t, plain, schemas.TopicVitals, 1, 0)
	r := c.NewReader(schemas.TopicVitals, 0, 0)
	read := func(limit time.Duration, want int) {
		t.Helper()
		for begun := time.Now(); want > 0 && time.Since(begun) < limit; {
			got, err := r.Read(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			want -= len(got)
		}
		if want > 0 && want < 100 {
			t.Fatalf("%d records do not come", want)
		}
	}
	read(10*time.Second, 1)
	short := beginAs(t, c, "short")
	short.write(t, 1, 1)
	read(500*time.Millisecond, 100)
	short.end(t, true)
	read(10*time.Second, 1)
	if log.Len() != 0 {
		t.Errorf("a short one: said %s", log.String())
	}
	x := beginAs(t, c, "stays")
	x.write(t, 1, 2)
	mustAppend(t, plain, schemas.TopicVitals, 1, 3)
	read(9*time.Second, 100)
	if said := log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, fmt.Sprintf(`"producer id":%d`, x.s.id)) || !strings.Contains(said, "abort --topic") {
		t.Errorf("after 9 s: said %s", said)
	}
	if !c.HeldBack(schemas.TopicVitals, 0) || c.HeldBack(schemas.TopicNotes, 0) {
		t.Error("HeldBack does not say which partition it is")
	}
	x.end(t, false)
	read(10*time.Second, 1)
	if c.HeldBack(schemas.TopicVitals, 0) {
		t.Error("HeldBack after the end")
	}
	if said := log.String(); strings.Count(said, "\n") != 2 || !strings.Contains(said, "has ended") {
		t.Errorf("at the end: said %s", said)
	}
}
