package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/synth"
)

// dataSet is a recorded ICU that can be played. open recognises the path and says
// what it looked for and found where it is none.
type dataSet struct {
	name  string
	about string // for people: what the path is
	open  func(path string) (source.Source, error)
}

var dataSets = []dataSet{
	{mimic.Name, "folder of MIMIC-III as PhysioNet publishes it, or of its open demo", func(path string) (source.Source, error) { return mimic.Open(path) }},
	{mimic.NameIV, "folder of MIMIC-IV as PhysioNet publishes it, or of its open demo", func(path string) (source.Source, error) { return mimic.OpenIV(path) }},
	{physionet.Name, "records of the PhysioNet/CinC Challenge 2012: a folder or a .tar.gz", func(path string) (source.Source, error) { return physionet.Open(path) }},
}

// dataSetNames are what `vigil replay` knows, for people.
func dataSetNames() string {
	var names []string
	for _, d := range dataSets {
		names = append(names, d.name)
	}
	return strings.Join(names, ", ")
}

// openNamed opens a path as the data set that the user names.
func openNamed(name, path string) (source.Source, error) {
	for _, d := range dataSets {
		if d.name == name {
			s, err := d.open(path)
			if err != nil {
				if hint, ok := nearbyData(path); ok {
					err = fmt.Errorf("%w; %s", err, hint)
				}
				return nil, boot.Usage(err)
			}
			return s, nil
		}
	}
	return nil, boot.Usage(fmt.Errorf("there is no source %q: want %s or synth", name, dataSetNames()))
}

// openRecorded opens a path as whichever data set it is. The error says in one
// line why it is none of them.
func openRecorded(path string) (source.Source, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, boot.Usage(fmt.Errorf("--data: there is no folder or file %s: name one of %s", path, dataSetNames()))
	}
	var refusals []string // of the data sets, if none of them is near
	for _, d := range dataSets {
		s, err := d.open(path)
		if err == nil {
			return s, nil
		}
		refusals = append(refusals, d.name+": "+err.Error())
	}
	if hint, ok := nearbyData(path); ok {
		return nil, boot.Usage(fmt.Errorf("--data: %s is no recorded ICU that Vigil knows, but %s", path, hint))
	}
	return nil, boot.Usage(fmt.Errorf("--data: %s is no recorded ICU that Vigil knows. %s", path, strings.Join(refusals, "; ")))
}

// openInvented makes an invented unit, of 12 beds unless the user says how many.
func openInvented(c synth.Config) (source.Source, error) {
	if c.Beds == 0 {
		c.Beds = 12
	}
	s, err := synth.New(c)
	if err != nil {
		return nil, boot.Usage(err)
	}
	return s, nil
}
