package delivery

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/ingest/realkafka"
)

// A broker that is killed and comes back, while alerts wait and while they are told, costs no alert and shows none twice.
func TestRealBrokerKilled(t *testing.T) {
	k := realkafka.Shared() // the other tests find it running again
	if k == nil {
		t.Skip("a real Kafka is started where VIGIL_REAL=1 asks for it: make test-real")
	}
	s := siteOn(t, k.Addresses, 2)
	for i := range 10 {
		s.tell(0, story(fmt.Sprintf("site:%d", i), 2, true)...)
	}
	killed := make(chan struct{})
	r := newReceiver(nil)
	r.answer = func(call int, _ string) int {
		if call == 7 {
			if err := k.Kill(); err != nil {
				t.Error(err)
			}
			close(killed)
		}
		return http.StatusNoContent
	}
	server := httptest.NewServer(r)
	defer server.Close()
	defer s.run(line(t, "hook", server.URL, nil))()
	<-killed
	if err := k.Again(); err != nil {
		t.Fatal(err)
	}
	s.tell(0, story("site:late", 3, true)...)
	r.wait(t, func() bool { return len(r.all()) >= len(s.told) })
	if diff := cmp.Diff(s.told, r.all()); diff != "" {
		t.Errorf("(- told, + shown):\n%s", diff)
	}
}
