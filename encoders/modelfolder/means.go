package modelfolder

import (
	"fmt"
	"time"

	"github.com/vigil-icu/vigil/encoders/network"
	"github.com/vigil-icu/vigil/encoders/onnx"
	"github.com/vigil-icu/vigil/encoders/remote"
)

// MeansOf runs the networks of folders by ONNX Runtime, which library finds when the first one needs
// it, and asks the servers that access allows. The tokens that servers want are of the environment.
func MeansOf(library func() (*onnx.Library, error), access *remote.Access, getenv func(string) string) Means {
	return Means{
		Load: func(file []byte) (network.Runner, error) {
			l, err := library()
			if err != nil {
				return nil, err
			}
			return l.Load(file)
		},
		Dial: func(n *Network, ca []byte) (network.Runner, TextRunner, error) {
			s := &remote.Server{
				Address: n.Address, Model: n.Model, Version: n.Version, Timeout: time.Duration(n.TimeoutMS) * time.Millisecond,
				CA: ca, Plaintext: n.Plaintext,
			}
			if n.Token != "" {
				if s.Token = getenv(n.Token); s.Token == "" {
					return nil, nil, fmt.Errorf("network.token_variable: %s is not set", n.Token)
				}
			}
			switch n.Protocol {
			case "kserve":
				return asRunner(access.KServe(s))
			case "kserve-grpc":
				return asRunner(access.KServeGRPC(s))
			case "tei":
				return asText(access.TEI(s))
			default:
				return asText(access.OpenAI(s))
			}
		},
	}
}

// asRunner keeps a nil of a type from looking like a network.
func asRunner[T network.Runner](r T, err error) (network.Runner, TextRunner, error) {
	if err != nil {
		return nil, nil, err
	}
	return r, nil, nil
}

func asText(t *remote.Texts, err error) (network.Runner, TextRunner, error) {
	if err != nil {
		return nil, nil, err
	}
	return nil, t, nil
}
