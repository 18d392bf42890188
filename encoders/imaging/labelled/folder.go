package labelled

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders/imaging"
)

// maxFile is how many bytes of an image file are read, and maxArrays of a file of arrays in a folder.
const maxFile = 256 << 20

// answers are the names of folders, and the words of a table, that say what a film shows.
var answers = map[string]bool{"normal": false, "0": false, "negative": false, "pneumonia": true, "1": true, "positive": true}

// endings are those of images.
var endings = []string{".dcm", ".dicom", ".png", ".jpg", ".jpeg"}

// Folder calls f for each labelled film below a folder, in the order of the names.
func Folder(fsys fs.FS, f func(*Item) error) error {
	found := 0
	counted := func(i *Item) error {
		found++
		return f(i)
	}
	tables := map[string]bool{} // folders whose films a table labels
	err := fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		folder, name := path.Split(file)
		if !d.IsDir() && name == "labels.csv" {
			tables[path.Clean("./"+folder)] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		folder := path.Dir(file)
		switch ending := strings.ToLower(path.Ext(file)); {
		case path.Base(file) == "labels.csv":
			err = table(fsys, file, counted)
		case ending == ".npz":
			err = arrays(fsys, file, counted)
		case slices.Contains(endings, ending) && !tables[folder]:
			if answer, ok := answers[strings.ToLower(path.Base(folder))]; ok {
				part := path.Dir(folder)
				if part == "." {
					part = ""
				}
				err = counted(read(fsys, file, part, answer))
			}
		}
		return err
	})
	if err == nil && found == 0 {
		return errors.New("holds no labelled film, want .npz files, images in folders NORMAL and PNEUMONIA, or images with a labels.csv (file,label) beside them")
	}
	return err
}

// read is one image file.
func read(fsys fs.FS, file, part string, answer bool) *Item {
	i := &Item{Part: part, Name: path.Base(file), Pneumonia: answer}
	info, err := fs.Stat(fsys, file)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("has %d bytes, want at most %d", info.Size(), maxFile)
	}
	var b []byte
	if err == nil {
		b, err = fs.ReadFile(fsys, file)
	}
	if err == nil {
		i.Film, err = imaging.Decode(b, "")
	}
	i.Err = err
	return i
}

// arrays reads a file of arrays.
func arrays(fsys fs.FS, file string, f func(*Item) error) error {
	in, err := fsys.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	at, ok := in.(io.ReaderAt)
	info, err := in.Stat()
	if err != nil || !ok {
		return fmt.Errorf("%s: cannot be read from any place (%v)", file, err)
	}
	if err := NPZ(at, info.Size(), f); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// table reads labels and the images that they are of.
func table(fsys fs.FS, file string, f func(*Item) error) error {
	in, err := fsys.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	r := csv.NewReader(in)
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	name, label := slices.Index(head, "file"), slices.Index(head, "label")
	if name < 0 || label < 0 {
		return fmt.Errorf("%s: has no columns file and label", file)
	}
	folder := path.Dir(file)
	part := folder
	if part == "." {
		part = ""
	}
	for line := 2; ; line++ {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		answer, ok := answers[strings.ToLower(strings.TrimSpace(row[label]))]
		if !ok {
			return fmt.Errorf("%s, line %d: a label that is none of 0, 1, normal, pneumonia", file, line)
		}
		image := path.Join(folder, row[name])
		if !fs.ValidPath(image) {
			return fmt.Errorf("%s, line %d: the file is not below the folder", file, line)
		}
		if err := f(read(fsys, image, part, answer)); err != nil {
			return err
		}
	}
}
