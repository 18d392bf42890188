package schemas

import (
	"fmt"
	"strconv"
)

// Resolve turns the values and observations of a vitals message into
// observations of canonical channels in canonical units, appended to dst: values
// first, by name, then observations in their order. What is wrong gives one
// problem per value and leaves the others. An observation without a time has the
// message's event_time, or moment where that is missing too.
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
			p.Field = fmt.Sprintf("observations[%d].%s", i, p.Field)
			problems = append(problems, *p)
			continue
		}
		dst = append(dst, o)
	}
	return dst, problems
}

func resolveValue(name, number string) (Observation, *Problem) {
	c, ok := ChannelByName(name)
	if !ok {
		return Observation{}, NewProblem(UnknownChannel, "", name, "a channel of the table, in its canonical unit")
	}
	value, err := parseFloat(number)
	if err != nil {
		return Observation{}, NewProblem(Implausible, "", number, "a finite number")
	}
	converted, p := c.Convert(value, "")
	return Observation{Channel: c, Value: converted}, p
}

// resolve fills Problem.Field with the name of the field within the observation.
func (o *VitalsObservation) resolve(moment Time) (out Observation, p *Problem) {
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
	if len(out.Ref) > MaxID {
		return out, NewProblem(TooLarge, "ref", fmt.Sprintf("%d bytes", len(out.Ref)), "at most 128 bytes")
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

// number takes the value, else the number that the text carries; a text beside a
// value only gives its flags.
func (o *VitalsObservation) number(out *Observation) (float64, *Problem) {
	if o.Value != nil {
		value, err := strconv.ParseFloat(string(*o.Value), 64)
		if err != nil {
			return 0, NewProblem(Implausible, "value", string(*o.Value), "a finite number")
		}
		if o.Text != "" {
			_, flags, _ := out.Channel.ParseText(o.Text)
			out.Flags |= flags
		}
		return value, nil
	}
	if o.Text != "" {
		value, flags, ok := out.Channel.ParseText(o.Text)
		if !ok {
			return 0, NewProblem(NoValue, "text", o.Text, "a text that carries a number for "+out.Channel.Info().Name)
		}
		out.Flags |= flags
		return value, nil
	}
	if out.Flags&Retracted != 0 {
		return 0, nil
	}
	return 0, NewProblem(NoValue, "value", "", "a value or a text")
}
