package schemas

// SiteCodes are a site's own names and codes, laid over those of the channel table. It is immutable; package
// schemas/codes reads one from a file. A nil one lays nothing over.
type SiteCodes struct {
	hash string
	rows map[codeKey]SiteCode // names without a system have the system ""
}

// SiteCode is what a site means by a name or a code: a number of it, times the factor, is one of the channel in the
// unit.
type SiteCode struct {
	System, Code string // no system: a name in place of a channel's
	Channel      Channel
	Unit         string  // of values that come without one, and of all that the factor is for; empty: the channel's own
	Factor       float64 // 0: none
}

// NewSiteCodes makes a table of rows, the last of a code being in force; hash is that of the file.
func NewSiteCodes(rows []SiteCode, hash string) *SiteCodes {
	s := &SiteCodes{hash: hash, rows: make(map[codeKey]SiteCode, len(rows))}
	for _, r := range rows {
		s.rows[codeKey{OwnSystem(r.System), r.Code}] = r
	}
	return s
}

// OwnSystem is the name by which the channel table has a code system; any other is its own.
func OwnSystem(system string) string {
	if own, other := alsoSystems[system]; other {
		return own
	}
	return system
}

// Hash is that of the file; empty where nothing is laid over.
func (s *SiteCodes) Hash() string {
	if s == nil {
		return ""
	}
	return s.hash
}

// Find is what the site means by a code of a system, or with no system by a name.
func (s *SiteCodes) Find(system, code string) (SiteCode, bool) {
	if s == nil {
		return SiteCode{}, false
	}
	r, ok := s.rows[codeKey{OwnSystem(system), code}]
	return r, ok
}

// named is what the site means by the name or the code of an observation.
func (s *SiteCodes) named(o *VitalsObservation) (SiteCode, bool) {
	if o.Channel != "" {
		return s.Find("", o.Channel)
	}
	if o.System == "" || o.Code == "" {
		return SiteCode{}, false
	}
	return s.Find(o.System, o.Code)
}

// All calls f for every row of a system, in no order.
func (s *SiteCodes) All(system string, f func(SiteCode)) {
	if s == nil {
		return
	}
	for key, r := range s.rows {
		if key.system == system {
			f(r)
		}
	}
}

// Read takes a number and the unit that came with it to the channel and the unit in which it is to be read. A factor
// is for numbers as the site writes them, so that with one the unit that came with the number is not looked at.
func (r *SiteCode) Read(value float64, unit string) (float64, string) {
	switch {
	case r.Factor != 0:
		return float64(value * r.Factor), r.Unit
	case unit == "":
		return value, r.Unit
	}
	return value, unit
}
