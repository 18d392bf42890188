package modelfolder

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/vigil-icu/vigil/encoders/onnx"
)

// Sizes of files that are read from a folder.
const (
	maxManifest  = 1 << 20
	maxTokenizer = 64 << 20
	maxGolden    = 16 << 20
	maxCA        = 1 << 20
)

// folder reads files of a directory and no others: a name that leads out of it, by ".." or by a
// link, is refused.
type folder struct{ root *os.Root }

func openFolder(dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the folder: %w; want a folder with %s", err, FileName)
	}
	return &folder{root}, nil
}

func (f *folder) close() { _ = f.root.Close() }

// read reads a file of at most so many bytes.
func (f *folder) read(name string, most int64) ([]byte, error) {
	info, err := f.root.Stat(name)
	switch {
	case err != nil && strings.Contains(err.Error(), "escapes"):
		return nil, fmt.Errorf("%.80q leads out of the folder: want a file in it", name)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the folder has no %.80q", name)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%.80q is no regular file", name)
	case info.Size() > most:
		return nil, fmt.Errorf("%.80q has %d bytes, at most %d are read", name, info.Size(), most)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%.80q grows: at most %d bytes are read", name, most)
	}
	return b, err
}

// network reads the network's file and holds it against its hash.
func (f *folder) network(n *Network) ([]byte, error) {
	b, err := f.read(n.File, onnx.MaxFile)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	if found := hex.EncodeToString(sum[:]); !strings.EqualFold(found, n.SHA256) {
		return nil, fmt.Errorf("%s is another network than %s describes: found SHA-256 %s, expected %s", n.File, FileName, found, strings.ToLower(n.SHA256))
	}
	return b, nil
}
