package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// topicsCommand holds the commands about the Kafka topics.
func topicsCommand() *cobra.Command {
	return group("topics", "Make the Kafka topics, or check them", topicsInit(), topicsCheck())
}

// topicsInit gives the user the topics that are missing, set as the topics file says.
func topicsInit() *cobra.Command {
	var (
		k           boot.Kafka
		file        string
		partitions  int
		replication int
	)
	cmd := &cobra.Command{
		Use: "init", Short: "Make the topics that are missing; existing ones stay as they are", Args: noArgs,
		Example: `  vigil topics init --brokers kafka:9092 --partitions 64 --replication 3
  vigil topics init --brokers kafka:9092 --file topics.yaml      a changed copy of deploy/topics.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := topicPlan(file)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("partitions") {
				plan.Partitions = partitions
			}
			if cmd.Flags().Changed("replication") {
				plan.Replication = replication
			}
			if plan.Partitions < 1 || plan.Replication < 1 && plan.Replication != -1 {
				return boot.Usage(fmt.Errorf("--partitions %d --replication %d: both want 1 or more", partitions, replication))
			}
			c, err := k.Reach(cmd.Context())
			if err != nil {
				return err
			}
			made, err := c.MakeTopics(cmd.Context(), plan)
			if errors.Is(err, kafka.ErrOtherPartitions) {
				return boot.Problems(fmt.Errorf("%w: use that number as --partitions, or another --topic-prefix", err))
			}
			if err != nil {
				return interruptedOr(cmd.Context(), boot.Dependency(err))
			}
			if n, err := c.Partitions(cmd.Context()); err != nil {
				return interruptedOr(cmd.Context(), boot.Problems(err))
			} else if n != plan.Partitions && cmd.Flags().Changed("partitions") {
				return boot.Problems(fmt.Errorf("the topics are there with %d partitions, not %d, and a number of partitions is fixed for good: leave --partitions out to keep them, or use another --topic-prefix", n, plan.Partitions))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d topics made, %d were there\n", made, len(schemas.Topics)-made)
			return err
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	shipped := kafka.ShippedTopics()
	topicsFlag(cmd, &file)
	cmd.Flags().IntVar(&partitions, "partitions", shipped.Partitions, "partitions of every topic, before those of the file; fixed for good")
	cmd.Flags().IntVar(&replication, "replication", shipped.Replication, "copies of every partition, before those of the file; -1: as the brokers are set")
	return cmd
}

// topicsFlag names another list of topics than the one in the program.
func topicsFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "file", "", "topics file; without it the shipped one, deploy/topics.yaml")
}

// topicPlan reads a topics file; without one it is the shipped plan.
func topicPlan(file string) (kafka.TopicPlan, error) {
	if file == "" {
		return kafka.ShippedTopics(), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return kafka.TopicPlan{}, boot.Usage(fmt.Errorf("--file: %w", err))
	}
	plan, err := kafka.ParseTopics(b)
	if err != nil {
		return plan, boot.Usage(fmt.Errorf("--file %s: %w", file, err))
	}
	return plan, nil
}

// topicsCheck gives the user a line for each topic that is not as Vigil needs it, with the mend.
func topicsCheck() *cobra.Command {
	var (
		k    boot.Kafka
		file string
	)
	cmd := &cobra.Command{
		Use: "check", Short: "Hold the topics against what Vigil needs; exit 4 if something is wrong", Args: noArgs,
		Example: `  vigil topics check --brokers kafka:9092`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := topicPlan(file)
			if err != nil {
				return err
			}
			c, err := k.Reach(cmd.Context())
			if err != nil {
				return err
			}
			findings, err := c.CheckTopics(cmd.Context(), plan)
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
	topicsFlag(cmd, &file)
	return cmd
}
