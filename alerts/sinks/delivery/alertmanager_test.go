package delivery

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/alerts/sinks"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// alertmanager is a real one, which keeps nothing of alerts over a restart.
type alertmanager struct {
	t      *testing.T
	folder string
	url    string
	cmd    *exec.Cmd
}

func newAlertmanager(t *testing.T) *alertmanager {
	t.Helper()
	if os.Getenv("VIGIL_ALERTMANAGER") == "" {
		t.Skip("needs the program alertmanager: make test-sinks")
	}
	a := &alertmanager{t: t, folder: t.TempDir(), url: fmt.Sprintf("http://127.0.0.1:%d", realkafka.FreePort())}
	if err := os.WriteFile(filepath.Join(a.folder, "config.yml"), []byte("route: {receiver: nobody, group_wait: 1s}\nreceivers: [{name: nobody}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.kill)
	return a
}

func (a *alertmanager) start() {
	a.t.Helper()
	a.cmd = exec.Command(os.Getenv("VIGIL_ALERTMANAGER"), "--config.file="+filepath.Join(a.folder, "config.yml"), "--storage.path="+filepath.Join(a.folder, "data"),
		"--web.listen-address="+a.url[len("http://"):], "--cluster.listen-address=", "--log.level=error")
	a.cmd.Stderr = os.Stderr
	if err := a.cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if r, err := http.Get(a.url + "/-/ready"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Since(begun) > time.Minute {
			a.t.Fatal("Alertmanager does not answer")
		}
	}
}

func (a *alertmanager) kill() {
	if a.cmd != nil {
		_ = a.cmd.Process.Kill()
		_ = a.cmd.Wait()
		a.cmd = nil
	}
}

// firing are the alerts that it holds for open, by their ids, with what it was told of them.
func (a *alertmanager) firing() map[string]string {
	a.t.Helper()
	r, err := http.Get(a.url + "/api/v2/alerts?active=true")
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Body.Close()
	var list []struct {
		Labels, Annotations map[string]string
		Status              struct{ State string }
	}
	if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
		a.t.Fatal(err)
	}
	out := map[string]string{}
	for _, l := range list {
		if out[l.Labels["alert_id"]] != "" {
			a.t.Errorf("alert %s is there twice", l.Labels["alert_id"])
		}
		if l.Annotations["notice"] != "Vigil is "+schemas.Notice+"." || l.Labels["unit"] != "icu-1" {
			a.t.Errorf("labels %v, annotations %v", l.Labels, l.Annotations)
		}
		out[l.Labels["alert_id"]] = l.Labels["severity"] + " " + l.Annotations["phase"]
	}
	return out
}

// until returns when it holds what is wanted.
func (a *alertmanager) until(want map[string]string) {
	a.t.Helper()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		got := a.firing()
		if maps.Equal(got, want) {
			return
		}
		if time.Since(begun) > time.Minute {
			a.t.Fatalf("Alertmanager holds %v, want %v", got, want)
		}
	}
}

// A real Alertmanager holds an open alert once, under its severity, and lets it go when it ends. Killed, it has forgotten
// all, and is told the open ones again: by the process that told them first, and by one that has just begun.
func TestRealAlertmanager(t *testing.T) {
	a := newAlertmanager(t)
	a.start()
	s := newSite(t, 2)
	config, err := sinks.Parse(fmt.Appendf(nil, "version: 1\nsinks:\n  - name: pager\n    begin: beginning\n    alertmanager: {url: %q, labels: {unit: icu-1}, repeat: 1s, expire: 10m}\n", a.url))
	if err != nil {
		t.Fatal(err)
	}
	one, two := story("site:1", 4, true), story("site:2", 3, false)
	one[2].Phase, one[2].Severity = schemas.PhaseEscalate, "medium"
	one[3].Severity = "medium"
	s.tell(0, one[:2]...)
	s.tell(1, two...)
	stop := s.run(opened(t, &config.Sinks[0]))
	a.until(map[string]string{one[0].ID: "high update", two[0].ID: "high update"})
	s.tell(0, one[2])
	a.until(map[string]string{one[0].ID: "medium escalate", two[0].ID: "high update"})

	a.kill()
	a.start()
	a.until(map[string]string{one[0].ID: "medium escalate", two[0].ID: "high update"})

	s.tell(0, one[3])
	a.until(map[string]string{two[0].ID: "high update"})
	stop()
	a.kill()
	a.start()
	defer s.run(opened(t, &config.Sinks[0]))()
	a.until(map[string]string{two[0].ID: "high update"})

	for _, n := range sinks.TestNotices("pager", time.Now()) {
		l := opened(t, &config.Sinks[0])
		if told, err := l.Sink.Deliver(t.Context(), []sinks.Notice{n}); told != 1 || err != nil {
			t.Fatal(told, err)
		}
		if _, there := a.firing()[n.ID]; there != n.Open() {
			t.Errorf("the test alert after its %s: %v", n.Phase, there)
		}
	}
}

// One that forgets is told the open alerts again by each process, and the ended ones by none. (No Alertmanager is needed
// for it.)
func TestOpenAlertsAreToldAgain(t *testing.T) {
	s := newSite(t, 1)
	r := newReceiver(nil)
	told := map[string][]string{} // phases and ends by alert
	r.answer = func(int, string) int { return http.StatusNoContent }
	server := serve(t, func(w http.ResponseWriter, request *http.Request) {
		var list []struct {
			Labels, Annotations map[string]string
			StartsAt, EndsAt    time.Time
		}
		if err := json.NewDecoder(request.Body).Decode(&list); err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		for _, l := range list {
			if l.EndsAt.After(l.StartsAt) {
				told[l.Labels["alert_id"]] = append(told[l.Labels["alert_id"]], l.Labels["severity"]+" "+l.Annotations["phase"])
			}
		}
		r.mu.Unlock()
		r.ServeHTTP(w, request)
	})
	config, err := sinks.Parse(fmt.Appendf(nil, "version: 1\nsinks:\n  - name: pager\n    begin: beginning\n    alertmanager: {url: %q}\n", server))
	if err != nil {
		t.Fatal(err)
	}
	config.Sinks[0].Alertmanager.RepeatEvery = 20 * time.Millisecond
	open, over := story("site:1", 2, false), story("site:2", 2, true)
	s.tell(0, append(slices.Clone(open), over...)...)
	count := func(id, what string) (n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, phase := range told[id] {
			if phase == what {
				n++
			}
		}
		return n
	}
	for range 2 {
		before := count(open[0].ID, "high update")
		stop := s.run(opened(t, &config.Sinks[0]))
		r.wait(t, func() bool { return count(open[0].ID, "high update") > before+3 })
		stop()
	}
	if n := count(over[0].ID, "high start"); n != 1 {
		t.Errorf("the alert that is over was told %d times as open", n)
	}
}
