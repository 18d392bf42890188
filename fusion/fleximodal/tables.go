package fleximodal

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/ingest/table"
)

var nan = float32(math.NaN())

// number is the number in a field; NaN where it is empty.
func (r *tableRow) number(column int) (float32, error) {
	text := r.fields[column]
	if text == "" {
		return nan, nil
	}
	v, ok := table.Float([]byte(text))
	if !ok || math.Abs(v) > math.MaxFloat32 {
		return 0, r.bad(column, "%.40q is no number: want one, or nothing where it is not known", text)
	}
	return float32(v), nil
}

// time is the time in a field, which must not be empty.
func (r *tableRow) time(column int, w Window) (float64, error) {
	v, ok := table.Float([]byte(r.fields[column]))
	if !ok {
		return 0, r.bad(column, "%.40q is no time: want a number of %s", r.fields[column], w.Unit)
	}
	return v, nil
}

// labels reads the table of labels and makes the examples, whose windows are still empty.
func (r *reader) labels() error {
	m := r.data.Manifest
	names := []string{"subject", "split", "time?"}
	for _, t := range m.Labels.Tasks {
		names = append(names, t.Name)
	}
	r.of = map[string][]int{}
	parts := map[Part]int{}
	err := r.each(m.Labels.File, names, func(x *tableRow) error {
		e := Example{Subject: x.fields[0], Part: Part(x.fields[1]), End: m.Window.Length}
		if e.Part != Train && e.Part != Validation && e.Part != Test {
			return x.bad(1, "%.40q is no part: want %s, %s or %s", x.fields[1], Train, Validation, Test)
		}
		timed := x.fields[2] != ""
		if timed {
			var err error
			if e.End, err = x.time(2, m.Window); err != nil {
				return err
			}
		}
		if len(r.data.Examples) > 0 && timed != r.timed {
			return x.bad(2, "some rows have a time and some have none: give all of them one, or none")
		}
		r.timed = timed
		for _, i := range r.of[e.Subject] {
			other := &r.data.Examples[i]
			if other.Part != e.Part {
				return x.bad(1, "subject %s is in %s and in %s: keep all of a subject's rows in one part", e.Subject, other.Part, e.Part)
			}
			if other.End == e.End {
				return x.bad(0, "subject %s is there twice: keep one row, or tell them apart by a column time", e.Subject)
			}
		}
		for k, t := range m.Labels.Tasks {
			v, err := x.number(3 + k)
			if err != nil {
				return err
			}
			if t.Kind == Binary && v != 0 && v != 1 && v == v {
				return x.bad(3+k, "%s is no binary label: want 0, 1, or nothing where it is not known", x.fields[3+k])
			}
			e.Labels = append(e.Labels, v)
		}
		r.of[e.Subject] = append(r.of[e.Subject], len(r.data.Examples))
		r.data.Examples = append(r.data.Examples, e)
		parts[e.Part]++
		return nil
	})
	if err != nil {
		return err
	}
	return enough(m.Labels.File, parts)
}

// modality reads the table of a modality, and puts the rows of each subject in order of
// time.
func (r *reader) modality(m *Modality) error {
	const values = 2 // where they begin
	w := r.data.Manifest.Window
	rows := map[string][]observed{}
	err := r.each(m.File, append([]string{"subject", "time"}, m.Columns...), func(x *tableRow) error {
		if r.of[x.fields[0]] == nil {
			return x.bad(0, "subject %.40q has no row in %s: add one, or leave this row out", x.fields[0], r.data.Manifest.Labels.File)
		}
		at, err := x.time(1, w)
		if err != nil {
			return err
		}
		if !r.timed && !(at >= 0 && at <= w.Length) {
			return x.bad(1, "%v is outside the window, 0 to %v: leave the row out, or give %s a column time", at, w, r.data.Manifest.Labels.File)
		}
		o := observed{at: at, values: make([]float32, len(m.Columns))}
		empty, first := 0, 0
		for i := range m.Columns {
			if o.values[i], err = x.number(values + i); err != nil {
				return err
			}
			if o.values[i] != o.values[i] {
				empty++
				if empty == 1 {
					first = i
				}
			}
		}
		if m.Kind == Items && empty > 0 && empty < len(m.Columns) {
			return x.bad(values+first, "it is empty and others of the item are not: want the whole vector, or all empty for an item that cannot be used")
		}
		rows[x.fields[0]] = append(rows[x.fields[0]], o)
		return nil
	})
	if err != nil {
		return err
	}
	for _, list := range rows {
		slices.SortStableFunc(list, func(a, b observed) int { return cmp.Compare(a.at, b.at) })
	}
	r.tables = append(r.tables, rows)
	if m.Kind == Series {
		r.columns += len(m.Columns)
	}
	return nil
}

// enough says which part of the labels has no row.
func enough(file string, parts map[Part]int) error {
	for _, s := range []Part{Train, Validation, Test} {
		if parts[s] == 0 {
			return fmt.Errorf("%s has no row of split %s: training wants all of %s, %s and %s", file, s, Train, Validation, Test)
		}
	}
	return nil
}
