package bedside

import (
	"bytes"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// screen is a terminal that a unit is drawn on, with the keys of who sits before it.
type screen struct {
	out    *os.File
	in     *os.File // nil: no keys
	colour bool

	mu    sync.Mutex
	on    bool
	state *term.State // of in before; nil where it was left as it was
}

// Drawable returns the terminal that can be drawn on; nil where out is none, and where the terminal is dumb and
// takes no escape sequences.
func Drawable(out io.Writer) *os.File {
	f, ok := out.(*os.File)
	if kind := os.Getenv("TERM"); !ok || !term.IsTerminal(int(f.Fd())) || kind == "" || kind == "dumb" {
		return nil
	}
	return f
}

// newScreen returns the screen of out; nil where none can be drawn on. Keys are read where this process is in the
// foreground: one in the background would be stopped for it.
func newScreen(out io.Writer) *screen {
	f := Drawable(out)
	if f == nil {
		return nil
	}
	s := &screen{out: f, colour: os.Getenv("NO_COLOR") == ""}
	in := int(os.Stdin.Fd())
	if group, err := unix.IoctlGetInt(in, unix.TIOCGPGRP); err == nil && term.IsTerminal(in) && group == unix.Getpgrp() {
		s.in = os.Stdin
	}
	return s
}

// begin turns to a screen of its own, so that what stood on the terminal is there again at the end.
func (s *screen) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = true
	if s.in != nil {
		s.state, _ = term.MakeRaw(int(s.in.Fd()))
	}
	_, _ = io.WriteString(s.out, "\x1b[?1049h\x1b[?25l\x1b[2J")
}

// end gives the terminal back as it was. It may be called more than once.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on {
		return
	}
	s.on = false
	_, _ = io.WriteString(s.out, "\x1b[?25h\x1b[?1049l")
	if s.state != nil {
		_ = term.Restore(int(s.in.Fd()), s.state)
		s.state = nil
	}
}

// size is how many columns and lines there are.
func (s *screen) size() (width, height int) {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil || width < 1 || height < 1 {
		return 80, 24
	}
	return width, height
}

// draw shows a frame, in one write so that nothing flickers.
func (s *screen) draw(f Frame) {
	var picture bytes.Buffer
	f.Paint(&picture, s.colour)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.on {
		_, _ = s.out.Write(picture.Bytes())
	}
}

// read passes keys on until the terminal is gone. Nothing ends a read from a terminal, so that it ends with the process.
func (s *screen) read(to chan<- key) {
	buffer := make([]byte, 64)
	for {
		n, err := s.in.Read(buffer)
		if err != nil || n == 0 {
			return
		}
		for _, k := range keysOf(buffer[:n]) {
			select {
			case to <- k:
			default: // faster than anybody looks
			}
		}
	}
}

// interrupt does to all processes of the terminal what it would have done by itself.
func interrupt(signal syscall.Signal) { _ = syscall.Kill(0, signal) }
