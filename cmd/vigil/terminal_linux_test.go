package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// typing is what a person types once they have seen something.
type typing struct{ seen, keys string }

// onTerminal runs the program on a terminal of 100 columns and 30 lines, on which a person types.
func onTerminal(t *testing.T, environment []string, person []typing, args ...string) (out string, code int) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	defer master.Close()
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100})
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	cmd := exec.Command(binary(t), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.Env = append(os.Environ(), environment...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	var seen safeBuffer
	read := make(chan struct{})
	go func() { defer close(read); _, _ = io.Copy(&seen, master) }() // ends with an error when the program has gone
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.After(2 * time.Minute)
	for {
		select {
		case <-ended:
			<-read
			return seen.String(), cmd.ProcessState.ExitCode()
		case <-deadline:
			_ = cmd.Process.Kill()
			t.Fatalf("the program does not end: %.2000s", seen.String())
		case <-time.After(50 * time.Millisecond):
			if len(person) > 0 && strings.Contains(seen.String(), person[0].seen) {
				_, _ = io.WriteString(master, person[0].keys)
				person = person[1:]
			}
		}
	}
}

// The numbers of the last picture are those of the summary in words, and these are there without --summary. Without colour
// nothing is coloured, and a dumb terminal is sent no escape sequence at all.
func TestLastPictureSaysWhatTheSummarySays(t *testing.T) {
	if testing.Short() {
		t.Skip("plays units on a terminal: left out with -short")
	}
	colour, numbers := regexp.MustCompile(`\x1b\[[0-9;]*[1-9][0-9;]*m`), regexp.MustCompile(`(\d+ scores); (alerts: \d+ started, \d+ ended)`)
	for _, k := range []struct {
		environment     []string
		escapes, colour bool
	}{
		{[]string{"TERM=xterm", "NO_COLOR="}, true, true},
		{[]string{"TERM=xterm", "NO_COLOR=1"}, true, false},
		{[]string{"TERM=dumb", "NO_COLOR="}, false, false},
	} {
		out, code := onTerminal(t, k.environment, nil, "demo", "--beds", "2", "--speed", "max", "--for", "1s", "--store", "miniredis")
		if code != 0 || strings.Contains(out, "\x1b[?1049h") != k.escapes || colour.MatchString(out) != k.colour || !k.escapes && strings.Contains(out, "\x1b") {
			t.Errorf("%v: exit %d: %q", k.environment, code, out[max(0, len(out)-2000):])
		}
		_, last, left := strings.Cut(out, "\x1b[?1049l")
		said := numbers.FindAllString(last, -1)
		if !k.escapes {
			said = append(said, numbers.FindAllString(out, -1)...)
			said = append(said, said...)
		} else if !left || !strings.Contains(last, "sees the patient now") {
			t.Errorf("%v: no last picture behind the screen: %q", k.environment, last)
		}
		if len(said) != 2 || said[0] != said[1] || strings.HasPrefix(said[0], "0 ") {
			t.Errorf("%v: the last picture and the summary say %q", k.environment, said)
		}
	}
}

// A bar on a terminal goes on while much is told of it, and the object behind it is whole.
func TestBarOnATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("plays a unit on a terminal: left out with -short")
	}
	out, code := onTerminal(t, []string{"TERM=xterm"}, nil, "demo", "--beds", "2", "--speed", "max", "--for", "1s", "--store", "miniredis", "--summary", "json")
	if code != 0 || !regexp.MustCompile(`\d+ / \d+ events`).MatchString(out) || !strings.Contains(out, `"digest":"sha256:`) {
		t.Errorf("exit %d: %q", code, out[max(0, len(out)-2000):])
	}
}

// Keys on a terminal: a bed is chosen and its alert acknowledged, as `vigil alerts ack` would, q ends the demo in good
// order, and Ctrl-C as it always does.
func TestKeysOnATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("watches a unit on a terminal: left out with -short")
	}
	out, code := onTerminal(t, []string{"TERM=xterm", "NO_COLOR=1"},
		[]typing{{"HIGH", "\x1b[B"}, {"\n> ", "a"}, {"acknowledged: news2", "q"}}, "demo", "--store", "miniredis", "--speed", "120")
	if code != 0 || !strings.Contains(out, "; acknowledged by ") || !strings.Contains(out, "Out: ") {
		t.Errorf("exit %d: %q", code, out[max(0, len(out)-3000):])
	}
	out, code = onTerminal(t, []string{"TERM=xterm"}, []typing{{"\x1b[?1049h", "\x03"}}, "demo", "--store", "miniredis")
	if code != boot.ExitInterrupted || !strings.Contains(out, "\x1b[?1049l") {
		t.Errorf("Ctrl-C: exit %d: %q", code, out[max(0, len(out)-3000):])
	}
}
