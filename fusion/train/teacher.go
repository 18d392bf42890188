package train

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
)

// ReadTeacher gives the examples their teacher's probabilities from a table with the
// columns patient, stay and probability, and returns the hash of the table. Every one of
// the examples must be in it: a stay that was left out would be learned in another way
// than the rest.
func (s *Set) ReadTeacher(path string, examples []int) (hash string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("teacher: %w", err)
	}
	if err := s.readTeacher(string(text), examples); err != nil {
		return "", fmt.Errorf("teacher %s: %w; fusion/recipes/teacher.py makes one", path, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// readTeacher is ReadTeacher of the text of a table.
func (s *Set) readTeacher(text string, examples []int) error {
	r := csv.NewReader(strings.NewReader(text))
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("no header: %w", err)
	}
	var at [3]int
	for i, name := range []string{"patient", "stay", "probability"} {
		if at[i] = slices.Index(header, name); at[i] < 0 {
			return fmt.Errorf("no column %s: the header is %s", name, strings.Join(header, ","))
		}
	}
	known := map[[2]string]float32{}
	for {
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		key := [2]string{f[at[0]], f[at[1]]}
		p, err := strconv.ParseFloat(f[at[2]], 32)
		if err != nil || !(p >= 0 && p <= 1) {
			return fmt.Errorf("line %d: probability %q, want a number from 0 to 1", line, f[at[2]])
		}
		if _, twice := known[key]; twice {
			return fmt.Errorf("line %d: patient %s, stay %s is there twice", line, key[0], key[1])
		}
		known[key] = float32(p)
	}
	for _, i := range examples {
		e := &s.Examples[i]
		p, ok := known[[2]string{e.Patient, e.Stay}]
		if !ok {
			return fmt.Errorf("there is no line of patient %s, stay %s, which is to be learned from", e.Patient, e.Stay)
		}
		e.Teacher = p
	}
	return nil
}

// Share is some of a set's examples, under the name that they have in a table.
type Share struct {
	Name     string
	Examples []int
}

// WriteStatistics writes the examples of parts as a table: stay, patient, as_of, part,
// labels (named label.TASK), statics, and the statistics of each channel on the scale
// of channels (named CHANNEL.STATISTIC). What is not known is empty. It is what the
// teacher, which is no part of Vigil, is fitted to.
func (s *Set) WriteStatistics(to io.Writer, channels []vitals.Channel, parts ...Share) error {
	buffered := bufio.NewWriter(to)
	w := csv.NewWriter(buffered)
	row := []string{"stay", "patient", "as_of", "part"}
	for _, task := range s.Tasks {
		row = append(row, "label."+task)
	}
	for _, static := range s.Statics {
		row = append(row, vitals.StaticNames[static])
	}
	for i, c := range channels {
		channel := c.ID.Info().Name
		if s.Names != nil {
			channel = s.Names[i]
		}
		for _, name := range vitals.StatisticNames {
			row = append(row, channel+"."+name)
		}
	}
	if err := w.Write(row); err != nil {
		return err
	}
	in := s.Shape().New()
	for _, p := range parts {
		for _, i := range p.Examples {
			e := &s.Examples[i]
			s.Fill(in, i, channels, nil)
			row = append(row[:0], e.Stay, e.Patient, e.AsOf.String(), p.Name)
			for _, v := range e.Labels {
				row = append(row, number(v, !math.IsNaN(float64(v))))
			}
			for k, v := range in.Statics {
				row = append(row, number(v, in.StaticsKnown[k]))
			}
			for k, v := range in.Stats[:len(channels)*encoders.Statistics] {
				row = append(row, number(v, in.StatsKnown[k]))
			}
			if err := w.Write(row); err != nil {
				return err
			}
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}

// number is the shortest text that reads back, empty where v is not known.
func number(v float32, known bool) string {
	if !known {
		return ""
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 32)
}
