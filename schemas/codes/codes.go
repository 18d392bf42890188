package codes

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/yamlfile"
)

// mostRows bounds a file.
const mostRows = 20_000

type file struct {
	Version int       `yaml:"version"`
	Codes   []rowFile `yaml:"codes"`
}

type rowFile struct {
	System  string        `yaml:"system"`
	Code    yamlfile.Text `yaml:"code"`
	Name    yamlfile.Text `yaml:"name"`
	Channel yamlfile.Text `yaml:"channel"`
	Unit    string        `yaml:"unit"`
	Factor  *float64      `yaml:"factor"`
}

// Parse reads a file of own codes. rows are those of the file in its order, for whoever shows them.
func Parse(text []byte) (own *schemas.SiteCodes, rows []schemas.SiteCode, err error) {
	var f file
	if err := yamlfile.Decode(text, &f); errors.Is(err, yamlfile.ErrEmpty) {
		return nil, nil, fmt.Errorf("codes: %w; `vigil codes init` writes one to start from", err)
	} else if err != nil {
		return nil, nil, fmt.Errorf("codes: %w", err)
	}
	if f.Version != 1 {
		return nil, nil, fmt.Errorf("codes: version %d: this program reads version 1; write `version: 1` at the top", f.Version)
	}
	if len(f.Codes) > mostRows {
		return nil, nil, fmt.Errorf("codes: %d rows: want at most %d", len(f.Codes), mostRows)
	}
	type key struct{ system, code string }
	lines := map[key]int{}
	for i := range f.Codes {
		r, err := f.Codes[i].compile()
		line := max(f.Codes[i].Code.Line, f.Codes[i].Name.Line, f.Codes[i].Channel.Line)
		if err != nil {
			return nil, nil, fmt.Errorf("codes: line %d: codes[%d]: %w", line, i, err)
		}
		k := key{schemas.OwnSystem(r.System), r.Code}
		if first, twice := lines[k]; twice {
			return nil, nil, fmt.Errorf("codes: line %d: codes[%d]: %s stands in line %d already", line, i, strings.TrimSpace(r.System+" "+r.Code), first)
		}
		lines[k] = line
		rows = append(rows, r)
	}
	sum := sha256.Sum256(text)
	return schemas.NewSiteCodes(rows, hex.EncodeToString(sum[:])), rows, nil
}

// compile checks a row and makes it.
func (f *rowFile) compile() (r schemas.SiteCode, err error) {
	r = schemas.SiteCode{System: f.System, Code: f.Code.Word, Unit: strings.TrimSpace(f.Unit)}
	if f.Name.Word != "" {
		r.Code = f.Name.Word
	}
	_, taken := schemas.ChannelByName(f.Name.Word)
	switch {
	case f.Name.Word != "" && (f.System != "" || f.Code.Word != ""):
		return r, errors.New("want either a name, or a code with its system")
	case f.Name.Word == "" && (f.System == "" || f.Code.Word == ""):
		return r, errors.New("want a code with its system, as system: my-lab, code: K, or a name in place of a channel's, as name: hr")
	case taken:
		return r, fmt.Errorf("name %q is that of a channel: choose another, since senders who follow the table rely on it", f.Name.Word)
	case len(r.System) > schemas.MaxID || len(r.Code) > schemas.MaxID:
		return r, fmt.Errorf("system and code: want at most %d bytes", schemas.MaxID)
	}
	var known bool
	if r.Channel, known = schemas.ChannelByName(f.Channel.Word); !known {
		near := "; `vigil channels` lists them"
		if c, ok := schemas.NearestChannel(f.Channel.Word); ok {
			near = fmt.Sprintf("; did you mean %s?", c.Info().Name)
		}
		return r, fmt.Errorf("there is no channel %q%s", f.Channel.Word, near)
	}
	if f.Factor != nil {
		if r.Factor = *f.Factor; r.Factor == 0 || math.IsNaN(r.Factor) || math.IsInf(r.Factor, 0) {
			return r, fmt.Errorf("factor %v: want a number other than 0: a value times it is one in the unit", r.Factor)
		}
	}
	r.Channel = r.Channel.For(r.Unit)
	if _, _, p := r.Channel.Convert(1, r.Unit); p != nil && p.Reason == schemas.BadUnit {
		near := ""
		if unit := schemas.Nearest(r.Unit, strings.Split(strings.TrimPrefix(p.Expected, "one of the units "), ", ")); unit != "" {
			near = fmt.Sprintf("; did you mean %s?", unit)
		}
		return r, fmt.Errorf("unit %q cannot be converted for %s: want %s, or a factor%s", r.Unit, r.Channel.Info().Name, p.Expected, near)
	}
	return r, nil
}

// Near is the code system that another was probably meant to be: "" where it is one, or a site's own.
func Near(system string) string {
	if system == "" || slices.Contains(schemas.CodeSystems[:], schemas.OwnSystem(system)) {
		return ""
	}
	return schemas.Nearest(system, schemas.CodeSystems[:])
}
