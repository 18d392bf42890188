package boot

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/codes"
)

// LoadFiles loads model and policy. A model is a file or the name of one in the binary; without
// it that is the shipped one, and nil for NoModel. One that was trained on what other encoders make
// than the program's, or the site's own where they are given, is refused.
func LoadFiles(file, policyFile string, own ...Encoders) (model *fusion.Model, policy *alerts.Policy, err error) {
	policy = alerts.DefaultPolicy()
	switch file {
	case "":
		model = fusion.Shipped()
	case NoModel:
		model = nil
	default:
		if model, err = fusion.Load(file); err != nil {
			return nil, nil, Usage(fmt.Errorf("--model: %w", err))
		}
		if err := FitsEncoders(model, own...); err != nil {
			return nil, nil, Usage(fmt.Errorf("--model %s: %w", file, err))
		}
	}
	if policyFile != "" {
		b, err := os.ReadFile(policyFile)
		if err == nil {
			policy, err = alerts.ParsePolicy(b)
		}
		if err != nil {
			return nil, nil, Usage(fmt.Errorf("--policy %s: %w", policyFile, err))
		}
		if err := FitsPolicy(model, policy); err != nil {
			return nil, nil, Usage(fmt.Errorf("--policy %s: %w", policyFile, err))
		}
	}
	return model, policy, nil
}

// LoadCodes reads a file of a site's own names and codes, and its rows in their order; without a file there are none.
func LoadCodes(file string) (own *schemas.SiteCodes, rows []schemas.SiteCode, err error) {
	if file == "" {
		return nil, nil, nil
	}
	text, err := os.ReadFile(file)
	if err == nil {
		own, rows, err = codes.Parse(text)
	}
	if err != nil {
		return nil, nil, Usage(fmt.Errorf("--codes %s: %w", file, err))
	}
	return own, rows, nil
}

// CheckFiles reads all files that a configuration names, as Start does, and reaches for no server.
func CheckFiles(c *Config) error {
	model, policy, err := LoadFiles(c.Model, c.Policy, c.Encoders)
	if err != nil {
		return err
	}
	if _, _, err := LoadCodes(c.Codes); err != nil {
		return err
	}
	if _, err := (&House{config: *c}).loadShelf(model, policy); err != nil {
		return err
	}
	if _, err := c.Kafka.Cluster(); err != nil {
		return err
	}
	if _, err := c.Redis.Address(); err != nil {
		return Usage(err)
	}
	return nil
}

// FitsPolicy wants the tasks of a policy to be the model's: a rule for another, a misspelt one perhaps, would
// never raise an alert and nobody would know. Without a model no risk is watched.
func FitsPolicy(model *fusion.Model, policy *alerts.Policy) error {
	if model == nil {
		return nil
	}
	tasks := model.Card().Tasks
	if policy.Hash() == alerts.DefaultPolicy().Hash() { // it has rules for models of several kinds
		if !slices.ContainsFunc(policy.Rules, func(r alerts.Rule) bool { return r.Kind == alerts.KindRisk && slices.Contains(tasks, r.Task) }) {
			return fmt.Errorf("no task of the model (%s) has a rule in the shipped policy, so that it would never alert: name a policy of its own (--policy)", strings.Join(tasks, ", "))
		}
		return nil
	}
	for i := range policy.Rules {
		r := &policy.Rules[i]
		if r.Kind != alerts.KindRisk || slices.Contains(tasks, r.Task) {
			continue
		}
		near := ""
		if task := schemas.Nearest(r.Task, tasks); task != "" {
			near = fmt.Sprintf("; did you mean %s?", task)
		}
		return fmt.Errorf("line %d: rules[%d]: the model has no task %q, so that this rule would never alert%s (it has %s): take the rule out", r.Line, i, r.Task, near, strings.Join(tasks, ", "))
	}
	return nil
}

// loadShelf puts on the shelf what the log may have asked for before: what is shipped, what is in
// use now, and the files that are named.
func (h *House) loadShelf(model *fusion.Model, policy *alerts.Policy) (monitor.Shelf, error) {
	shelf := monitor.Shelf{Policies: []*alerts.Policy{alerts.DefaultPolicy(), policy}}
	for _, name := range fusion.ShippedNames() {
		shelf.Models = append(shelf.Models, fusion.Named(name))
	}
	if model != nil {
		shelf.Models = append(shelf.Models, model)
	}
	for _, file := range h.config.Known {
		if strings.HasSuffix(file, ".safetensors") {
			m, err := fusion.Load(file)
			if err != nil {
				return shelf, Usage(fmt.Errorf("--known: %w", err))
			}
			shelf.Models, h.known = append(shelf.Models, m), append(h.known, m)
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return shelf, Usage(fmt.Errorf("--known: %w", err))
		}
		p, err := alerts.ParsePolicy(b)
		if err != nil {
			return shelf, Usage(fmt.Errorf("--known %s, read as a policy since it is no *.safetensors: %w", file, err))
		}
		shelf.Policies = append(shelf.Policies, p)
	}
	return shelf, nil
}

// Shelf is what a log may ask to be judged by: what is shipped, a model and a policy, and the files that are known.
func Shelf(model *fusion.Model, policy *alerts.Policy, known []string) (monitor.Shelf, error) {
	return (&House{config: Config{Known: known}}).loadShelf(model, policy)
}
