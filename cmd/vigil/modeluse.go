package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window/redisstore"
)

// useOptions are the flags of `vigil model use`.
type useOptions struct {
	kafka  boot.Kafka
	redis  boot.Redis
	policy string
	actor  string
	wait   time.Duration
}

// modelUse gives the user another model at work, without a worker that ends.
func modelUse() *cobra.Command {
	var o useOptions
	cmd := &cobra.Command{
		Use: "use MODEL", Short: "Let the workers go on with another model, a file or one in the binary, from one place of each partition on",
		Example: `  vigil model use my-model.safetensors --brokers kafka:9092 --redis redis://redis:6379/0
  vigil model use open-icu-1 --brokers kafka:9092 --redis redis://redis:6379/0     back to the shipped one`,
		Long: `Puts the model where all workers find it, the store, and a command into each partition of
` + schemas.TopicCommands + `. The log of each then asks for the model from one record on, and a rebuild
makes the swap again at that record. A worker's --model is what a new log begins with; --switch with
another --model goes back behind this command. A model that is missing tasks of the policy is refused.
Once more with the same model, where all logs ask for it: it is put into the store again, as after a
Redis was lost, and nothing else happens. Without the store the workers take it from --known FILE.

Vigil is ` + schemas.Notice + ".",
		Args: argument("use", "model", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args[0], cmd.OutOrStdout())
		},
	}
	kafkaFlags(cmd, &o.kafka, defaultBrokers, "all topic names and of the store's keys")
	redisFlags(cmd, &o.redis, "the workers' store, redis://host:port/0")
	f := cmd.Flags()
	f.StringVar(&o.policy, "policy", "", "policy file of the workers; without it the shipped one")
	f.StringVar(&o.actor, "actor", "", "who asks for it, for the record; without it the name of this user")
	f.DurationVar(&o.wait, "wait", 30*time.Second, "how long to wait until every log asks for it; 0s: not at all")
	return cmd
}

// run is the whole command.
func (o *useOptions) run(ctx context.Context, file string, stdout io.Writer) error {
	if o.redis.URL == "" {
		return boot.Usage(errors.New("--redis is missing: name the workers' store, for example redis://127.0.0.1:6379/0"))
	}
	model, bytes, err := boot.ReadModel(file)
	if err != nil {
		return err
	}
	_, policy, err := boot.LoadFiles(boot.NoModel, o.policy)
	if err != nil {
		return err
	}
	if err := boot.FitsPolicy(model, policy); err != nil {
		return boot.Usage(fmt.Errorf("%s under the policy: %w", file, err))
	}
	c, err := o.kafka.Reach(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	asked, err := askedNow(ctx, c)
	if err != nil {
		return interruptedOr(ctx, boot.Dependency(err))
	}
	if err := o.samePolicy(asked, policy); err != nil {
		return err
	}
	store, err := o.redis.Open(ctx, o.kafka.Prefix)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if err := put(ctx, store, model, bytes); err != nil {
		return err
	}
	var sent []int
	message := schemas.UseCommand{Model: model.Hash(), Actor: o.who()}.Message()
	producer := c.NewProducer(publisherOf("model-use"))
	for p := range asked {
		if asks(asked[p], model) {
			continue
		}
		if _, err := producer.Append(ctx, schemas.TopicCommands, p, []schemas.Message{message}); err != nil {
			return interruptedOr(ctx, boot.Dependency(err))
		}
		sent = append(sent, p)
	}
	if !model.Trained() {
		fmt.Fprintln(stdout, "this model is untrained: its numbers mean nothing, and no alert comes from it")
	}
	if len(sent) > 0 && o.wait > 0 {
		if err := o.await(ctx, c, model, sent); err != nil {
			return err
		}
	}
	word := "ask for it from here on"
	if o.wait == 0 {
		word = "are told to ask for it"
	}
	_, err = fmt.Fprintf(stdout, "%s, %.12s: %d of %d logs %s, %d did already\n", model.Config().Name, model.Hash(), len(sent), len(asked), word, len(asked)-len(sent))
	return err
}

// who is the name in the command.
func (o *useOptions) who() string {
	if o.actor != "" {
		return o.actor[:min(len(o.actor), schemas.MaxID)]
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username[:min(len(u.Username), schemas.MaxID)]
	}
	return fmt.Sprintf("user %d", os.Getuid())
}

// samePolicy wants the model to have been held against the policy that the logs are judged by.
func (o *useOptions) samePolicy(asked []schemas.Use, policy *alerts.Policy) error {
	for p, u := range asked {
		if u.Policy == "" || strings.HasPrefix(policy.Hash(), u.Policy) {
			continue
		}
		name := "the shipped one"
		if o.policy != "" {
			name = o.policy
		}
		return boot.Usage(fmt.Errorf("partition %d is judged by the policy %s, and %s is %.16s: name the file of that policy (--policy), so that the model can be held against it", p, u.Policy, name, policy.Hash()))
	}
	return nil
}

// put keeps the model's file in the store.
func put(ctx context.Context, store *redisstore.Store, model *fusion.Model, bytes []byte) error {
	hash, err := store.PutModel(ctx, bytes)
	switch {
	case err != nil:
		return interruptedOr(ctx, boot.Dependency(err))
	case hash != model.Hash():
		return boot.Failure(fmt.Errorf("the file changed while it was read: its hash was %s and is %s", model.Hash(), hash))
	}
	return nil
}

// asks says whether a log asks for the model.
func asks(u schemas.Use, model *fusion.Model) bool {
	return u.Model != "" && strings.HasPrefix(model.Hash(), u.Model)
}

// askedNow is what the log of each partition asks for at its end; nothing where it has not begun.
func askedNow(ctx context.Context, c *kafka.Cluster) ([]schemas.Use, error) {
	n, err := c.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	asked := make([]schemas.Use, n)
	for p := range asked {
		m, found, err := c.LastThat(ctx, schemas.TopicLog, p, func(m *schemas.Message) bool {
			_, ok := intake.Asked(m)
			return ok
		})
		if err != nil {
			return nil, err
		}
		if found {
			asked[p], _ = intake.Asked(&m)
		}
	}
	return asked, nil
}

// await returns when every log that was told asks for the model. One that a worker refused has its
// reason among the dead letters.
func (o *useOptions) await(ctx context.Context, c *kafka.Cluster, model *fusion.Model, told []int) error {
	limited, stop := context.WithTimeout(ctx, o.wait)
	defer stop()
	for left := told; ; {
		asked, err := askedNow(limited, c)
		if err == nil {
			left = slices.DeleteFunc(slices.Clone(told), func(p int) bool { return asks(asked[p], model) })
			if len(left) == 0 {
				return nil
			}
			err = retry.Pause(limited, 100*time.Millisecond)
		}
		switch {
		case ctx.Err() != nil:
			return boot.Interrupted()
		case limited.Err() != nil:
			return boot.Dependency(fmt.Errorf("the command is in its topic, and after %s the logs of partitions %v do not ask for %.12s yet: is a worker running (vigil serve)? it takes the command when it comes to it; what it refuses `vigil deadletters show` tells", o.wait, left, model.Hash()))
		case err != nil:
			return boot.Dependency(err)
		}
	}
}
