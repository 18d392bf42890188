package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

func topicsCommand() *cobra.Command {
	return group("topics", "Make the Kafka topics, or check them", topicsInit(), topicsCheck())
}

func topicsInit() *cobra.Command {
	var (
		k           boot.Kafka
		partitions  int
		replication int
	)
	cmd := &cobra.Command{
		Use: "init", Short: "Make the topics that are missing; existing ones stay as they are", Args: noArgs,
		Example: `  vigil topics init --brokers kafka:9092 --partitions 64 --replication 3`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if partitions < 1 || replication < 1 {
				return boot.Usage(fmt.Errorf("--partitions %d --replication %d: both want 1 or more", partitions, replication))
			}
			c, err := k.Reach(cmd.Context())
			if err != nil {
				return err
			}
			made, err := c.CreateTopics(cmd.Context(), partitions, replication)
			if err != nil {
				return interruptedOr(cmd.Context(), boot.Dependency(err))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d topics made, %d were there\n", made, len(schemas.Topics)-made)
			return err
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	cmd.Flags().IntVar(&partitions, "partitions", 64, "partitions of every topic; fixed for good")
	cmd.Flags().IntVar(&replication, "replication", 1, "copies of every partition")
	return cmd
}

func topicsCheck() *cobra.Command {
	var k boot.Kafka
	cmd := &cobra.Command{
		Use: "check", Short: "Hold the topics against what Vigil needs; exit 4 if something is wrong", Args: noArgs,
		Example: `  vigil topics check --brokers kafka:9092`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := k.Reach(cmd.Context())
			if err != nil {
				return err
			}
			findings, err := c.CheckTopics(cmd.Context())
			if err != nil {
				return interruptedOr(cmd.Context(), boot.Dependency(err))
			}
			for _, f := range findings {
				fmt.Fprintln(cmd.OutOrStdout(), f)
			}
			if len(findings) > 0 {
				return boot.Problems(fmt.Errorf("%d findings", len(findings)))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d topics ok\n", len(schemas.Topics))
			return err
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	return cmd
}
