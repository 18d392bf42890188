package fusion

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Front is what the network has for one modality in front of the fusion stack, and the
// norm behind it.
type Front[F nn.Float] struct {
	Name      string
	Members   []int            // channels of a series
	Series    int              // its place among the series; -1: items
	Item      int              // its place among the item modalities; -1: a series
	Attention Dense            // of a series: the attention's ratios to D
	Items     ItemAttention[F] // of items with vectors
	Width     int              // of the items' vectors
	Regular   Dense            // of a series with a regular branch
	UTDE      UTDE[F]
	NowFirst  Dense
	NowSecond Dense
	Settle    Settle
	Final     norm
}

// newFront adds a modality's parameters.
func (n *Network[F]) newFront(m Modality) error {
	c, p, prefix := &n.Config, &n.params, m.Name+"."
	one := Front[F]{Name: m.Name, Series: -1, Item: -1, Width: m.Width}
	now := itemFeatures
	if m.Kind == KindSeries {
		one.Series, one.Members = len(n.series.Members), c.Members(m.Name)
		now = len(one.Members) * channelEncoded
		n.series.Members = append(n.series.Members, one.Members)
		one.Attention = NewDense(p, prefix+"attention", c.Width, n.series.Columns(one.Series))
		var err error
		switch c.Regular {
		case Published:
			one.Regular = NewProjection(p, prefix+"regular", c.Width, 2*len(one.Members))
		case RegularLast:
			one.Regular = NewDense(p, prefix+"regular", c.Width, lastColumns*len(one.Members))
		}
		if c.Regular != NoBranch {
			if one.UTDE, err = NewUTDE(p, prefix+"utde.", c.UTDE, c.Width); err != nil {
				return fmt.Errorf("modality %s: %w", m.Name, err)
			}
		}
	} else {
		one.Item = n.items
		n.items++
		if m.Width > 0 {
			one.Items = NewItemAttention(p, prefix+"attention.", c.TimeWidth, c.TimeHeads, m.Width, c.Width, c.SoftCap)
		}
	}
	if c.Now > 0 {
		one.NowFirst = NewDense(p, prefix+"now1", c.Now, now+n.stayEncoded())
		one.NowSecond = NewDense(p, prefix+"now2", c.Width, c.Now)
	}
	one.Settle = Settle{p.Add(prefix+"type", c.Width), nn.NoParam, nn.NoParam}
	switch c.Missing {
	case MissingLearned:
		one.Settle.Missing = p.Add(prefix+"missing", c.Width)
	case MissingPoints:
		one.Settle.Missing = p.Add(prefix+"missing", c.Tokens(), c.Width)
	}
	if c.States {
		one.Settle.State = p.Add(prefix+"states", 3, c.Width)
	}
	one.Final = newNorm(p, prefix+"final", c.Width)
	n.Fronts = append(n.Fronts, one)
	return nil
}
