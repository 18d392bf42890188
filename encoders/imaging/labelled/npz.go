package labelled

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/encoders/dicom"
	"github.com/vigil-icu/vigil/encoders/imaging"
)

// Item is a film and the truth about it.
type Item struct {
	// Part is that of the set, as train, val or test; it may be empty. Name tells the film within
	// it.
	Part, Name string
	Pneumonia  bool
	// Film is nil where Err says why it cannot be read.
	Film *imaging.Film
	Err  error
}

const (
	images = "images.npy"
	labels = "labels.npy"
)

// NPZ calls f for each film of a file of arrays. Each X_images needs X_labels beside it.
func NPZ(in io.ReaderAt, size int64, f func(*Item) error) error {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return fmt.Errorf("is no .npz, which is a zip of arrays: %w", err)
	}
	found := 0
	for _, file := range z.File {
		prefix, is := strings.CutSuffix(file.Name, images)
		if !is || prefix != "" && !strings.HasSuffix(prefix, "_") {
			continue
		}
		found++
		answers, err := readLabels(z, prefix+labels)
		if err != nil {
			return fmt.Errorf("%s%s: %w", prefix, labels, err)
		}
		if err := eachImage(file, strings.TrimSuffix(prefix, "_"), answers, f); err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	if found == 0 {
		return errors.New("holds no array of images, want train_images, val_images, test_images or images, with their labels")
	}
	return nil
}

// array is an open array: what its header says, and its elements.
type array struct {
	kind  string
	shape []int64
	in    *bufio.Reader
}

var (
	kindOf  = regexp.MustCompile(`'descr': *'([|<>=]?[a-z][0-9]+)'`)
	orderOf = regexp.MustCompile(`'fortran_order': *(True|False)`)
	shapeOf = regexp.MustCompile(`'shape': *\(([0-9, ]*)\)`)
)

// maxElements bounds what the sizes of an array multiply to.
const maxElements = 1 << 40

// open reads the header of an array (NEP 1).
func open(r io.Reader) (*array, error) {
	a := &array{in: bufio.NewReaderSize(r, 1<<16)}
	var head [12]byte
	if _, err := io.ReadFull(a.in, head[:8]); err != nil || string(head[:6]) != "\x93NUMPY" {
		return nil, errors.New("does not begin as an array of NumPy does")
	}
	length := 2
	if head[6] > 1 {
		length = 4
	}
	if _, err := io.ReadFull(a.in, head[8:8+length]); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	n := binary.LittleEndian.Uint32(head[8:])
	if n > 1<<16 {
		return nil, fmt.Errorf("a header of %d bytes, want at most %d", n, 1<<16)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(a.in, text); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	kind, order, shape := kindOf.FindSubmatch(text), orderOf.FindSubmatch(text), shapeOf.FindSubmatch(text)
	if kind == nil || order == nil || shape == nil {
		return nil, errors.New("the header has no descr, fortran_order or shape")
	}
	if string(order[1]) != "False" {
		return nil, errors.New("the array is in the order of Fortran, want that of C")
	}
	a.kind = strings.TrimLeft(string(kind[1]), "|<=")
	total := int64(1)
	for s := range strings.SplitSeq(string(shape[1]), ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil || v < 1 || v > maxElements/total {
			return nil, fmt.Errorf("the array has the shape (%s), want sizes above 0 and at most %d elements", shape[1], int64(maxElements))
		}
		total *= v
		a.shape = append(a.shape, v)
	}
	return a, nil
}

// readLabels reads 0 and 1 of a column.
func readLabels(z *zip.Reader, name string) ([]bool, error) {
	file, err := z.Open(name)
	if err != nil {
		return nil, errors.New("is not there, want the labels beside the images")
	}
	defer file.Close()
	a, err := open(file)
	if err != nil {
		return nil, err
	}
	if len(a.shape) == 0 || len(a.shape) > 2 || len(a.shape) == 2 && a.shape[1] != 1 {
		return nil, fmt.Errorf("the shape is %v, want one label a film", a.shape)
	}
	size := map[string]int{"u1": 1, "b1": 1, "i1": 1, "i2": 2, "u2": 2, "i4": 4, "u4": 4, "i8": 8, "u8": 8}[a.kind]
	if size == 0 {
		return nil, fmt.Errorf("the labels are of the type %s, want whole numbers", a.kind)
	}
	var answers []bool
	var word [8]byte
	for range a.shape[0] {
		if _, err := io.ReadFull(a.in, word[:size]); err != nil {
			return nil, fmt.Errorf("label %d of %d: %w", len(answers)+1, a.shape[0], err)
		}
		v := binary.LittleEndian.Uint64(word[:])
		if v > 1 {
			return nil, fmt.Errorf("label %d is none of 0 and 1", len(answers)+1)
		}
		answers = append(answers, v == 1)
	}
	return answers, nil
}

// eachImage calls f for each image of an array.
func eachImage(file *zip.File, part string, answers []bool, f func(*Item) error) error {
	r, err := file.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	a, err := open(r)
	if err != nil {
		return err
	}
	size := map[string]int64{"u1": 1, "u2": 2}[a.kind]
	colours := int64(1)
	if len(a.shape) == 4 {
		colours = a.shape[3]
	}
	switch {
	case size == 0:
		return fmt.Errorf("the images are of the type %s, want whole numbers of 8 or 16 bits without a sign", a.kind)
	case len(a.shape) < 3 || len(a.shape) > 4 || colours != 1 && colours != 3 || a.shape[1] > dicom.MaxPixels/a.shape[2]:
		return fmt.Errorf("the shape is %v, want (films, rows, columns), with at most %d pixels each", a.shape, dicom.MaxPixels)
	case a.shape[0] != int64(len(answers)):
		return fmt.Errorf("there are %d images and %d labels", a.shape[0], len(answers))
	}
	// What is claimed is read row by row, so that memory comes with the bytes.
	height, width := int(a.shape[1]), int(a.shape[2])
	row := make([]byte, int64(width)*colours*size)
	most := float32(math.MaxUint8)
	if size == 2 {
		most = math.MaxUint16
	}
	for i, answer := range answers {
		film := &imaging.Film{Width: width, Height: height, Frames: 1}
		for range height {
			if _, err := io.ReadFull(a.in, row); err != nil {
				return fmt.Errorf("image %d of %d: %w", i+1, len(answers), err)
			}
			for x := range width {
				var sum float32
				for c := range int(colours) {
					at := int64(x*int(colours)+c) * size
					if size == 1 {
						sum += float32(row[at])
					} else {
						sum += float32(binary.LittleEndian.Uint16(row[at:]))
					}
				}
				film.Shade = append(film.Shade, sum/float32(colours)/most)
			}
		}
		if err := f(&Item{Part: part, Name: strconv.Itoa(i), Pneumonia: answer, Film: film}); err != nil {
			return err
		}
	}
	return nil
}
