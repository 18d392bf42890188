package record

import (
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
)

// withinLimits leaves out, of each channel and hour of a message, the observations beyond
// the limit. Those that stand last stay, which are the newest where a sender keeps
// the order of time. The excess of a channel and hour is one problem, since one for each value
// would itself be without bound.
func withinLimits(obs []schemas.Observation, limit int) ([]schemas.Observation, []schemas.Problem) {
	if len(obs) <= limit {
		return obs, nil
	}
	var problems []schemas.Problem
	type place struct {
		channel schemas.Channel
		hour    schemas.Time
	}
	counts := map[place]int{}
	first := len(obs)
	for i := len(obs) - 1; i >= 0; i-- {
		o := obs[i]
		at := place{o.Channel, o.EventTime.FloorHour()}
		counts[at]++
		if counts[at] == limit+1 {
			problems = append(problems, *schemas.NewProblem(schemas.TooMany, "observations of "+o.Channel.Info().Name, at.hour.String(),
				fmt.Sprintf("at most %d values of one channel in an hour; those that stood before the last of them were left out", limit)))
		}
		if counts[at] <= limit {
			first--
			obs[first] = o
		}
	}
	return obs[first:], problems
}
