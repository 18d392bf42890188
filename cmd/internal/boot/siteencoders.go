package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/modelfolder"
	"github.com/vigil-icu/vigil/encoders/onnx"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/encoders/remote"
	"github.com/vigil-icu/vigil/schemas"
)

// Encoders are the encoders of a site's own.
type Encoders struct {
	Folders []string // MODALITY=DIR, one a modality
	Hosts   []string // servers that may be asked; none without
	Library string   // file of ONNX Runtime; empty: where onnx.Find looks

	pause time.Duration // between tries of what waits, in tests; 0: laterPause
}

// Means are what this process offers to encoders in folders. ONNX Runtime is looked for when the first
// network needs it.
func (e *Encoders) Means() modelfolder.Means {
	library := sync.OnceValues(func() (*onnx.Library, error) {
		program, _ := os.Executable() // only to look beside it
		path, err := onnx.Find(e.Library, os.Getenv, program)
		if err != nil {
			return nil, err
		}
		return onnx.Open(path)
	})
	return modelfolder.MeansOf(library, &remote.Access{Hosts: e.Hosts, Now: time.Now}, os.Getenv)
}

// SplitEncoder gives the modality and the folder of one setting.
func SplitEncoder(setting string) (encoders.Modality, string, error) {
	name, dir, ok := strings.Cut(setting, "=")
	m := slices.Index(encoders.Names[:], name)
	switch {
	case !ok || m < 0 || encoders.Modality(m) == encoders.Numeric:
		return 0, "", fmt.Errorf("found %q, expected notes=DIR, ecg=DIR or imaging=DIR", setting)
	case strings.Contains(dir, "://"):
		return 0, "", fmt.Errorf("found the address %s, expected a folder: its encoder.json names the server, with what is sent to it and golden vectors", dir)
	case dir == "":
		return 0, "", fmt.Errorf("found %q, expected a folder with encoder.json", setting)
	}
	return encoders.Modality(m), dir, nil
}

// Open opens the encoders and holds each against its golden vectors. A server that is away now may come
// later; that is said, and the encoder is held against them before it encodes anything.
func (e *Encoders) Open(ctx context.Context, log zerolog.Logger) (own [encoders.NumModalities]*modelfolder.Encoder, err error) {
	defer func() {
		if err != nil {
			closeAll(own)
			err = Usage(fmt.Errorf("--encoder: %w; `vigil encoders check DIR` says more", err))
		}
	}()
	means := e.Means()
	for _, setting := range e.Folders {
		m, dir, err := SplitEncoder(setting)
		if err != nil {
			return own, err
		}
		if own[m] != nil {
			return own, fmt.Errorf("found two encoders of %s, expected one", encoders.Names[m])
		}
		if own[m], err = modelfolder.Open(dir, means); err != nil {
			return own, err
		}
		if of := own[m].Modality(); of != m {
			return own, fmt.Errorf("%s is an encoder of %s, not of %s", own[m].Name(), encoders.Names[of], encoders.Names[m])
		}
		err = own[m].Verify(ctx)
		if errors.Is(err, modelfolder.ErrAway) {
			log.Warn().Str("encoder", own[m].Name()).Err(err).Msg("an encoder's server is away: its items are kept and encoded when it answers")
		} else if err != nil {
			return own, fmt.Errorf("%s: %w", own[m].Name(), err)
		}
	}
	return own, nil
}

func closeAll(own [encoders.NumModalities]*modelfolder.Encoder) {
	for _, e := range own {
		if e != nil {
			e.Close()
		}
	}
}

// siteEncoder is one of them as intake asks it.
type siteEncoder struct {
	encoder *modelfolder.Encoder
	later   *later
}

// Name implements record.SiteEncoder.
func (s *siteEncoder) Name() string { return s.encoder.Name() }

// mostWait bounds how long a partition's stream waits for one item.
const mostWait = 10 * time.Second

// Encode implements record.SiteEncoder. An item that could not be encoded now is tried again later,
// beside the stream.
func (s *siteEncoder) Encode(ev *schemas.Event, as *schemas.Record) ([]float32, bool) {
	v, err := s.encode(ev)
	switch {
	case err == nil:
		return v, true
	case errors.Is(err, modelfolder.ErrAway):
		s.later.put(s, ev, as)
	}
	s.later.say(s, err)
	return nil, false
}

func (s *siteEncoder) encode(ev *schemas.Event) ([]float32, error) {
	ctx, cancel := context.WithTimeout(context.Background(), mostWait)
	defer cancel()
	return s.encoder.Encode(ctx, ev)
}

var _ record.SiteEncoder = (*siteEncoder)(nil)

// useEncoders opens a site's own encoders and gives them to intake. What waits for a server is tried
// again until the house is closed.
func (h *House) useEncoders(ctx context.Context) error {
	own, err := h.config.Encoders.Open(ctx, h.config.Log)
	if err != nil {
		return err
	}
	name := h.config.ID
	if name == "" {
		name = nonce()
	}
	l := &later{publish: publishEncoded(h.Cluster, name), pause: cmp.Or(h.config.Encoders.pause, laterPause), now: time.Now, log: h.config.Log}
	some := false
	for m, e := range own {
		if e != nil {
			h.own[m], some = &siteEncoder{e, l}, true
		}
	}
	if !some {
		return nil
	}
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { l.run(ctx) })
	h.closers = append(h.closers, func() {
		end()
		running.Wait()
		closeAll(own)
	})
	return nil
}
