package audit

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/vigil-icu/vigil/schemas"
)

// Origin is the name of the key, and the first line of each checkpoint.
const Origin = "vigil-audit"

// Names of the files beside a log.
const (
	checkpoints = ".checkpoints"
	privateKey  = ".key"
	publicKey   = ".pub"
)

// Log is an audit log that is open for writing. It is safe for concurrent use.
type Log struct {
	mu     sync.Mutex
	tree   tree
	lines  *os.File
	marks  *os.File
	signer note.Signer
	failed error // a write that failed, for good: what follows it could not be proved
}

// Open opens the log of a file, or begins one. An earlier log is verified first, and one that does not
// hold is refused. Lines that a crash left without their checkpoint are kept, and the log says so.
func Open(file string, now schemas.Time) (*Log, error) {
	signer, err := openKey(file)
	if err != nil {
		return nil, err
	}
	found, err := verify(file, "", "")
	if err != nil {
		return nil, fmt.Errorf("audit log: %w; put it and its files away and begin a new one", err)
	}
	l := &Log{tree: found.tree, signer: signer}
	if l.lines, err = os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	if l.marks, err = os.OpenFile(file+checkpoints, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		_ = l.lines.Close()
		return nil, fmt.Errorf("audit log: %w", err)
	}
	detail := ""
	if found.Unsigned > 0 {
		detail = fmt.Sprintf("%d lines before this one had no checkpoint: the process ended while it wrote, or somebody added them", found.Unsigned)
	}
	if err := l.Append(Entry{At: now, Who: "vigil", Role: "system", What: "opened", Detail: detail}); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// openKey reads the key that signs, or makes one.
func openKey(file string) (note.Signer, error) {
	text, err := os.ReadFile(file + privateKey)
	if errors.Is(err, os.ErrNotExist) {
		if _, there := os.Stat(file); there == nil {
			return nil, fmt.Errorf("audit log: %s is there and its key %s is not: bring the key back, or put the log away", file, file+privateKey)
		}
		private, public, err := note.GenerateKey(rand.Reader, Origin)
		if err == nil {
			err = os.WriteFile(file+privateKey, []byte(private+"\n"), 0o600)
		}
		if err == nil {
			err = os.WriteFile(file+publicKey, []byte(public+"\n"), 0o644)
		}
		if err != nil {
			return nil, fmt.Errorf("audit log: no key: %w", err)
		}
		text = []byte(private)
	} else if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("audit log: %s holds no key that signs: %w", file+privateKey, err)
	}
	return signer, nil
}

// Append writes an entry and its checkpoint. Its number is the log's to give. Where writing fails, every
// later call fails too: who must not act without a record then does not act.
func (l *Log) Append(e Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return l.failed
	}
	if err := l.append(&e); err != nil {
		l.failed = fmt.Errorf("audit log: %w", err)
	}
	return l.failed
}

// append does it; the lock is held.
func (l *Log) append(e *Entry) error {
	e.N = l.tree.size
	line, err := e.line()
	if err != nil {
		return err
	}
	if _, err := l.lines.Write(append(line, '\n')); err != nil {
		return err
	}
	if err := l.tree.add(line); err != nil {
		return err
	}
	root, err := l.tree.root()
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: checkpoint(l.tree.size, root)}, l.signer)
	if err != nil {
		return err
	}
	_, err = l.marks.Write(append(signed, '\n'))
	return err
}

// Close closes the files.
func (l *Log) Close() error { return errors.Join(l.lines.Close(), l.marks.Close()) }

// checkpoint is the text that is signed: origin, number of lines, root.
func checkpoint(size int64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", Origin, size, root)
}

// tree is the Merkle tree of the lines, with all stored hashes in memory: 64 bytes a line.
type tree struct {
	size   int64
	hashes []tlog.Hash
}

// add appends a leaf.
func (t *tree) add(line []byte) error {
	more, err := tlog.StoredHashes(t.size, line, t)
	if err != nil {
		return err
	}
	t.hashes = append(t.hashes, more...)
	t.size++
	return nil
}

// root is that of the tree as it is.
func (t *tree) root() (tlog.Hash, error) { return tlog.TreeHash(t.size, t) }

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at < 0 || at >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("the tree has no hash %d", at)
		}
		out[i] = t.hashes[at]
	}
	return out, nil
}

// splitNotes parts a file of signed notes: each ends with an empty line behind its signatures.
func splitNotes(text []byte) (notes [][]byte, rest []byte) {
	for len(text) > 0 {
		body := bytes.Index(text, []byte("\n\n"))
		if body < 0 {
			return notes, text
		}
		end := bytes.Index(text[body+2:], []byte("\n\n"))
		if end < 0 {
			return notes, text
		}
		end += body + 2
		notes = append(notes, text[:end+1])
		text = text[end+2:]
	}
	return notes, nil
}
