// Package fleximodal reads data of any kind into the examples that a model is trained
// on: a directory with a manifest, a table for each modality and a table of labels. Any
// of the modalities may be missing of any subject.
//
// The manifest is manifest.yaml:
//
//	format: 1
//	name: pumps
//	about: do pumps fail within a week   # optional
//	window: {length: 7, unit: days}
//	modalities:
//	  - {name: vibration, kind: series, file: vibration.csv, columns: [amplitude, pitch]}
//	  - {name: inspection, kind: items, file: inspection.csv.gz, columns: [v1, v2, v3]}
//	labels:
//	  file: labels.csv
//	  tasks:
//	    - {name: failure, kind: binary}      # 0, 1 or empty
//	    - {name: downtime, kind: regression} # a number near mean 0 and deviation 1, or empty
//
// Tables are CSV with a header, plain or gzip, their rows in any order; other columns are
// not read. A table of a modality has the columns subject and time, a number in the
// window's unit, and those that the manifest names. Of a series an empty field is a
// column that was not observed then. Of items the columns together are one vector; no
// columns: only that and when an item came is read; all fields empty: an item came and
// cannot be used. The first of several values at one time is the first in the file.
//
// The table of labels has the columns subject, split (train, validation or test; all
// rows of a subject the same) and one for each task. Without a column time a subject has
// one row and its window is 0 to length. With it every row is an example whose window is
// the length up to and with that time: nothing later is read.
//
// [Read] is strict: what it cannot read it refuses with file, line, column and what would
// mend it. [Generate] writes such a directory, invented, for the comparison of FuseMoE
// with a network without experts.
package fleximodal
