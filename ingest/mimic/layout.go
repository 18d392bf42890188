package mimic

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
)

// recognise says whether dir is a folder of the edition: nil, or one error saying
// what was looked for and what was found.
func (e *edition) recognise(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no folder %s: name %s", dir, e.home)
	}
	if err != nil {
		return fmt.Errorf("cannot read %s as a folder of %s tables: %w", dir, e.family(), err)
	}
	missing, err := e.missing(dir)
	if err != nil {
		return err
	}
	if missing == nil {
		return e.recogniseHeader(dir)
	}
	return fmt.Errorf("%s is not a %s folder: looked for %s as .csv.gz or .csv, missing %s; it holds %s; %s",
		dir, e.family(), strings.Join(e.layout, ", "), strings.Join(missing, ", "), listing(entries), e.advice(dir))
}

// missing are the tables of the layout that dir does not have.
func (e *edition) missing(dir string) (missing []string, err error) {
	for _, name := range e.layout {
		if found, err := table.Find(dir, name); err != nil {
			return nil, err
		} else if found == "" {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// advice says how to mend it: another name for the folder, or another folder.
func (e *edition) advice(dir string) string {
	for _, other := range editions {
		if missing, err := other.missing(dir); other != e && err == nil && missing == nil {
			return fmt.Sprintf("these are tables of %s: name the source %s", other.family(), other.name)
		}
	}
	return "name " + e.home
}

// recogniseHeader tells the edition from others that name their tables alike.
func (e *edition) recogniseHeader(dir string) error {
	r, err := table.Open(dir, e.stays.file)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.Columns(e.stays.columns[:5]...); err != nil {
		return fmt.Errorf("%s is not a %s folder: %w", filepath.Clean(dir), e.family(), err)
	}
	return nil
}

// family is the title without its release.
func (e *edition) family() string {
	family, _, _ := strings.Cut(e.title, " ")
	return family
}

// listing names the first few entries.
func listing(entries []os.DirEntry) string {
	if len(entries) == 0 {
		return "nothing"
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > 6 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:6], ", "), len(names)-6)
	}
	return strings.Join(names, ", ")
}
