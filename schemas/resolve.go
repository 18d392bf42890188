package schemas

import (
	"fmt"
	"strings"
)

// Resolve turns the values and observations of a vitals message into observations of
// canonical channels in canonical units and appends them to dst: values first, by name,
// then observations in their order. Whatever is wrong with a value gives one problem and
// leaves the others, since one loose sensor must not silence a bed. An observation without
// a time has the message's event_time, or moment where that is missing too.
func (v *Vitals) Resolve(moment Time, dst []Observation) ([]Observation, []Problem) {
	var problems []Problem
	if v.EventTime != nil {
		moment = *v.EventTime
	}
	if len(v.Values) > 0 {
		for _, name := range sortedKeys(v.Values) {
			o, p := resolveValue(name, string(v.Values[name]))
			if p != nil {
				p.Field = "values." + name
				problems = append(problems, *p)
				continue
			}
			o.EventTime = moment
			dst = append(dst, o)
		}
	}
	for i := range v.Observations {
		o, p := v.Observations[i].resolve(moment)
		if p != nil {
			p.Field = strings.TrimSuffix(fmt.Sprintf("observations[%d].%s", i, p.Field), ".body")
			problems = append(problems, *p)
			continue
		}
		dst = append(dst, o)
	}
	return dst, problems
}

// resolveValue reads a number of the short form, which names a channel and has its canonical
// unit.
func resolveValue(name, number string) (Observation, *Problem) {
	c, ok := ChannelByName(name)
	if !ok {
		return Observation{}, NewProblem(UnknownChannel, "", name, "a channel of the table, in its canonical unit")
	}
	value, p := parseNumber(number)
	if p != nil {
		return Observation{}, p
	}
	converted, p := c.Convert(value, "")
	return Observation{Channel: c, Value: converted}, p
}

// resolve turns one observation into a canonical one. The field of its problem is named
// within the observation; the caller knows which observation it is.
func (o *VitalsObservation) resolve(moment Time) (out Observation, p *Problem) {
	if o.Problem != nil {
		copied := *o.Problem // the caller writes the field
		return out, &copied
	}
	unit := o.Unit
	var ok bool
	switch {
	case o.Channel != "":
		if out.Channel, ok = ChannelByName(o.Channel); !ok {
			return out, NewProblem(UnknownChannel, "channel", o.Channel, "a channel of the table")
		}
	case o.Code != "" && o.System != "":
		var implied string
		if out.Channel, implied, ok = ChannelByCode(o.System, o.Code); !ok {
			return out, NewProblem(UnknownChannel, "code", o.System+" "+o.Code, "a code of the channel table (systems loinc, mimic-iii, mimic-iv, eicu, physionet2012)")
		}
		if unit == "" {
			unit = implied
		}
	default:
		return out, NewProblem(UnknownChannel, "channel", "", "a channel, or a code with its system")
	}
	out.Ref = o.Ref
	if len(out.Ref) > MaxID || !printable(out.Ref) {
		return out, NewProblem(BadField, "ref", out.Ref, "at most 128 printable bytes")
	}
	switch o.Status {
	case "", "final":
	case "corrected":
		out.Flags = Corrected
	case "retracted":
		out.Flags = Retracted
	default:
		return out, NewProblem(BadField, "status", o.Status, "final, corrected or retracted")
	}
	out.EventTime = moment
	if o.EventTime != nil {
		out.EventTime = *o.EventTime
	}
	value, p := o.number(&out)
	if p != nil {
		return out, p
	}
	if out.Flags&Retracted != 0 && o.Value == nil && o.Text == "" {
		return out, nil
	}
	if out.Value, p = out.Channel.Convert(value, unit); p != nil {
		p.Field = "value"
		if p.Reason == BadUnit {
			p.Field = "unit"
		}
		return out, p
	}
	return out, nil
}

// number takes the number of value and text as Channel.Read does. A retraction needs none.
func (o *VitalsObservation) number(out *Observation) (float64, *Problem) {
	var value float64
	if o.Value != nil {
		var p *Problem
		if value, p = parseNumber(string(*o.Value)); p != nil {
			p.Field = "value"
			return 0, p
		}
	}
	value, flags, ok := out.Channel.Read(value, o.Value != nil, o.Text)
	switch {
	case ok:
		out.Flags |= flags
		return value, nil
	case o.Text != "":
		return 0, NewProblem(NoValue, "text", o.Text, "a text that carries a number for "+out.Channel.Info().Name)
	case out.Flags&Retracted != 0:
		return 0, nil
	}
	return 0, NewProblem(NoValue, "value", "", "a value or a text")
}
