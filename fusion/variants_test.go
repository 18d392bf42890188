package fusion

import (
	"fmt"
	"testing"
)

// small is a config of small sizes with three modalities; more sets what differs.
func small(name string, more func(c *Config)) *Config {
	c := &Config{
		Format: Format, Name: name,
		Modalities: []Modality{{Name: "vital", Kind: KindSeries}, {Name: "notes", Kind: KindItems, Width: 5}, {Name: "lab", Kind: KindSeries}},
		Statics:    []string{"age", "sex"},
		Points:     48, Cells: 48, Reference: ReferenceEnds, TimeWidth: 8, TimeHeads: 2, SoftCap: true,
		Values: ValuesHinges, Intensity: true, Regular: RegularLast, UTDE: GateFeature, Now: 6, Skip: 5,
		Width: 8, Layers: 2, Heads: 2, FFN: 12, Missing: MissingLearned, States: true, Pool: PoolNowLastMean,
		Form: FormToken, Router: Joint, Gate: Laplace, Experts: 6, TopK: 2, Hidden: 7, Expert: ExpertFFN, Noise: 0.3,
		Balance: 0.01, BalanceOf: BalanceSoftmax,
		Tasks: []Task{{Name: "death", Kind: TaskBinary, Weight: 1, Bias: -1.8}, {Name: "days", Kind: TaskRegression, Weight: 0.5}, {Name: "late", Kind: TaskBinary, Weight: 0.3}},
	}
	for i, ch := range []string{"heart_rate", "respiratory_rate", "spo2", "lactate", "ph", "potassium", "sodium"} {
		modality := "vital"
		if i > 2 {
			modality = "lab"
		}
		c.Channels = append(c.Channels, Channel{Name: ch, Modality: modality, Centre: float64(i), Scale: 2})
	}
	if more != nil {
		more(c)
	}
	return c
}

// variants are configs that between them take every option.
func variants() []*Config {
	list := []*Config{
		small("recipe", nil),
		small("published", func(c *Config) {
			c.SoftCap, c.Intensity, c.Seen, c.Values, c.Regular, c.UTDE = false, false, true, ValuesID, Published, GateStay
			c.Now, c.Skip, c.Scaled, c.Missing, c.States, c.Pool, c.Reference = 0, 0, true, MissingZeros, false, PoolLast, Published
			c.Form, c.Expert, c.Router, c.BalanceOf, c.Cells = FormStay, ExpertLogMixture, Joint, Published, 48
		}),
		small("minutes", func(c *Config) { c.Cells, c.Regular, c.UTDE, c.Missing = 2880, Published, GatePoint, MissingPoints }),
		small("words", func(c *Config) {
			c.Modalities[1].Width, c.Modalities[1].Buckets, c.Modalities[1].Encoder = 3, 16, "e/1"
		}),
		small("attention-alone", func(c *Config) { c.Regular, c.Pool, c.Experts = NoBranch, PoolLast, 0 }),
	}
	for _, gate := range []string{Softmax, Laplace, Gaussian} {
		for _, router := range []string{Joint, PerModality, Disjoint} {
			list = append(list, small(fmt.Sprint(gate, "-", router), func(c *Config) {
				if c.Gate, c.Router = gate, router; router == PerModality {
					c.EntropyWeight = 0.01
				}
			}))
		}
	}
	return list
}

// drawn is a model of a config with weights from a seed, by way of its file.
func drawn(t testing.TB, c *Config, seed uint64) *Model {
	t.Helper()
	n, err := NewNetwork[float32](c)
	if err != nil {
		t.Fatal(err)
	}
	n.Init(seed)
	typicalEdges(n.StatEdges, statEdges[:])
	typicalEdges(n.StaticEdges, staticEdges[:])
	b, err := n.Marshal(nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
