package train

import (
	"bufio"
	"encoding/csv"
	"io"
	"math"
	"strconv"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
)

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
