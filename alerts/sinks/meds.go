package sinks

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/schemas"
)

// MEDS keeps a folder of predictions for meds-evaluation: a Parquet file for each day on which alerts were told, with
// a row for each revision of an alert that the model's risk of one task made. A Parquet file cannot grow, so that a
// journal of JSON lines beside it has the rows, each once, and the file is written anew from it as a whole.
type MEDS struct {
	folder, task string
	lock         *os.File

	mu   sync.Mutex
	days []*medsDay // the newest last, few
}

// medsDay is a day's journal, read.
type medsDay struct {
	name  string
	known map[string]bool
	rows  []medsRow
	size  int64 // of the whole lines of the journal
}

// medsRow is a line of a journal.
type medsRow struct {
	Key         string       `json:"key"`
	Subject     int64        `json:"subject_id"`
	At          schemas.Time `json:"prediction_time_ms"`
	Probability float32      `json:"probability"`
	Called      bool         `json:"called"`
}

// Limits of what is held: a unit has hundreds of such rows a day.
const (
	maxDays = 3
	maxRows = 1_000_000
)

// NewMEDS opens a sink. A lock in the folder keeps a second process out.
func NewMEDS(s MEDSSettings) (*MEDS, error) {
	if err := os.MkdirAll(s.Folder, 0o750); err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(s.Folder, ".lock"))
	if err != nil {
		return nil, err
	}
	return &MEDS{folder: s.Folder, task: s.Task, lock: lock}, nil
}

// Close gives the folder back.
func (m *MEDS) Close() error { return m.lock.Close() }

// Deliver adds the rows of the notices. A patient whose id is no number has no place in such a table, which is a refusal.
func (m *MEDS) Deliver(_ context.Context, notices []Notice) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for from := 0; from < len(notices); {
		name := time.UnixMilli(int64(notices[from].Told)).UTC().Format(time.DateOnly)
		to := from + 1
		for to < len(notices) && time.UnixMilli(int64(notices[to].Told)).UTC().Format(time.DateOnly) == name {
			to++
		}
		var rows []medsRow
		var wrong error
		for i := from; i < to && wrong == nil; i++ {
			var row medsRow
			var is bool
			if row, is, wrong = m.row(&notices[i]); wrong != nil {
				to = i // those in front of it are written
			} else if is {
				rows = append(rows, row)
			}
		}
		if len(rows) > 0 || from < to && notices[from].Test {
			if err := m.add(name, rows); err != nil {
				return from, err
			}
		}
		if wrong != nil {
			return to, wrong
		}
		from = to
	}
	return len(notices), nil
}

// row is the row of a notice, if it has one.
func (m *MEDS) row(n *Notice) (row medsRow, is bool, err error) {
	if n.Test || n.Kind != alerts.KindRisk || n.Task != m.task || n.ended() || slices.Contains(n.Flags, alerts.FlagIndeterminate) {
		return row, false, nil
	}
	subject, err := strconv.ParseInt(n.local(), 10, 64)
	if err != nil {
		return row, false, refuse(nil, "the id of the patient is no whole number, which subject_id must be")
	}
	return medsRow{n.Key(), subject, n.AsOf, n.Value, n.Open()}, true, nil
}

// add appends the rows that a day does not have to its journal, and writes its Parquet file.
func (m *MEDS) add(name string, rows []medsRow) error {
	d, err := m.day(name)
	if err != nil {
		return err
	}
	var lines []byte
	fresh := rows[:0:0]
	for _, r := range rows {
		if d.known[r.Key] {
			continue
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
		fresh = append(fresh, r)
	}
	if len(d.rows)+len(fresh) > maxRows {
		return fmt.Errorf("%s would have more than %d rows", name, maxRows)
	}
	if err := d.append(m.journal(name), lines); err != nil {
		return err
	}
	for _, r := range fresh {
		d.known[r.Key] = true
	}
	d.rows = append(d.rows, fresh...)
	if len(d.rows) == 0 {
		return nil
	}
	return m.write(d)
}

func (m *MEDS) journal(name string) string {
	return filepath.Join(m.folder, ".predictions-"+name+".jsonl")
}

// append makes lines stand behind the whole ones; half a line of a process that was killed goes.
func (d *medsDay) append(path string, lines []byte) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Truncate(d.size); err != nil {
		return err
	}
	if len(lines) == 0 {
		return nil
	}
	if _, err := f.WriteAt(lines, d.size); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	d.size += int64(len(lines))
	return nil
}

// day returns a day, read from its journal if it is not held.
func (m *MEDS) day(name string) (*medsDay, error) {
	for _, d := range m.days {
		if d.name == name {
			return d, nil
		}
	}
	d := &medsDay{name: name, known: map[string]bool{}}
	f, err := os.Open(m.journal(name))
	if err == nil {
		text, readErr := io.ReadAll(f)
		if err := errors.Join(readErr, f.Close()); err != nil {
			return nil, err
		}
		for line := range bytes.Lines(text) {
			var r medsRow
			if !bytes.HasSuffix(line, []byte("\n")) {
				break
			}
			if err := json.Unmarshal(line, &r); err != nil || len(d.rows) == maxRows {
				return nil, fmt.Errorf("%s at byte %d is no journal of predictions (%w): move it away", m.journal(name), d.size, err)
			}
			d.size += int64(len(line))
			d.known[r.Key] = true
			d.rows = append(d.rows, r)
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if m.days = append(m.days, d); len(m.days) > maxDays {
		m.days = m.days[1:]
	}
	return d, nil
}

// write makes the Parquet file of a day: rows by subject and time, of two at one moment the one that was told last.
func (m *MEDS) write(d *medsDay) error {
	rows := slices.Clone(d.rows)
	slices.SortStableFunc(rows, func(a, b medsRow) int { return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.At, b.At)) })
	var predictions []judge.Prediction
	last := medsRow{At: math.MinInt64}
	for _, r := range rows {
		if r.Subject == last.Subject && r.At == last.At {
			predictions = predictions[:len(predictions)-1]
		}
		predictions = append(predictions, judge.Prediction{Subject: r.Subject, At: r.At, Probability: r.Probability, Called: r.Called})
		last = r
	}
	var b bytes.Buffer
	if err := judge.WriteMEDS(&b, predictions); err != nil {
		return err
	}
	path := filepath.Join(m.folder, "predictions-"+d.name+".parquet")
	f, err := os.CreateTemp(m.folder, ".predictions-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Chmod(0o640), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
