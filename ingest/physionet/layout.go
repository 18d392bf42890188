package physionet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// setPrefix begins the names of the publisher's sets: set-a, set-b.tar.gz.
const setPrefix = "set-"

// part is a folder of records, or an archive of them.
type part struct {
	path    string
	archive bool
}

// find says where at path records lie. Where there are none, one error says what was looked
// for and what was found.
func find(path string) ([]part, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no folder or file %s: name the folder that holds set-a.tar.gz, or the folder of records RecordID.txt, of PhysioNet 2012", path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s as PhysioNet 2012 records: %w", path, err)
	}
	if !info.IsDir() {
		if !isArchive(path) {
			return nil, fmt.Errorf("%s is neither a folder nor a .tar.gz: name the folder of records, or the archive, of PhysioNet 2012", path)
		}
		return []part{{path, true}}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s as a folder of PhysioNet 2012 records: %w", path, err)
	}
	parts, err := partsOf(path, entries)
	if err == nil && parts == nil {
		err = fmt.Errorf("%s holds no PhysioNet 2012 records: looked for RecordID.txt, set-a, set-a.tar.gz and their kin; it holds %s", path, listing(entries))
	}
	return parts, err
}

// partsOf are the folder itself if records lie in it, then the folders and archives of records in
// it, whatever they are called; of an archive whose unpacked folder lies beside it only the folder.
func partsOf(dir string, entries []os.DirEntry) (parts []part, err error) {
	if holdsRecord(entries) {
		parts = append(parts, part{path: dir})
	}
	unpacked := make(map[string]bool)
	var archives []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch info, err := os.Stat(path); {
		case err != nil:
		case !info.IsDir():
			if isArchive(path) {
				archives = append(archives, path)
			}
		default:
			inside, err := os.ReadDir(path)
			if err != nil && strings.HasPrefix(e.Name(), setPrefix) {
				return nil, err
			}
			if holdsRecord(inside) {
				unpacked[path] = true
				parts = append(parts, part{path: path})
			}
		}
	}
	for _, path := range archives {
		if !unpacked[stem(path)] && (strings.HasPrefix(filepath.Base(path), setPrefix) || beginsWithRecord(path)) {
			parts = append(parts, part{path, true})
		}
	}
	return parts, nil
}

// beginsWithRecord says whether the first text in an archive is named like a record. What is
// wrong with an archive that cannot be read is for whoever names it to be told.
func beginsWithRecord(path string) (yes bool) {
	_, err := part{path, true}.walk(context.Background(), func(_, _ string, _ io.Reader) (bool, error) {
		yes = true
		return false, nil
	})
	return yes && err == nil
}

// isArchive says whether a path is named like an archive.
func isArchive(path string) bool { return stem(path) != path }

// stem is the path of an archive without .tar.gz or .tgz.
func stem(path string) string {
	for _, ending := range [...]string{".tar.gz", ".tgz"} {
		if n := len(path) - len(ending); n > 0 && strings.EqualFold(path[n:], ending) {
			return path[:n]
		}
	}
	return path
}

// holdsRecord says whether a file in a folder is named like a record.
func holdsRecord(entries []os.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		_, ok := recordID(e.Name())
		return ok && !e.IsDir()
	})
}

// recordID is the number in a record's file name, with up to 15 digits: so many a float64
// holds, and RecordID is read as one.
func recordID(name string) (string, bool) {
	id, isText := strings.CutSuffix(filepath.Base(name), ".txt")
	if !isText || id == "" || len(id) > 15 || strings.Trim(id, "0123456789") != "" {
		return "", false
	}
	return id, true
}

// listing names the first few entries of a folder, for people.
func listing(entries []os.DirEntry) string {
	if len(entries) == 0 {
		return "nothing"
	}
	var names []string
	for _, e := range entries[:min(len(entries), 6)] {
		names = append(names, e.Name())
	}
	if more := len(entries) - len(names); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	}
	return strings.Join(names, ", ")
}
