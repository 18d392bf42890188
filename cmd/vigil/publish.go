package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/jsonlines"
	"github.com/vigil-icu/vigil/ingest/replay/kafkasink"
	"github.com/vigil-icu/vigil/ingest/source/sequence"
	"github.com/vigil-icu/vigil/schemas"
)

// publishCommand gives a script the way into the raw topics: lines in, one answer for each out.
func publishCommand() *cobra.Command {
	var k boot.Kafka
	var state string
	cmd := &cobra.Command{
		Use: "publish FILE|-", Short: "Publish live messages, one JSON object a line, into the raw topics of a Kafka",
		Example: `  vigil publish vitals.jsonl --brokers kafka:9092
  my-gateway | vigil publish - --state my-gateway.numbers --brokers kafka:9092`,
		Long: `A line is {"topic":"` + schemas.TopicVitals + `","value":{...}} with the body as in schemas/*.schema.json.
For each one an answer is printed, one JSON object a line, once the message is in its topic; a
line that is refused is a dead letter too, and then the exit code is 4. The file --state keeps
what was published: the same command again goes on where it ended.

Vigil is ` + schemas.Notice + ".",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return boot.Usage(fmt.Errorf("`vigil publish` wants one FILE, or - for what is piped in, found %d arguments: see `vigil publish --help`", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			in := cmd.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return boot.Usage(err)
				}
				defer f.Close()
				in = f
				if state == "" {
					state = args[0] + ".published"
				}
			}
			if state == "" {
				return boot.Usage(errors.New("--state is missing: name a file that keeps what was published, so that nothing comes in twice"))
			}
			return publish(cmd.Context(), &k, state, in, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	cmd.Flags().StringVar(&state, "state", "", "file that keeps what was published (default FILE.published)")
	return cmd
}

// publish takes lines in until they end or ctx does, and says how many became what.
func publish(ctx context.Context, k *boot.Kafka, state string, in io.Reader, stdout, stderr io.Writer) error {
	numbers, err := sequence.Open(state)
	if err != nil {
		return boot.Usage(fmt.Errorf("--state: %w", err))
	}
	defer numbers.Close()
	c, err := k.Reach(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	partitions, err := c.Partitions(ctx)
	if err != nil {
		return interruptedOr(ctx, boot.Dependency(err))
	}
	door := jsonlines.NewDoor(in, stdout, numbers)
	if err := door.Serve(ctx, kafkasink.NewLive(c, partitions, publisherOf(state))); err != nil {
		return interruptedOr(ctx, boot.Failure(err))
	}
	fmt.Fprintf(stderr, "%d messages accepted (%d of them came before), %d refused\n", door.Accepted, door.Repeats, door.Refused)
	if door.Refused > 0 {
		return boot.Problems(nil)
	}
	return nil
}

// publisherOf names the publisher of a state file, the same from run to run: a hash over
// this machine's name and where the file lies.
func publisherOf(state string) string {
	host, _ := os.Hostname() // without a name all machines are one, and fence each other
	path, err := filepath.Abs(state)
	if err != nil {
		path = state
	}
	sum := sha256.Sum256([]byte(host + "\x00" + path))
	return hex.EncodeToString(sum[:6])
}
