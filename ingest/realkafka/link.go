package realkafka

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Link is a way to a server that can be cut at the worst moment: after the server has done what
// it was asked for and before it can say so. What a client must then do is the heart of
// exactly-once, and no broker can be made to do it on command.
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

// accept connects each client to the server, until the listener is closed.
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

// carry copies bytes until either side ends, then closes both. answers says that from is the
// server: its bytes are what Cut swallows.
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

// keep remembers connections, to be closed with the link.
func (l *Link) keep(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.open[c] = true
	}
}

// drop closes connections; closing one twice does no harm.
func (l *Link) drop(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(l.open, c)
	}
}

// close ends the link and all that goes over it.
func (l *Link) close() {
	l.listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		c.Close()
	}
}
