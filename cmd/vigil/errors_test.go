package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// Each ends with one clear line, what, why and how to mend it, and its exit code.
func TestErrorsSayHowToMendThem(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other")
	torn := filepath.Join(dir, "torn.safetensors")
	policy := filepath.Join(dir, "policy.yaml")
	typo := filepath.Join(dir, "typo.yaml")
	task := filepath.Join(dir, "task.yaml")
	file := filepath.Join(dir, "file")
	for path, content := range map[string]string{
		filepath.Join(other, "README.txt"): "not a data set", torn: "no model at all", policy: "version: 9\n", file: "x",
		typo: "version: 1\nsnoze: {max: 1h}\n", task: "version: 1\nrules: [{task: mortalty, kind: risk, levels: [{severity: high, at: 0.5}]}]\n",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) // the cases run side by side, later
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	for _, c := range []struct {
		name  string
		args  string
		code  int
		words []string // all of them are in the line
	}{
		{"unknown command", "dmeo", boot.ExitUsage, []string{"dmeo", "did you mean `vigil demo`?", "vigil help"}},
		{"unknown verb", "alerts tial", boot.ExitUsage, []string{"tial", "did you mean `vigil alerts tail`?"}},
		{"help of an unknown command", "help nosuch", boot.ExitUsage, []string{"nosuch", "vigil --help"}},
		{"help of an unknown verb", "help alerts tial", boot.ExitUsage, []string{"vigil alerts tial", "did you mean `vigil alerts tail`?"}},
		{"wrong flag", "demo --sped max", boot.ExitUsage, []string{"--sped", "did you mean --speed?", "vigil demo --help"}},
		{"a time without a unit", "demo --for 30", boot.ExitUsage, []string{"--for", "30s", "30m"}},
		{"a negative seed", "demo --seed -1", boot.ExitUsage, []string{"--seed", "whole number, 0 or more"}},
		{"a count that is none", "demo --beds many", boot.ExitUsage, []string{"--beds", "whole number"}},
		{"a port that is none", "demo --port 70000", boot.ExitUsage, []string{"--port 70000", "1024 to 65535"}},
		{"folder one level too high", "demo --data ../../testdata", boot.ExitUsage, []string{"mimic-iii in it is one"}},
		{"folder one level too deep", "demo --data ../../testdata/mimic-iv/hosp", boot.ExitUsage, []string{"folder above it", "mimic-iv"}},
		{"replay of a folder too high", "replay mimic-iv ../../testdata", boot.ExitUsage, []string{"in it is one"}},
		{"patients of another source", "demo --patients mimic-iv:1", boot.ExitUsage, []string{"synth:ID", "--list-patients"}},
		{"replay of patients of another source", "replay synth --patients mimic-iv:1 --brokers 127.0.0.1:1", boot.ExitUsage, []string{"synth:ID"}},
		{"export into a file", "demo --export " + file, boot.ExitUsage, []string{"--export", "another folder"}},
		{"replay to export into a file", "replay synth --wait --brokers 127.0.0.1:1 --export " + file, boot.ExitUsage, []string{"--export", "another folder"}},
		{"policy with a misspelt key", "demo --policy " + typo, boot.ExitUsage, []string{"line 2", "snoze", `"snooze"?`}},
		{"policy with a misspelt task", "demo --policy " + task, boot.ExitUsage, []string{"line 2", "mortalty", "never alert", "mortality?"}},
		{"stray word", "demo mimic", boot.ExitUsage, []string{"mimic", "--help"}},
		{"wrong speed", "demo --speed fast", boot.ExitUsage, []string{"--speed", "fast", "max"}},
		{"negative time", "demo --for -3s", boot.ExitUsage, []string{"--for", "30s"}},
		{"unreadable time", "demo --for soon", boot.ExitUsage, []string{"--for", "soon"}},
		{"unknown summary", "demo --summary xml", boot.ExitUsage, []string{"xml", "json"}},
		{"no partitions", "demo --partitions 0", boot.ExitUsage, []string{"--partitions", "1 to"}},
		{"no workers", "demo --workers 0", boot.ExitUsage, []string{"--workers"}},
		{"unknown store", "demo --store etcd", boot.ExitUsage, []string{"etcd", "miniredis"}},
		{"missing folder", "demo --data " + filepath.Join(dir, "nowhere"), boot.ExitUsage, []string{"nowhere"}},
		{"folder of another layout", "demo --data " + other, boot.ExitUsage, []string{"other", "CHARTEVENTS"}},
		{"a file, no folder", "demo --data " + file, boot.ExitUsage, []string{"file"}},
		{"port in use", "demo --port " + port, boot.ExitDependency, []string{port, "in use", "--port"}},
		{"verify a broken model file", "model verify " + torn, boot.ExitProblems, []string{"torn.safetensors", "not a safetensors file"}},
		{"verify no file", "model verify", boot.ExitUsage, []string{"takes one file", "--help"}},
		{"parity with no folder there", "model parity " + filepath.Join(dir, "none"), boot.ExitUsage, []string{"golden vectors", "none", "index.json"}},
		{"broken model file", "demo --model " + torn, boot.ExitUsage, []string{"torn.safetensors", "vigil model verify"}},
		{"missing model file", "demo --model " + filepath.Join(dir, "none"), boot.ExitUsage, []string{"none"}},
		{"broken policy", "demo --policy " + policy, boot.ExitUsage, []string{"policy.yaml", "version"}},
		{"state is a file", "demo --state " + file, boot.ExitUsage, []string{"--state"}},
		{"no Kafka there", "demo --brokers 127.0.0.1:1", boot.ExitDependency, []string{"127.0.0.1:1", "--brokers"}},
		{"no Redis there", "demo --redis redis://127.0.0.1:1/0", boot.ExitDependency, []string{"127.0.0.1:1", "Redis"}},
		{"a password in argv", "serve --redis redis://:hidden@127.0.0.1:1/0", boot.ExitUsage, []string{"--redis", "VIGIL_REDIS_PASSWORD", "--redis-password-file"}},
		{"no file of a password", "demo --redis redis://127.0.0.1:1/0 --redis-password-file " + filepath.Join(dir, "none"), boot.ExitUsage, []string{"--redis-password-file", "none"}},
		{"no URL of a Redis", "demo --redis nonsense", boot.ExitUsage, []string{"--redis", "nonsense"}},
		{"unknown patient", "demo --patients synth:9999", boot.ExitFailure, []string{"synth:9999"}},
		{"model show of a broken file", "model show " + torn, boot.ExitUsage, []string{"torn.safetensors"}},
		{"model without a verb", "model", boot.ExitUsage, []string{"show"}},
		{"serve without a store", "serve", boot.ExitUsage, []string{"--redis"}},
		{"replay of nothing", "replay", boot.ExitUsage, []string{"SOURCE", "--help"}},
		{"replay of an unknown source", "replay mimic-v " + dir, boot.ExitUsage, []string{"mimic-v", "mimic-iii", "synth"}},
		{"replay of another layout", "replay mimic-iii " + other, boot.ExitUsage, []string{"other", "CHARTEVENTS"}},
		{"replay of synth with a folder", "replay synth " + dir, boot.ExitUsage, []string{"no folder"}},
		{"replay to no broker", "replay synth --brokers 127.0.0.1:1", boot.ExitDependency, []string{"127.0.0.1:1"}},
		{"replay to nowhere", "replay synth --to file", boot.ExitUsage, []string{"--to", "stdout"}},
		{"publish nothing", "publish", boot.ExitUsage, []string{"FILE", "--help"}},
		{"publish a file that is not there", "publish " + filepath.Join(dir, "none"), boot.ExitUsage, []string{"none"}},
		{"publish without a state", "publish -", boot.ExitUsage, []string{"--state", "twice"}},
		{"publish with another file as state", "publish " + file + " --state " + policy, boot.ExitUsage, []string{"--state", "policy.yaml", "line 1", "new one"}},
		{"publish to no broker", "publish " + file + " --brokers 127.0.0.1:1", boot.ExitDependency, []string{"127.0.0.1:1"}},
		{"synth of no layout", "synth", boot.ExitUsage, []string{"LAYOUT", "mimic-iii", "--help"}},
		{"synth of an unknown layout", "synth mimic-v --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"mimic-v", "mimic-iv"}},
		{"synth to nowhere", "synth mimic-iv", boot.ExitUsage, []string{"--out"}},
		{"synth into a folder that holds something", "synth mimic-iv --out " + other, boot.ExitUsage, []string{"--out", "other", "README.txt", "empty folder"}},
		{"synth over a file", "synth mimic-iv --out " + file, boot.ExitUsage, []string{"--out", "file", "empty folder"}},
		{"synth of nobody", "synth mimic-iv --patients 0 --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"--patients", "1 to 1000"}},
		{"synth of a moment", "synth mimic-iv --length 1s --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"--length", "1h to 720h"}},
		{"waiting for stdout", "replay synth --to stdout --wait", boot.ExitUsage, []string{"--wait"}},
		{"export without waiting", "replay synth --export " + dir, boot.ExitUsage, []string{"--wait"}},
		{"user without mechanism", "topics check --user me", boot.ExitUsage, []string{"--sasl", "scram-sha-512"}},
		{"mechanism without user", "topics check --sasl plain --tls", boot.ExitUsage, []string{"--user"}},
		{"no password", "topics check --sasl plain --tls --user me", boot.ExitUsage, []string{"me", "VIGIL_KAFKA_PASSWORD", "--password-file"}},
		{"unknown mechanism", "topics check --sasl gssapi --user me --password-file " + file, boot.ExitUsage, []string{"gssapi", "scram-sha-512"}},
		{"plain in the clear", "topics check --sasl plain --user me --password-file " + file, boot.ExitUsage, []string{"--tls"}},
		{"authority that is none", "topics check --tls-ca " + file, boot.ExitUsage, []string{"--tls-ca", "PEM"}},
		{"certificate without key", "topics check --tls-cert " + file, boot.ExitUsage, []string{"--tls-key"}},
		{"topics of no broker", "topics check --brokers 127.0.0.1:1", boot.ExitDependency, []string{"127.0.0.1:1", "--brokers"}},
		{"topics of no file", "topics init --file " + filepath.Join(dir, "none"), boot.ExitUsage, []string{"--file", "none"}},
		{"topics of another file", "topics check --file " + policy, boot.ExitUsage, []string{"--file", "policy.yaml", "version is 9"}},
		{"topics with no partitions", "topics init --partitions 0", boot.ExitUsage, []string{"--partitions"}},
		{"alerts of no broker", "alerts export --brokers 127.0.0.1:1", boot.ExitDependency, []string{"127.0.0.1:1"}},
		{"score nothing", "model score", boot.ExitUsage, []string{"model file", "--help"}},
		{"score on nothing", "model score " + torn, boot.ExitUsage, []string{"--recipe", "--data"}},
		{"train nothing", "train", boot.ExitUsage, []string{"--recipe", "tiny"}},
		{"train on nothing", "train --recipe tiny --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"--data"}},
		{"train to nowhere", "train --recipe tiny --data " + other, boot.ExitUsage, []string{"--out"}},
		{"train into a folder that is not", "train --recipe tiny --data " + other + " --out " + filepath.Join(dir, "no", "m"), boot.ExitUsage, []string{"there is no folder"}},
		{"train over a file", "train --recipe tiny --data " + other + " --out " + file, boot.ExitUsage, []string{"file is there", "remove it"}},
		{"train by no recipe", "train --recipe tinny --data " + other + " --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"tinny", "physionet2012"}},
		{"train by a wrong key", "train --recipe tiny --set model.gates=softmax --data " + other + " --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"gates", `"gate"`}},
		{"train by a wrong value", "train --recipe tiny --set model.gate=hard --data " + other + " --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"hard", "laplace"}},
		{"train on another layout", "train --recipe tiny --data " + other + " --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"other", "RecordID"}},
		{"train without the teacher", "train --recipe physionet2012 --data " + other + " --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"--teacher", "teacher.weight=0"}},
		{"train with a wrong share", "train --recipe tiny --validate 2 --data " + other + " --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"validation is 2"}},
		{"resume nothing", "train --recipe tiny --resume --data " + other + " --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"no checkpoint", "without --resume"}},
		{"train without threads", "train --recipe tiny --threads -1 --data " + other + " --out " + filepath.Join(dir, "m"), boot.ExitUsage, []string{"--threads"}},
		{"a channel that is none", "channels hart_rate", boot.ExitUsage, []string{"hart_rate", "heart_rate?", "vigil channels"}},
		{"a channel of nothing near", "channels aura", boot.ExitUsage, []string{"aura", "lists all"}},
		{"policy of no file", "policy show " + filepath.Join(dir, "none"), boot.ExitUsage, []string{"none"}},
		{"policy of a broken file", "policy show " + policy, boot.ExitUsage, []string{"policy.yaml", "version 9"}},
		{"policy over a file", "policy init " + file, boot.ExitUsage, []string{"is there already", "another file"}},
		{"check of a misspelt task", "policy check " + task, boot.ExitUsage, []string{"line 2", "mortalty", "mortality?"}},
		{"test of no policy tests", "policy test " + policy, boot.ExitUsage, []string{"policy.yaml", "version: 1"}},
		{"policy of two files", "policy show a b", boot.ExitUsage, []string{"one file", "--help"}},
		{"dead letters without a verb", "deadletters", boot.ExitUsage, []string{"tail", "show", "replay"}},
		{"dead letters of no broker", "deadletters tail --brokers 127.0.0.1:1", boot.ExitDependency, []string{"127.0.0.1:1"}},
		{"show no dead letter", "deadletters show", boot.ExitUsage, []string{"ID", "tail", "--help"}},
		{"replay no dead letter", "deadletters replay", boot.ExitUsage, []string{"ID", "--help"}},
		{"replay with no body", "deadletters replay x --body " + filepath.Join(dir, "none"), boot.ExitUsage, []string{"--body", "none"}},
		{"answer to no alert", "alerts ack", boot.ExitUsage, []string{"ID", "--help"}},
		{"snooze without a reason", "alerts snooze 3f", boot.ExitUsage, []string{"--reason"}},
		{"snooze of no time", "alerts snooze 3f --reason x --for 0s", boot.ExitUsage, []string{"--for", "30m"}},
		{"verdict without a reason", "alerts verdict 3f", boot.ExitUsage, []string{"--reason"}},
		{"answer of no broker", "alerts ack 3f --brokers 127.0.0.1:1", boot.ExitDependency, []string{"127.0.0.1:1"}},
		{"alerts of an unknown severity", "alerts tail --severity urgent", boot.ExitUsage, []string{"urgent", "low, medium, high"}},
		{"alerts of half a patient", "alerts tail --patient 42", boot.ExitUsage, []string{"--patient", "domain:id"}},
		{"alerts since no time", "alerts tail --since yesterday", boot.ExitUsage, []string{"yesterday", "2h"}},
		{"alerts with an unknown verb", "alerts clear", boot.ExitUsage, []string{"clear", "tail"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // some wait for a broker that is not there
			code, stdout, stderr := vigil(t.Context(), strings.Fields(c.args)...)
			line := lastLine(stderr)
			if code != c.code || !strings.HasPrefix(line, "vigil: ") {
				t.Fatalf("exit %d, want %d: %q (stdout %.100q)", code, c.code, stderr, stdout)
			}
			for _, word := range c.words {
				if !strings.Contains(line, word) {
					t.Errorf("%q does not say %q", line, word)
				}
			}
		})
	}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// A full disk: the state folder is a file system of 4 MB in a mount namespace of
// its own.
func TestFullDisk(t *testing.T) {
	if _, err := exec.LookPath("unshare"); err != nil || exec.Command("unshare", "-rm", "true").Run() != nil {
		t.Skip("needs unshare(1) with user or root mount namespaces")
	}
	if testing.Short() {
		t.Skip("builds the program: left out with -short")
	}
	path, dir := binary(t), t.TempDir()
	script := "mount -t tmpfs -o size=4m tmpfs " + dir + " && exec " + path + " demo --speed max --no-web --summary json --store miniredis --state " + dir
	cmd := exec.Command("unshare", "-rm", "sh", "-c", script)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("a full disk ends with success: %s", out)
	}
	line := lastLine(string(out))
	if code := cmd.ProcessState.ExitCode(); code != boot.ExitFailure && code != boot.ExitDependency {
		t.Errorf("exit %d", code)
	}
	if !strings.HasPrefix(line, "vigil: ") || !strings.Contains(line, "--state") || !strings.Contains(line, "disk is full") {
		t.Errorf("the line does not say what is full and how to mend it: %q", line)
	}
}

func TestEveryHelpTextSaysWhatItIsNot(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"demo", "--help"}, {"alerts", "tail", "--help"}, {"train", "--help"}, {"synth", "--help"}, {"publish", "--help"}, {"version"}, {"model", "show"},
		{"alerts", "ack", "--help"}, {"alerts", "snooze", "--help"}, {"alerts", "verdict", "--help"}, {"channels", "--help"}, {"deadletters", "tail", "--help"}, {"deadletters", "show", "--help"}, {"deadletters", "replay", "--help"}, {"sources", "--help"}, {"recipes", "--help"}, {"policy", "show", "--help"}} {
		code, stdout, _ := vigil(t.Context(), args...)
		if code != 0 || !strings.Contains(stdout, schemas.Notice) {
			t.Errorf("vigil %s: exit %d, without the notice: %.200s", strings.Join(args, " "), code, stdout)
		}
	}
}
