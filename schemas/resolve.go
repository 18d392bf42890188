package schemas

import (
	"fmt"
	"slices"
	"strings"
)

// Resolve turns the values and observations of a vitals message into observations of
// canonical channels in canonical units and appends them to dst: values first, by name,
// then observations in their order. Whatever is wrong with a value gives one problem and
// leaves the others, since one loose sensor must not silence a bed. An observation without
// a time has the message's event_time, or moment where that is missing too. Values of several
// devices at one time become one where the channel table says so ([ChannelInfo].Devices).
func (v *Vitals) Resolve(moment Time, dst []Observation) ([]Observation, []Problem) {
	return v.ResolveBy(nil, moment, dst)
}

// ResolveBy is Resolve with a site's own codes laid over the channel table.
func (v *Vitals) ResolveBy(own *SiteCodes, moment Time, dst []Observation) ([]Observation, []Problem) {
	var problems []Problem
	first := len(dst)
	if v.EventTime != nil {
		moment = *v.EventTime
	}
	if len(v.Values) > 0 {
		for _, name := range sortedKeys(v.Values) {
			o, p := resolveValue(own, name, string(v.Values[name]))
			if p != nil {
				p.Field = "values." + name
				if p.Reason == UnknownChannel && len(problems) < mostGuessed {
					p.Expected += (&VitalsObservation{Channel: name}).guess()
				}
				problems = append(problems, *p)
				continue
			}
			o.EventTime = moment
			dst = append(dst, o)
		}
	}
	for i := range v.Observations {
		o, p := v.Observations[i].resolve(own, moment)
		if p != nil {
			p.Field = strings.TrimSuffix(fmt.Sprintf("observations[%d].%s", i, p.Field), ".body")
			if p.Reason == UnknownChannel && len(problems) < mostGuessed {
				p.Expected += v.Observations[i].guess()
			}
			problems = append(problems, *p)
			continue
		}
		dst = append(dst, o)
	}
	return joinDevices(dst, first), problems
}

// joinDevices makes one observation of those from first on that are of one channel and one
// event time, where the table says that their devices add up or that the highest counts. It
// stands where the first of them stood and has the reference of the greatest. Retractions
// are left as they are.
func joinDevices(obs []Observation, first int) []Observation {
	kept := first
	for i := first; i < len(obs); i++ {
		o := obs[i]
		how := o.Channel.Info().Devices
		if how != DevicesLatest && o.Flags&Retracted == 0 {
			at := slices.IndexFunc(obs[first:kept], func(k Observation) bool {
				return k.Channel == o.Channel && k.EventTime == o.EventTime && k.Flags&Retracted == 0
			})
			if at >= 0 {
				obs[first+at].join(o, how)
				continue
			}
		}
		obs[kept] = o
		kept++
	}
	return obs[:kept]
}

// join takes in another device's observation.
func (o *Observation) join(other Observation, how Devices) {
	greatest := max(o.Value, other.Value)
	if other.Value > o.Value {
		o.Ref = other.Ref
	}
	if how == DevicesSum {
		greatest = float32(float64(o.Value) + float64(other.Value))
	}
	o.Value, o.Flags = greatest, o.Flags|other.Flags
}

// resolveValue reads a number of the short form, which names a channel and has its canonical
// unit.
func resolveValue(own *SiteCodes, name, number string) (Observation, *Problem) {
	c, ok := ChannelByName(name)
	site, laid := own.Find("", name)
	if laid {
		c, ok = site.Channel, true
	}
	if !ok {
		return Observation{}, NewProblem(UnknownChannel, "", name, "a channel of the table, in its canonical unit")
	}
	value, p := parseNumber(number)
	if p != nil {
		return Observation{}, p
	}
	unit := ""
	if laid {
		value, unit = site.Read(value, "")
		c = c.For(unit)
	}
	converted, flags, p := c.Convert(value, unit)
	return Observation{Channel: c, Value: converted, Flags: flags}, p
}

// resolve turns one observation into a canonical one. The field of its problem is named
// within the observation; the caller knows which observation it is.
func (o *VitalsObservation) resolve(own *SiteCodes, moment Time) (out Observation, p *Problem) {
	if o.Problem != nil {
		copied := *o.Problem // the caller writes the field
		return out, &copied
	}
	unit := o.Unit
	site, laid := own.named(o)
	ok := laid
	switch {
	case laid:
		out.Channel = site.Channel
	case o.Channel != "":
		if out.Channel, ok = ChannelByName(o.Channel); !ok {
			return out, NewProblem(UnknownChannel, "channel", o.Channel, "a channel of the table")
		}
	case o.Code != "" && o.System != "":
		var implied string
		if out.Channel, implied, ok = ChannelByCode(o.System, o.Code); !ok {
			return out, NewProblem(UnknownChannel, "code", o.System+" "+o.Code, "a code of the channel table (systems "+strings.Join(CodeSystems[:], ", ")+")")
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
	value, told, measured := 0.0, "", false
	if o.Value == nil && o.Unit == "" {
		if value, told, measured = out.Channel.measured(o.Text); measured {
			unit = told
		}
	}
	if !measured {
		if value, p = o.number(&out); p != nil {
			return out, p
		}
	}
	if out.Flags&Retracted != 0 && o.Value == nil && o.Text == "" {
		return out, nil
	}
	if laid && !measured {
		value, unit = site.Read(value, unit)
	}
	out.Channel = out.Channel.For(unit)
	var flags Flag
	if out.Value, flags, p = out.Channel.Convert(value, unit); p != nil {
		p.Field = "value"
		if p.Reason == BadUnit {
			p.Field = "unit"
		}
		return out, p
	}
	out.Flags |= flags
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
