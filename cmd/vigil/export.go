package main

import (
	"bufio"
	"os"
	"path/filepath"
)

// exportTopic writes the bodies of one topic's outputs, one a line, and renames
// the file into place once it is whole.
func exportTopic(dir, name, topic string, outputs []output) error {
	f, err := os.CreateTemp(dir, name+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range outputs {
		if outputs[i].topic == topic {
			_, _ = w.Write(outputs[i].body) // a failed write stays with the writer until Flush
			_ = w.WriteByte('\n')
		}
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
