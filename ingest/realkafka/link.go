package realkafka

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Link is a TCP connection's way to a server, which can be cut at the worst moment:
// after the server has done what it was asked for and before it can say so.
type Link struct {
	Cut       atomic.Bool  // the next answers are swallowed and their connections closed
	Swallowed atomic.Int64 // answers so far

	listener net.Listener
	target   string
	mu       sync.Mutex
	open     map[net.Conn]bool
}

// NewLink opens a way to the server at target, host:port, for one test.
func NewLink(t testing.TB, target string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{listener: listener, target: target, open: map[net.Conn]bool{}}
	t.Cleanup(l.close)
	go l.accept()
	return l
}

// Address is where clients go, host:port.
func (l *Link) Address() string { return l.listener.Addr().String() }

func (l *Link) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.target)
		if err != nil {
			client.Close()
			continue
		}
		l.keep(client, server)
		go l.carry(server, client, false)
		go l.carry(client, server, true)
	}
}

// carry copies until either side ends; answers are those of the server.
func (l *Link) carry(to, from net.Conn, answers bool) {
	defer l.drop(to, from)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if answers && l.Cut.Load() {
				l.Swallowed.Add(1)
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *Link) keep(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.open[c] = true
	}
}

func (l *Link) drop(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(l.open, c)
	}
}

func (l *Link) close() {
	l.listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		c.Close()
	}
}
