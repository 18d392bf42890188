package delivery

import (
	"net"
	"testing"
)

// listen takes a port that was just given back.
func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
