package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// `vigil demo | head` ends in order: nobody finds its state folder later.
func TestABrokenPipeLeavesNoStateFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program: left out with -short")
	}
	dir := t.TempDir()
	cmd := exec.Command(binary(t), "demo", "--store", "miniredis", "--no-web")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, dir) {
		t.Fatalf("the first line is %q, %v", line, err)
	}
	out.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it goes on though nobody reads it")
	}
	if code := cmd.ProcessState.ExitCode(); code != boot.ExitPipe {
		t.Errorf("exit %d", code)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "vigil-*")); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// A port below 1024 wants rights that most have not.
func TestADeniedPortSaysSo(t *testing.T) {
	if testing.Short() || os.Getuid() != 0 {
		t.Skip("builds the program, and wants to be root to be nobody")
	}
	from, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil || strings.TrimSpace(string(from)) != "1024" {
		t.Skip("everybody may use low ports here")
	}
	open := t.TempDir()
	path := filepath.Join(open, "vigil")
	b, err := os.ReadFile(binary(t))
	if err == nil {
		err = errors.Join(os.WriteFile(path, b, 0o755), os.Chmod(open, 0o777), os.Chmod(filepath.Dir(open), 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "demo", "--port", "81", "--store", "miniredis")
	cmd.Dir, cmd.Env = open, append(os.Environ(), "TMPDIR="+open)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Skipf("nobody cannot run it here: %v", err)
	}
	if line := lastLine(string(out)); cmd.ProcessState.ExitCode() != boot.ExitDependency || !strings.Contains(line, "port 81 is not allowed") || !strings.Contains(line, "--port") {
		t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), line)
	}
}

// topics init on topics of another count says so, and makes none that do not fit those that are there.
func TestTopicsOfAnotherPartitionCount(t *testing.T) {
	_, address := broker(t) // 3 partitions
	if code, stdout, stderr := vigil(t.Context(), "topics", "init", "--brokers", address); code != 0 {
		t.Errorf("without a number: exit %d: %s%s", code, stdout, stderr)
	}
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--partitions", "4", "--brokers", address); code != boot.ExitProblems || !strings.Contains(stderr, "with 3 partitions, not 4") {
		t.Errorf("with another number: exit %d: %s", code, stderr)
	}
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--partitions", "3", "--brokers", address); code != 0 {
		t.Errorf("with their number: exit %d: %s", code, stderr)
	}
}

func TestVersionByFlagAndByCommand(t *testing.T) {
	_, byCommand, _ := vigil(t.Context(), "version")
	if code, byFlag, _ := vigil(t.Context(), "--version"); code != 0 || byFlag != byCommand || byFlag == "" {
		t.Errorf("exit %d: %q", code, byFlag)
	}
	if code, help, _ := vigil(t.Context(), "help", "alerts", "tail"); code != 0 || !strings.Contains(help, "vigil alerts tail --all") {
		t.Errorf("help: exit %d: %q", code, help)
	}
}

func TestPatientsAreListed(t *testing.T) {
	code, stdout, stderr := vigil(t.Context(), "replay", "mimic-iv", "../../testdata/mimic-iv", "--list-patients")
	if code != 0 || !strings.Contains(stdout, "mimic-iv:90000002\t") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}
