package boot

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
)

// patience is how long a waiting replay sees no progress before it says so, since the likely
// cause is that nobody has started a worker.
const patience = 15 * time.Second

// AwaitScores returns when workers, here or elsewhere, have scored a run up to a playing time
// in milliseconds: the log holds the run to there, and the workers' group has committed the
// log to there. A worker commits only behind its outputs, so these are in their topics by then.
func AwaitScores(ctx context.Context, c *kafka.Cluster, partitions int, run string, play int64, talk io.Writer) error {
	behind := make([]int64, partitions) // by partition: log offset up to which all must be scored; 0 until the run's end is logged
	moved, at := time.Now(), int64(-1)
	for {
		scored, err := c.Committed(ctx, Group, schemas.TopicLog)
		if err != nil {
			return err
		}
		left, sum := 0, int64(0)
		for p := range partitions {
			if behind[p] == 0 {
				logged, err := intake.Logged(ctx, c, p, run, play)
				if err != nil {
					return err
				}
				if logged {
					_, next, err := c.Ends(ctx, schemas.TopicLog)
					if err != nil {
						return err
					}
					behind[p] = next[p]
				}
			}
			if behind[p] == 0 || scored[p] < behind[p] {
				left++
			}
			sum += behind[p] + scored[p]
		}
		if left == 0 {
			return nil
		}
		if sum != at {
			moved, at = time.Now(), sum
		} else if time.Since(moved) > patience {
			moved = time.Now()
			fmt.Fprintf(talk, "still waiting for %d of %d partitions to be scored: are workers running on these brokers and this topic prefix that allow runs (vigil serve --allow-runs)?\n", left, partitions)
		}
		if err := retry.Pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}
