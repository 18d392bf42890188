package boot

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/alerts/worker"
	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// program is what code, libraries, tables and the model of the binary take, about.
const program = 96 << 20

// Holds states the parts of the memory of a worker process of a configuration, each from the
// package that holds it.
func Holds(c Config) ([]schemas.Hold, error) {
	model, policy, err := LoadFiles(c.Model, c.Policy, c.Encoders)
	if err != nil {
		return nil, err
	}
	judge := &monitor.Monitor{Model: model, Policy: policy, Settings: monitor.Settings{Limits: c.Limits}}
	holds := []schemas.Hold{{Of: schemas.OfProcess, What: "program, tables and the model", Bytes: program}}
	holds = append(holds, kafka.Holds(len(schemas.RawTopics)+1, 6)...) // each raw topic and the log; two outputs of intake, four of the monitor
	holds = append(holds, intake.Holds(&c.Limits, !c.LiveOnly)...)
	holds = append(holds, worker.Holds()...)
	return append(holds, judge.Holds()...), nil
}

// ExplainMemory prints the stated sum of a worker's memory and what it is made of.
func ExplainMemory(out io.Writer, c Config) error {
	holds, err := Holds(c)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	var sums [3]int
	for of, title := range []string{"a process", "a partition that it owns", "a patient with an open stay, or heard of in the last 48 h"} {
		fmt.Fprintf(w, "At most of %s:\t\n", title)
		for _, h := range holds {
			if h.Of == schemas.Holder(of) {
				fmt.Fprintf(w, "  %s\t%s\n", h.What, mebibytes(h.Bytes))
				sums[of] += h.Bytes
			}
		}
		fmt.Fprintf(w, "  together\t%s\n", mebibytes(sums[of]))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
In use at most: %s + partitions x %s + patients x %s. The collector lets the heap be half as large again (GOGC=50) before it
collects. It is what senders who are out to fill it can reach; a monitor that sends once a minute has 60 values
of 4,000 in an hour. The limits are those of vigil limits, and of --limit where it is given beside this.
`, mebibytes(sums[0]), mebibytes(sums[1]), mebibytes(sums[2]))
	return err
}

func mebibytes(n int) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
