package synth

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vigil-icu/vigil/schemas"
)

var rhythms = []string{"sinus", "af", "vt"}

// check says what of a pathway cannot be played: where, what, and what is expected.
func (p *Pathway) check() error {
	if len(p.Phases) == 0 {
		return errors.New("phases is missing (want at least one phase)")
	}
	if len(p.Leads) > 12 || slices.Contains(p.Leads, "") {
		return fmt.Errorf("leads %q: want at most 12 names such as II", p.Leads)
	}
	if err := text("diagnosis", p.Diagnosis); err != nil {
		return err
	}
	for i := range p.Phases {
		if err := p.Phases[i].check(); err != nil {
			return fmt.Errorf("phases[%d] %q: %w", i, p.Phases[i].Name, err)
		}
	}
	return nil
}

func (ph *Phase) check() error {
	if ph.Name == "" {
		return errors.New("name is missing (want for example shock)")
	}
	if ph.Lasts == 0 {
		return errors.New("lasts is missing (want for example 90m)")
	}
	if ph.Rhythm != "" && !slices.Contains(rhythms, ph.Rhythm) {
		return fmt.Errorf("rhythm %q: want one of %s", ph.Rhythm, strings.Join(rhythms, ", "))
	}
	if !(ph.Noise >= 0 && ph.Noise <= 10) {
		return fmt.Errorf("noise %v: want 0 to 10", ph.Noise)
	}
	for _, name := range slices.Sorted(maps.Keys(ph.Targets)) {
		if err := known("targets", name); err != nil {
			return err
		}
		c, _ := schemas.ChannelByName(name)
		if _, problem := c.Convert(ph.Targets[name], ""); problem != nil {
			return fmt.Errorf("targets: %s %v is implausible: want %s", name, ph.Targets[name], problem.Expected)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ph.Scatter)) {
		if err := known("scatter", name); err != nil {
			return err
		}
		if v := ph.Scatter[name]; !(v >= 0 && v <= 10) {
			return fmt.Errorf("scatter: %s %v: want 0 to 10", name, v)
		}
	}
	for _, name := range ph.Labs {
		if i := position(name); i < 0 || usual[i].device != lab {
			return fmt.Errorf("labs: %q is no laboratory value of the unit (want of %s)", name, names(func(m *measured) bool { return m.device == lab }))
		}
	}
	for _, found := range placeholder.FindAllStringSubmatch(ph.Note, -1) {
		if err := known("note", found[1]); err != nil {
			return err
		}
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(ph.Note, ""), "{}") {
		return fmt.Errorf("note %q: want channels in braces, such as {heart_rate}", ph.Note)
	}
	for _, field := range [...][2]string{{"note", ph.Note}, {"image", ph.Image}, {"bed", ph.Bed}} {
		if err := text(field[0], field[1]); err != nil {
			return err
		}
	}
	return nil
}

// placeholder of a note.
var placeholder = regexp.MustCompile(`\{([a-z0-9_]+)\}`)

func text(field, s string) error {
	if len(s) > 4096 || !utf8.ValidString(s) {
		return fmt.Errorf("%s: %d bytes of text: want at most 4096 of valid UTF-8", field, len(s))
	}
	return nil
}

func known(field, channel string) error {
	if position(channel) >= 0 {
		return nil
	}
	if _, ok := schemas.ChannelByName(channel); !ok {
		return fmt.Errorf("%s: there is no channel %q (want of %s)", field, channel, names(func(*measured) bool { return true }))
	}
	return fmt.Errorf("%s: the unit does not measure %q (want of %s)", field, channel, names(func(*measured) bool { return true }))
}

func names(want func(*measured) bool) string {
	var out []string
	for i := range usual {
		if want(&usual[i]) {
			out = append(out, usual[i].name)
		}
	}
	return strings.Join(out, ", ")
}
