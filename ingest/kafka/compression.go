package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/segmentio/kafka-go/compress"

	"github.com/vigil-icu/vigil/schemas"
)

// maxExpanded is how many bytes a compressed batch may hold.
const maxExpanded = 8 * MaxMessageBytes

// errLarge means that a batch holds more than maxExpanded.
var errLarge = errors.New("too large when decompressed")

// expanding has room for those who expand at a time: each holds up to a few times maxExpanded,
// and a site may have hundreds of readers.
var expanding = make(chan struct{}, 2)

// expand returns what a batch holds that is compressed, or what is wrong with it. It asks for
// memory as it comes, and never for what the batch merely claims: any client may claim
// anything.
func expand(kind compress.Compression, body []byte) ([]byte, *schemas.Problem) {
	codec := kind.Codec()
	if codec == nil {
		return nil, schemas.NewProblem(schemas.Unreadable, "batch", fmt.Sprintf("compression %d", kind), "gzip, snappy, lz4, zstd or none")
	}
	expanding <- struct{}{}
	defer func() { <-expanding }()
	var err error
	switch kind {
	case compress.Zstd:
		body, err = zstdDecoder().DecodeAll(body, nil)
		if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
			err = errLarge
		}
	case compress.Snappy:
		body, err = unsnap(body)
	default:
		r := codec.NewReader(bytes.NewReader(body))
		if body, err = io.ReadAll(io.LimitReader(r, maxExpanded+1)); err == nil && len(body) > maxExpanded {
			err = errLarge
		}
		_ = r.Close()
	}
	switch {
	case errors.Is(err, errLarge):
		return nil, schemas.NewProblem(schemas.TooLarge, "batch", "more than "+strconv.Itoa(maxExpanded>>20)+" MiB in "+codec.Name(), "at most that: send smaller ones")
	case err != nil:
		return nil, schemas.NewProblem(schemas.Unreadable, "batch", codec.Name()+": "+err.Error(), "what this compression makes")
	}
	return body, nil
}

// zstdDecoder decodes in the memory of what it makes, up to maxExpanded.
var zstdDecoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(cap(expanding)), zstd.WithDecoderMaxMemory(maxExpanded), zstd.WithDecoderMaxWindow(maxExpanded))
	if err != nil {
		panic(err) // the options are constants
	}
	return d
})

// xerial begins what Java's snappy makes: these 8 bytes, two versions of 4 bytes, and then
// blocks with a size of 4 bytes in front of each.
const xerial = "\x82SNAPPY\x00"

// unsnap decodes snappy, in blocks or as one.
func unsnap(body []byte) (out []byte, err error) {
	if !bytes.HasPrefix(body, []byte(xerial)) || len(body) < 16 {
		return unsnapBlock(nil, body)
	}
	for body = body[16:]; len(body) > 0; {
		if len(body) < 4 || uint64(binary.BigEndian.Uint32(body)) > uint64(len(body)-4) {
			return nil, io.ErrUnexpectedEOF
		}
		n := binary.BigEndian.Uint32(body)
		if out, err = unsnapBlock(out, body[4:4+n]); err != nil {
			return nil, err
		}
		body = body[4+n:]
	}
	return out, nil
}

// mostSnapped is how many bytes a byte of snappy can stand for: a copy of 64 takes three.
const mostSnapped = 22

func unsnapBlock(dst, block []byte) ([]byte, error) {
	n, err := snappy.DecodedLen(block)
	switch {
	case err != nil:
		return nil, err
	case n > maxExpanded-len(dst):
		return nil, errLarge
	case n > mostSnapped*len(block):
		return nil, snappy.ErrCorrupt
	}
	out, err := snappy.Decode(nil, block)
	return append(dst, out...), err
}
