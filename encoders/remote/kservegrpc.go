package remote

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/vigil-icu/vigil/encoders/network"
)

// KServeGRPC asks a server by gRPC.
type KServeGRPC struct {
	connection *grpc.ClientConn
	server     Server
	breaker    *breaker
	signed     signed
}

var _ network.Runner = (*KServeGRPC)(nil)

// KServeGRPC reaches a model by the open inference protocol over gRPC.
func (a *Access) KServeGRPC(server *Server) (*KServeGRPC, error) {
	host, port, err := net.SplitHostPort(server.Address)
	if err != nil || host == "" || port == "" {
		return nil, fmt.Errorf("the server's address: want host:port of gRPC")
	}
	if err := a.allow(server, host, port); err != nil {
		return nil, err
	}
	secure := insecure.NewCredentials()
	if !server.Plaintext {
		settings, err := a.tls(server)
		if err != nil {
			return nil, err
		}
		secure = credentials.NewTLS(settings)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(secure), grpc.WithNoProxy(), grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(codec{}), grpc.MaxCallRecvMsgSize(maxAnswer)),
	}
	if a.Dial != nil {
		options = append(options, grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return a.Dial(ctx, "tcp", address) }))
	}
	c, err := grpc.NewClient("passthrough:///"+server.Address, options...)
	if err != nil {
		return nil, err
	}
	return &KServeGRPC{connection: c, server: *server, breaker: &breaker{now: a.Now}}, nil
}

// Close ends the connection.
func (k *KServeGRPC) Close() { _ = k.connection.Close() }

func (k *KServeGRPC) ask(ctx context.Context, method string, question []byte) (answer []byte, err error) {
	err = k.breaker.guard(func() error {
		ctx, cancel := context.WithTimeout(ctx, k.server.Timeout)
		defer cancel()
		if k.server.Token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+k.server.Token)
		}
		err := k.connection.Invoke(ctx, "/inference.GRPCInferenceService/"+method, &question, &answer)
		if err == nil {
			return nil
		}
		// What the server says beside the code may repeat what it was asked.
		switch code := status.Code(err); code {
		case codes.InvalidArgument, codes.OutOfRange:
			return fmt.Errorf("the server refuses the item: %s", code)
		default:
			return fmt.Errorf("%w: the server answers %s", network.ErrAway, code)
		}
	})
	return answer, err
}

// Signature implements network.Runner.
func (k *KServeGRPC) Signature(ctx context.Context) (*network.Signature, error) {
	return k.signed.ask(func() (in, out []described, err error) {
		b, err := k.ask(ctx, "ModelMetadata", appendMetadataRequest(nil, &k.server))
		if err != nil {
			return nil, nil, err
		}
		return readMetadata(b)
	})
}

// Run implements network.Runner.
func (k *KServeGRPC) Run(ctx context.Context, inputs []network.Tensor, outputs []string) ([]network.Tensor, error) {
	for i := range inputs {
		if err := inputs[i].Check(); err != nil {
			return nil, err
		}
	}
	b, err := k.ask(ctx, "ModelInfer", appendInferRequest(nil, &k.server, inputs, outputs))
	if err != nil {
		return nil, err
	}
	version, given, err := readInferResponse(b)
	if err != nil {
		return nil, err
	}
	if err := k.server.sameVersion(version); err != nil {
		return nil, err
	}
	return inOrder(given, outputs)
}
