package physionet

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// visit is given each record: its file name for messages, its id, and its text, which is
// valid during the call. The walk ends once it returns false or an error.
type visit func(file, id string, text io.Reader) (goOn bool, err error)

// walk visits the records of a part: of a folder by name, of an archive as they
// lie in it.
func (p part) walk(ctx context.Context, each visit) (goOn bool, err error) {
	if p.archive {
		return p.walkArchive(ctx, each)
	}
	entries, err := os.ReadDir(p.path)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		id, ok := recordID(e.Name())
		if !ok || e.IsDir() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		goOn, err := visitFile(filepath.Join(p.path, e.Name()), id, each)
		if !goOn || err != nil {
			return false, err
		}
	}
	return true, nil
}

// visitFile opens one record of a folder.
func visitFile(path, id string, each visit) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return each(path, id, f)
}

// walkArchive reads an archive to its end, checksum included, so that one that was cut off is
// told even where the cut is between two records.
func (p part) walkArchive(ctx context.Context, each visit) (goOn bool, err error) {
	f, err := os.Open(p.path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(bufio.NewReaderSize(f, 64<<10))
	if err != nil {
		return false, fmt.Errorf("%s is not a gzip file (%w): get it again", p.path, err)
	}
	archive := tar.NewReader(unzipped)
	records, last := 0, "its begin"
	torn := func(err error) error {
		return fmt.Errorf("%s is damaged or cut off after %s (%w): get it again", p.path, last, err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		entry, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, torn(err)
		}
		id, ok := recordID(entry.Name)
		if !ok || entry.Typeflag != tar.TypeReg {
			continue
		}
		if goOn, err := each(filepath.Base(p.path)+": "+entry.Name, id, archive); !goOn || err != nil {
			return false, err
		}
		records, last = records+1, entry.Name
	}
	if records == 0 {
		return false, fmt.Errorf("%s holds no PhysioNet 2012 record (RecordID.txt)", p.path)
	}
	if _, err := io.Copy(io.Discard, unzipped); err != nil { // its checksum stands at the end
		return false, torn(err)
	}
	return true, nil
}
