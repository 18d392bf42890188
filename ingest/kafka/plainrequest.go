package kafka

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// anyBroker stands for a broker that whoever asks does not choose.
const anyBroker = -1

// errTooOld means that the brokers do not know a request, or not in the form that is needed.
var errTooOld = fmt.Errorf("the brokers are too old for this request: %w", kafkago.UnsupportedVersion)

// plainRequest is one that kafka-go does not know in the version that is needed. kmsg writes
// it and reads its answer; kafka-go finds the broker and carries both.
type plainRequest struct {
	kmsg.Request
	broker int32
	client string // ClientID
}

type plainAnswer struct{ kmsg.Response }

func (r *plainRequest) ApiKey() protocol.ApiKey { return protocol.ApiKey(r.Key()) }
func (r *plainAnswer) ApiKey() protocol.ApiKey  { return protocol.ApiKey(r.Key()) }

// ask sends a request, whose version is set, to a broker, and returns its answer. errTooOld
// means that the broker does not know this version.
func (c *Cluster) ask(ctx context.Context, broker int32, request kmsg.Request) (kmsg.Response, error) {
	c.init()
	newest, err := c.versions.newest(ctx, c, request.Key())
	if err != nil {
		return nil, err
	}
	if newest < request.GetVersion() {
		return nil, errTooOld
	}
	r, err := c.transport.RoundTrip(ctx, c.client.Addr, &plainRequest{Request: request, broker: broker, client: c.ClientID})
	if err != nil {
		return nil, err
	}
	return r.(*plainAnswer).Response, nil
}

// versions remembers which versions of which requests the brokers know.
type versions struct {
	mu   sync.Mutex
	most map[int16]int16 // by api key
}

// newest returns the newest version of a request that the brokers know, -1 for none.
func (v *versions) newest(ctx context.Context, c *Cluster, key int16) (int16, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.most == nil {
		r, err := c.client.ApiVersions(ctx, &kafkago.ApiVersionsRequest{Addr: c.client.Addr})
		if err == nil {
			err = r.Error
		}
		if err != nil {
			return -1, err
		}
		v.most = map[int16]int16{}
		for _, k := range r.ApiKeys {
			v.most[int16(k.ApiKey)] = int16(k.MaxVersion)
		}
	}
	if most, ok := v.most[key]; ok {
		return most, nil
	}
	return -1, nil
}

// Broker tells kafka-go which broker to send the request to.
func (r *plainRequest) Broker(cluster protocol.Cluster) (protocol.Broker, error) {
	for id, b := range cluster.Brokers {
		if r.broker == anyBroker || r.broker == id {
			return b, nil
		}
	}
	return protocol.Broker{ID: -1}, kafkago.LeaderNotAvailable
}

// Required tells kafka-go that RawExchange does the request. The versions are those that
// kafka-go knows as well.
func (r *plainRequest) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange writes the request and reads the answer. A connection carries one at a time.
func (r *plainRequest) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	const id = 1
	if _, err := rw.Write(kmsg.NewRequestFormatter(kmsg.FormatterClientID(r.client)).AppendRequest(nil, r.Request, id)); err != nil {
		return nil, err
	}
	body, err := readAnswer(rw, id)
	if err != nil {
		return nil, err
	}
	answer := r.ResponseKind()
	answer.SetVersion(r.GetVersion())
	if answer.IsFlexible() {
		if len(body) == 0 || body[0] != 0 { // tagged fields of the header, of which there are none
			return nil, fmt.Errorf("%w in the head of an answer", io.ErrUnexpectedEOF)
		}
		body = body[1:]
	}
	if err := answer.ReadFrom(body); err != nil {
		return nil, fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
	}
	return &plainAnswer{answer}, nil
}

// readAnswer reads the answer to a request, without its head.
func readAnswer(r io.Reader, id uint32) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int64(binary.BigEndian.Uint32(head[:])) - 4
	if got := binary.BigEndian.Uint32(head[4:]); got != id || size < 0 || size > maxAnswer {
		return nil, fmt.Errorf("%w: %d bytes answer request %d, not %d", io.ErrUnexpectedEOF, size, got, id)
	}
	body := make([]byte, size)
	_, err := io.ReadFull(r, body)
	return body, err
}
