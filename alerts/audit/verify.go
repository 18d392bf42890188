package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Found is what a log that holds was found to have.
type Found struct {
	Lines       int64
	Checkpoints int
	// Unsigned are lines behind the last checkpoint. A process that was killed between line and checkpoint
	// leaves one; nobody can vouch for them.
	Unsigned int64
	Root     string // of all lines

	tree tree
}

// Verify holds a log against its checkpoints. key is the file of the key that checks them, and copied that
// of checkpoints that were copied away; either may be empty: the key is then the one beside the log.
// An error says where the log was changed.
func Verify(file, key, copied string) (*Found, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("no audit log: %w", err)
	}
	found, err := verify(file, key, copied)
	if err != nil {
		return nil, err
	}
	if found.Unsigned > 0 {
		return nil, fmt.Errorf("%s: the last %d lines have no checkpoint: somebody added them, or the process was killed while it wrote; its next start says which lines those were", file, found.Unsigned)
	}
	return found, nil
}

// verify does it, and takes a log that is not there for an empty one.
func verify(file, key, copied string) (*Found, error) {
	text, err := optional(file)
	if err != nil {
		return nil, err
	}
	marks, err := optional(file + checkpoints)
	if err != nil {
		return nil, err
	}
	if len(text) == 0 && len(marks) == 0 && copied == "" {
		return &Found{}, nil
	}
	verifier, err := readKey(file, key)
	if err != nil {
		return nil, err
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return nil, fmt.Errorf("%s: its last line has no end: it was cut", file)
	}
	found := &Found{}
	roots := []tlog.Hash{} // by number of lines less one
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil || e.N != found.tree.size {
			return nil, fmt.Errorf("%s line %d: it is not entry %d as it was written: the line was changed, moved or put in, or one before it was taken out", file, found.tree.size+1, found.tree.size)
		}
		if err := found.tree.add(line); err != nil {
			return nil, err
		}
		root, err := found.tree.root()
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
	found.Lines = found.tree.size
	signed, n, err := check(file+checkpoints, marks, verifier, roots, true)
	if err != nil {
		return nil, err
	}
	found.Checkpoints, found.Unsigned = n, found.Lines-signed
	if copied != "" {
		text, err := os.ReadFile(copied)
		if err != nil {
			return nil, fmt.Errorf("the copied checkpoints: %w", err)
		}
		if _, n, err = check(copied, text, verifier, roots, false); err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, fmt.Errorf("%s holds no checkpoint", copied)
		}
	}
	if len(roots) > 0 {
		found.Root = roots[len(roots)-1].String()
	}
	return found, nil
}

// check holds signed checkpoints against the roots, and returns how many lines the last of them is of. Of a
// whole file there is one for each line, since each line was signed.
func check(file string, text []byte, key note.Verifier, roots []tlog.Hash, whole bool) (size int64, n int, err error) {
	if !whole && len(text) > 0 {
		text = append(bytes.TrimRight(text, "\n"), "\n\n"...) // a copy may have lost its empty line
	}
	notes, rest := splitNotes(text)
	if len(rest) > 0 {
		return 0, 0, fmt.Errorf("%s: its last checkpoint has no end: it was cut, or the process was killed while it wrote", file)
	}
	for i, signed := range notes {
		at, root, err := open(signed, key)
		if err != nil {
			return 0, 0, fmt.Errorf("%s, checkpoint %d: %w", file, i+1, err)
		}
		switch {
		case at < 1:
			return 0, 0, fmt.Errorf("%s, checkpoint %d: it is of %d lines", file, i+1, at)
		case at > int64(len(roots)):
			return 0, 0, fmt.Errorf("%s, checkpoint %d: %d lines were signed and the log has %d: it was cut", file, i+1, at, len(roots))
		case roots[at-1] != root:
			return 0, 0, fmt.Errorf("%s, checkpoint %d: the first %d lines are not those that were signed: one of them was changed", file, i+1, at)
		case at <= size:
			return 0, 0, fmt.Errorf("%s, checkpoint %d: it is of %d lines and stands behind one of %d: checkpoints were moved or repeated", file, i+1, at, size)
		}
		size = at
	}
	return size, len(notes), nil
}

// open checks the signature of a checkpoint and reads it.
func open(signed []byte, key note.Verifier) (size int64, root tlog.Hash, err error) {
	n, err := note.Open(signed, note.VerifierList(key))
	if err != nil {
		return 0, root, fmt.Errorf("its signature does not hold: it was changed, or another key made it (%w)", err)
	}
	fields := strings.Split(n.Text, "\n")
	if len(fields) != 4 || fields[0] != Origin {
		return 0, root, errors.New("it is no checkpoint of an audit log")
	}
	if size, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
		return 0, root, errors.New("it names no number of lines")
	}
	if root, err = tlog.ParseHash(fields[2]); err != nil {
		return 0, root, err
	}
	// Base64 has bits that nobody reads. A checkpoint in which one of them is set was changed all the same.
	_, signature, _ := bytes.Cut(signed, []byte("\n\n"))
	words := strings.Fields(string(signature))
	if _, err := base64.StdEncoding.Strict().DecodeString(words[len(words)-1]); err != nil || root.String() != fields[2] || strconv.FormatInt(size, 10) != fields[1] || bytes.Count(signature, []byte("\n")) != 1 || len(n.UnverifiedSigs) > 0 {
		return 0, root, errors.New("it is not as it was written: it was changed")
	}
	return size, root, nil
}

// readKey reads the key that checks.
func readKey(file, key string) (note.Verifier, error) {
	if key == "" {
		key = file + publicKey
	}
	text, err := os.ReadFile(key)
	if err != nil {
		return nil, fmt.Errorf("no key to check by: %w", err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s holds no key that checks: %w", key, err)
	}
	return verifier, nil
}

// optional reads a file that need not be there.
func optional(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return text, err
}
