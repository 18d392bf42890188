package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/vigil-icu/vigil/fusion"
)

// Ensemble scores model files on the stays that a recipe tests on: by the mean of their
// probabilities, as seeds are put together. A file that was trained on other data than the
// recipe's, or by its record on a part of which these stays are, is refused. It returns
// the number of examples and patients too.
func (r *Recipe) Ensemble(ctx context.Context, paths Paths, files []string, threads int, seed uint64) (list []TaskQuality, test Part, err error) {
	p := &Plan{Recipe: r}
	set, _, _, err := p.read(ctx, paths)
	if err != nil {
		return nil, Part{}, err
	}
	p.Stays = &Stays{Set: set}
	test = p.part("test", p.Test)
	mean := make([]float64, len(p.Test)*len(set.Tasks))
	for _, file := range files {
		network, err := r.network(file, p.sources, test)
		if err != nil {
			return nil, Part{}, fmt.Errorf("model file %s: %w", file, err)
		}
		channels, _, err := vitalsOf(&network.Config)
		if err != nil {
			return nil, Part{}, err
		}
		stays := &Stays{Network: network, Set: set, Channels: channels, Threads: threads}
		logits, err := stays.Logits(ctx, network.Params(), p.Test)
		if err != nil {
			return nil, Part{}, err
		}
		for i, v := range Probabilities(logits) {
			mean[i] += v / float64(len(files))
		}
	}
	return set.judge(r.Model.Tasks, mean, p.Test, seed), test, nil
}

// network reads a model file that can be scored on the test part.
func (r *Recipe) network(file string, sources []string, test Part) (*fusion.Network[float32], error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	n, text, err := fusion.Unmarshal(b)
	if err != nil {
		return nil, err
	}
	var record Record
	if text == nil {
		return nil, errors.New("it has no training record, so that nobody knows which stays it has seen")
	}
	if err := json.Unmarshal(text, &record); err != nil {
		return nil, fmt.Errorf("its training record: %w", err)
	}
	names := func(c *fusion.Config) (list []string) {
		for _, t := range c.Tasks {
			list = append(list, "task "+t.Name)
		}
		for _, ch := range c.Channels {
			list = append(list, "channel "+ch.Name)
		}
		for _, m := range c.Modalities {
			list = append(list, "modality "+m.Name)
		}
		return append(append(list, c.Statics...), fmt.Sprint(c.Cells))
	}
	if !slices.Equal(names(&n.Config), names(&r.Model)) {
		return nil, fmt.Errorf("its tasks, channels, statics or cells are not those of the recipe %s", r.Name)
	}
	if len(record.Splits) == 0 || !slices.Equal(record.Data, sources) || record.Splits[len(record.Splits)-1].Hash != test.Hash {
		return nil, fmt.Errorf("it was made with another test part: by its record with %v, here are %v; it may have seen these stays", record.Data, sources)
	}
	return n, nil
}
