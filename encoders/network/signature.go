package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Any is a side of a declared shape that may have any length, as that of a batch.
const Any = -1

// Port is an input or an output of a network as it is declared.
type Port struct {
	Name string
	Kind Kind
	// Sides are the lengths of its sides, Any where a length is open.
	Sides []int
	// Ranked says that the number of sides is declared at all.
	Ranked bool
}

func (p *Port) String() string {
	if !p.Ranked {
		return p.Name + " " + p.Kind.String() + " of any shape"
	}
	sides := make([]string, min(len(p.Sides), maxRank))
	for i := range sides {
		if sides[i] = "?"; p.Sides[i] != Any {
			sides[i] = strconv.Itoa(p.Sides[i])
		}
	}
	if len(p.Sides) > maxRank {
		sides = append(sides, "...")
	}
	return p.Name + " " + p.Kind.String() + " [" + strings.Join(sides, ", ") + "]"
}

// accepts says whether the port can be what is wanted: kind, number of sides, and every side that
// both declare.
func (p *Port) accepts(want *Port) bool {
	if p.Kind != want.Kind {
		return false
	}
	if !p.Ranked || !want.Ranked {
		return true
	}
	return slices.EqualFunc(p.Sides, want.Sides, func(a, b int) bool { return a == b || a == Any || b == Any })
}

// Signature is what a network takes and gives.
type Signature struct {
	Inputs, Outputs []Port
	// Properties are what the network's file says of itself.
	Properties map[string]string
}

func list(ports []Port) string {
	text := make([]string, len(ports))
	for i := range ports {
		text[i] = ports[i].String()
	}
	if len(text) == 0 {
		return "none"
	}
	return strings.Join(text, ", ")
}

func (s *Signature) String() string {
	return "takes " + list(s.Inputs) + "; gives " + list(s.Outputs)
}

// Input is that of a name, nil if there is none.
func (s *Signature) Input(name string) *Port { return find(s.Inputs, name) }

// Output is that of a name, nil if there is none.
func (s *Signature) Output(name string) *Port { return find(s.Outputs, name) }

func find(ports []Port, name string) *Port {
	if i := slices.IndexFunc(ports, func(p Port) bool { return p.Name == name }); i >= 0 {
		return &ports[i]
	}
	return nil
}

// Check holds a network against what is needed of it: its inputs must be all of those wanted and no
// others, and the outputs wanted must be among its own. The error has found and expected.
func (s *Signature) Check(want *Signature) error {
	wrong := func(why string) error {
		return fmt.Errorf("the network does not fit: %s\n  found:    %s\n  expected: %s", why, s, want)
	}
	for i := range want.Inputs {
		w := &want.Inputs[i]
		switch have := s.Input(w.Name); {
		case have == nil:
			return wrong("it has no input " + w.Name)
		case !have.accepts(w):
			return wrong("its input is " + have.String() + ", wanted is " + w.String())
		}
	}
	for i := range s.Inputs {
		if want.Input(s.Inputs[i].Name) == nil {
			return wrong("it has an input " + s.Inputs[i].Name + " that nothing fills")
		}
	}
	for i := range want.Outputs {
		w := &want.Outputs[i]
		switch have := s.Output(w.Name); {
		case have == nil:
			return wrong("it has no output " + w.Name)
		case !have.accepts(w):
			return wrong("its output is " + have.String() + ", wanted is " + w.String())
		}
	}
	return nil
}
