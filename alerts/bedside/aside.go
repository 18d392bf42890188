package bedside

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
)

// Aside is where warnings go while a unit may be drawn on the same terminal: in between they would
// tear the picture. They are shown in its footer, and written out when it ends.
type Aside struct {
	to       io.Writer
	terminal bool // to is one that can be drawn on

	mu   sync.Mutex
	hold bool
	kept []byte
	last string
}

// maxAside is how many bytes are kept; older lines than those are lost to who draws for days.
const maxAside = 64 << 10

// NewAside returns a writer to out, which must be a terminal for anything to be held back.
func NewAside(out io.Writer) *Aside { return &Aside{to: out, terminal: Drawable(out) != nil} }

// Write writes a line, or keeps it.
func (a *Aside) Write(line []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.hold || !a.terminal {
		return a.to.Write(line)
	}
	a.kept = append(a.kept, line...)
	if over := len(a.kept) - maxAside; over > 0 {
		a.kept = a.kept[over:]
	}
	a.last = sentence(line)
	return len(line), nil
}

// sentence is what a line of the log says, without its fields.
func sentence(line []byte) string {
	var said struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(line, &said) == nil && said.Message != "" {
		return "warning: " + said.Message
	}
	return strings.TrimSpace(string(line))
}

// begin holds lines back from now on.
func (a *Aside) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold = true
}

// end writes out what was held back.
func (a *Aside) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold = false
	_, _ = a.to.Write(a.kept)
	a.kept = nil
}

// news is the last line that was held back since news was asked for; empty for none.
func (a *Aside) news() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	last := a.last
	a.last = ""
	return last
}
