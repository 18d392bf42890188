package schemas

import (
	"slices"
	"strings"
)

// This file finds what a sender probably meant by a name or a code that the channel table does
// not have. It only ever adds to the text of a problem: no value is read by a guess.

// CodeSystems are the systems whose codes [ChannelByCode] knows, in the order in which a code
// without a known system is looked for.
var CodeSystems = [...]string{"loinc", "mdc", "mimic-iii", "mimic-iv", "eicu", "physionet2012"}

// everyday are short names that people write for a channel and that no data set has. One that
// could be two channels, such as sbp of cuff and arterial line, is not in it.
var everyday = map[string]string{
	"pulse": "heart_rate", "rr": "respiratory_rate", "resp": "respiratory_rate", "o2sat": "spo2", "sat": "spo2", "o2flow": "oxygen_flow",
	"cvp": "central_venous_pressure", "icp": "intracranial_pressure", "etco2": "end_tidal_co2", "gcs": "gcs_total", "acvpu": "avpu",
	"pco2": "paco2", "po2": "pao2", "hb": "hemoglobin", "hgb": "hemoglobin", "plt": "platelets", "bun": "urea_nitrogen",
}

const (
	longestGuessed = 64 // bytes; what is longer is no slip of the pen
	mostGuessed    = 8  // of one message, since a sender of thousands of unknown values must not cost more than they are worth
)

var (
	byPlain = map[string]Channel{}  // by plain name: names of the table before those of other systems
	codesOf = map[string][]string{} // by system, sorted
)

// fillNearest is called when the table's other lists are filled.
func fillNearest() {
	put := func(name string, c Channel) {
		if _, taken := byPlain[name]; !taken && name != "" && strings.ContainsFunc(name, isLetter) {
			byPlain[name] = c
		}
	}
	for i := range channels[1:] {
		put(plain(channels[1+i].Name), channels[1+i].ID)
	}
	for name, channel := range everyday {
		if c, ok := ChannelByName(channel); ok {
			put(name, c)
		}
	}
	for key := range byCode {
		codesOf[key.system] = append(codesOf[key.system], key.code)
	}
	for _, system := range CodeSystems {
		slices.Sort(codesOf[system])
		for _, code := range codesOf[system] {
			put(plain(code), byCode[codeKey{system, code}].channel)
		}
	}
}

// NearestChannel is the channel that a name which is none was probably meant to be: one that
// other systems call so, or that differs in case, space, or a few letters.
func NearestChannel(name string) (Channel, bool) {
	if strings.ContainsFunc(name, isLetter) {
		for _, system := range CodeSystems { // eICU's sao2 is another quantity than PhysioNet's SaO2
			if found, ok := byCode[codeKey{system, name}]; ok {
				return found.channel, true
			}
		}
	}
	p := plain(name)
	if c, ok := byPlain[p]; ok {
		return c, true
	}
	best, least := Channel(0), near{slips(p) + 1, longestGuessed} // what is further is none
	for i := range channels[1:] {
		if d := least.nearer(p, plain(channels[1+i].Name)); d != least {
			best, least = channels[1+i].ID, d
		}
	}
	return best, best != 0
}

// near is how near a name is to another: by letters, and of equals by how many the two begin with.
type near struct{ distance, prefix int }

// nearer is n, or how near two plain names are if that is nearer.
func (n near) nearer(a, b string) near {
	d := distance(a, b, n.distance)
	prefix := 0
	for prefix < min(len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	if d < n.distance || d == n.distance && prefix > n.prefix {
		return near{d, prefix}
	}
	return n
}

// Nearest is the name of a list that another was probably meant to be, empty where none is near.
func Nearest(name string, names []string) (best string) {
	p := plain(name)
	least := near{slips(p) + 1, longestGuessed} // what is further is none
	for _, n := range names {
		if d := least.nearer(p, plain(n)); d != least {
			best, least = n, d
		}
	}
	return best
}

// guess is what an observation of an unknown channel or code was probably meant to be, as the
// end of a sentence; empty where nothing is near. A number of a MIMIC table is not guessed by
// its digits: the next number is another thing.
func (o *VitalsObservation) guess() string {
	if o.Channel != "" {
		if c, ok := NearestChannel(o.Channel); ok {
			return "; " + c.Info().Name + "?"
		}
		return ""
	}
	if o.Code == "" || o.System == "" {
		return ""
	}
	for _, system := range CodeSystems {
		if found, ok := byCode[codeKey{system, o.Code}]; ok {
			return "; " + system + " has this code: " + found.channel.Info().Name + "?"
		}
	}
	system := o.System
	if own, other := alsoSystems[system]; other {
		system = own
	}
	if strings.ContainsFunc(o.Code, isLetter) || system == "loinc" {
		if code := Nearest(o.Code, codesOf[system]); code != "" {
			return "; " + code + ", " + byCode[codeKey{system, code}].channel.Info().Name + "?"
		}
	}
	if !slices.Contains(CodeSystems[:], system) {
		if near := Nearest(system, CodeSystems[:]); near != "" {
			return "; system " + near + "?"
		}
	}
	return ""
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// plain are the letters and digits of a name, in lower case; empty where it is too long to be
// guessed.
func plain(name string) string {
	if len(name) > longestGuessed {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}

// slips is how many letters of a name may be wrong before it is another name.
func slips(plain string) int { return min(len(plain)/4, 3) }

// distance is how many letters have to be put in, taken out, changed or swapped with their
// neighbour to make b of a (optimal string alignment), and most + 1 where that is more than most.
func distance(a, b string, most int) int {
	if most < 0 || len(a)-len(b) > most || len(b)-len(a) > most || len(a) > longestGuessed || len(b) > longestGuessed {
		return most + 1
	}
	var rows [3][longestGuessed + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		least := row[0]
		for j := range len(b) {
			d := last[j]
			if a[i] != b[j] {
				d++
			}
			d = min(d, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+1)
			}
			row[j+1] = d
			least = min(least, d)
		}
		if least > most {
			return most + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
