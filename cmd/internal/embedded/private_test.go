package embedded

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// Another user of the machine sees nothing of a demo's patients: folder and files are its user's
// alone, those that an older version left open too; no password stands in the list of processes,
// and the store answers nobody who has none.
func TestAnotherUserSeesNothing(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("needs redis-server on PATH")
	}
	state := filepath.Join(t.TempDir(), "state")
	for _, dir := range []string{state, filepath.Join(state, "broker"), filepath.Join(state, "store")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(state, "lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	unlock, err := Lock(state)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	b, err := StartBroker(filepath.Join(state, "broker"), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const password = "0123456789abcdef"
	s, err := StartStore(t.Context(), filepath.Join(state, "store"), KindRedis, password)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()

	c := &kafka.Cluster{Brokers: b.Addresses()}
	defer c.Close()
	if _, err := c.CreateTopics(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewProducer("t").Append(t.Context(), schemas.TopicLog, 0, []schemas.Message{{Key: []byte("k"), Value: []byte("v")}}); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: s.Address, Password: password})
	defer client.Close()
	if err := client.Set(t.Context(), "a", "b", 0).Err(); err != nil {
		t.Fatal(err)
	}

	files := 0
	err = filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v, want it to be its user's alone", path, info.Mode())
		}
		if !d.IsDir() {
			files++
		}
		return nil
	})
	if err != nil || files < 4 {
		t.Errorf("saw %d files, %v: broker and store should have written some", files, err)
	}
	for _, kind := range []string{"cmdline", "environ"} {
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.child.Process.Pid, kind)); err == nil && strings.Contains(string(b), password) {
			t.Errorf("the password stands in the %s of the child", kind)
		}
	}
	for _, wrong := range []string{"", "guessed"} {
		stranger := redis.NewClient(&redis.Options{Addr: s.Address, Password: wrong, MaxRetries: -1})
		for _, ask := range []func() error{
			func() error { return stranger.Get(t.Context(), "a").Err() },
			func() error { return stranger.FlushAll(t.Context()).Err() },
			func() error { return stranger.Shutdown(t.Context()).Err() },
		} {
			if err := ask(); err == nil || !strings.Contains(err.Error(), "NOAUTH") && !strings.Contains(err.Error(), "WRONGPASS") {
				t.Errorf("a stranger with the password %q is answered: %v", wrong, err)
			}
		}
		stranger.Close()
	}
	if v, err := client.Get(t.Context(), "a").Result(); err != nil || v != "b" {
		t.Errorf("after strangers have asked the store holds %q, %v", v, err)
	}
}

// A folder that holds something else keeps its rights, since it may be somebody's home; what is
// made in it is closed all the same.
func TestAFolderThatIsNotOursKeepsItsRights(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "letters"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	letters, err := os.Stat(filepath.Join(dir, "letters"))
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := StartBroker(filepath.Join(dir, "broker"), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	unlock()
	for name, want := range map[string]fs.FileMode{".": 0o755, "letters": letters.Mode(), "broker": 0o700, "lock": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "after"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "after")); err != nil || info.Mode() != letters.Mode() {
		t.Errorf("after unlock files are made with %v, %v, want %v as before", info.Mode(), err, letters.Mode())
	}
}
