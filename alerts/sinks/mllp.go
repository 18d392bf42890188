package sinks

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// HL7 sends alerts as messages of HL7 v2 over MLLP, each of the messages asked for, and waits for the answer to one
// before it sends the next. A repeat has the same control id. An answer to another control id, as of an attempt
// that was given up, is read past.
type HL7 struct {
	settings HL7Settings
	tls      *tls.Config // nil: none
	dial     func(ctx context.Context, network, address string) (net.Conn, error)

	mu   sync.Mutex
	conn *mllp // nil: none
}

// NewHL7 opens a sink.
func NewHL7(s HL7Settings, e Environment) (*HL7, error) {
	h := &HL7{settings: s, dial: e.dial}
	if s.TLS || s.CA != "" || s.Cert != "" {
		var err error
		if h.tls, err = encryption(s.CA, s.Cert, s.Key); err != nil {
			return nil, err
		}
		h.tls.ServerName, _, _ = net.SplitHostPort(s.Address)
	}
	return h, nil
}

// Deliver sends each notice as each of the messages. Partitions take turns on the one connection, since receivers of
// HL7 often take only one.
func (h *HL7) Deliver(ctx context.Context, notices []Notice) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range notices {
		for _, kind := range h.settings.Messages {
			if err := h.tell(ctx, kind, &notices[i]); err != nil {
				return i, err
			}
		}
	}
	return len(notices), nil
}

// Close ends the connection.
func (h *HL7) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hangUp()
	return nil
}

func (h *HL7) hangUp() {
	if h.conn != nil {
		_ = h.conn.Close()
		h.conn = nil
	}
}

// tell sends one message and waits for its answer. After an error that is no refusal the connection is given up: what
// comes over it is perhaps half an answer. One that was idle may be closed at the other end, and gets one more try.
func (h *HL7) tell(ctx context.Context, kind string, n *Notice) error {
	id := n.short(20) // as many letters as MSH-10 has in all versions
	if kind == oruR40 {
		id = n.short(19) + "A"
	}
	message := h.message(kind, id, n)
	for {
		idle := h.conn != nil
		err := h.exchange(ctx, kind, id, message)
		if err == nil || errors.Is(err, ErrRefused) || errors.Is(err, errNotNow) {
			return err
		}
		h.hangUp()
		if ctx.Err() != nil || !idle {
			return err
		}
	}
}

func (h *HL7) exchange(ctx context.Context, kind, id string, message []byte) error {
	if h.conn == nil {
		raw, err := h.dial(ctx, "tcp", h.settings.Address)
		if err != nil {
			return err
		}
		if h.tls != nil {
			secure := tls.Client(raw, h.tls)
			if err := secure.HandshakeContext(ctx); err != nil {
				return errors.Join(err, raw.Close())
			}
			raw = secure
		}
		h.conn = &mllp{Conn: raw, in: bufio.NewReader(raw)}
	}
	c := h.conn
	deadline, _ := ctx.Deadline()
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	if err := c.send(message); err != nil {
		return err
	}
	for accepted := false; ; {
		answer, err := c.receive()
		if err != nil && accepted {
			return fmt.Errorf("it was accepted, and no ORA^R41 came (where none ever does, set answer: accept): %w", err)
		} else if err != nil {
			return fmt.Errorf("waiting for the answer: %w", err)
		}
		code, of, err := acknowledgment(answer)
		switch {
		case err != nil:
			return err
		case of != id:
			continue // a late answer, or a second one
		case code == "CA" && kind == oruR40 && h.settings.Answer == "application":
			accepted = true
			continue // the manager's own answer follows
		}
		return verdict(code, answer)
	}
}

// errNotNow is the answer of a receiver that cannot take a message at present; the connection is good.
var errNotNow = errors.New("the receiver has an error")

// verdict is what an acknowledgment code means.
func verdict(code string, answer []byte) error {
	switch code {
	case "AA", "CA":
		return nil
	case "AR", "CR":
		return refuse(answer, "MSA-1 %s", code)
	case "AE", "CE":
		return fmt.Errorf("%w: MSA-1 %s", errNotNow, code)
	}
	return refuse(answer, "MSA-1 is none of AA, AE, AR, CA, CE, CR")
}

// acknowledgment finds code and control id in an answer (MSA-1 and MSA-2), by the separator that it declares. Segments
// may end with a line feed too.
func acknowledgment(answer []byte) (code, of string, err error) {
	text := string(answer)
	if len(text) < 4 || text[:3] != "MSH" {
		return "", "", errors.New("the answer does not begin with MSH")
	}
	for _, segment := range strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if fields := strings.Split(segment, text[3:4]); fields[0] == "MSA" && len(fields) > 2 {
			return strings.ToUpper(strings.TrimSpace(fields[1])), strings.TrimSpace(fields[2]), nil
		}
	}
	return "", "", errors.New("the answer has no MSA segment with a code and a control id")
}

// Bytes of the framing.
const (
	startBlock = 0x0b
	endBlock   = 0x1c
)

// mllp is a connection that carries blocks: a start byte, the message, an end byte and a carriage return.
type mllp struct {
	net.Conn
	in *bufio.Reader
}

func (m *mllp) send(message []byte) error {
	block := slices.Concat([]byte{startBlock}, message, []byte{endBlock, '\r'})
	_, err := m.Write(block)
	return err
}

// receive returns the next block. What stands between blocks is passed over: receivers are found to write line ends,
// zeros and lines of their log there.
func (m *mllp) receive() ([]byte, error) {
	for {
		b, err := m.in.ReadByte()
		if err != nil {
			return nil, err
		}
		if b == startBlock {
			break
		}
	}
	var block []byte
	for {
		part, err := m.in.ReadSlice(endBlock)
		if block = append(block, part...); len(block) > maxAnswer {
			return nil, fmt.Errorf("an answer of more than %d bytes", maxAnswer)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return bytes.TrimSuffix(block, []byte{endBlock}), nil
	}
}
