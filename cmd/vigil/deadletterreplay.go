package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/replay/kafkasink"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
)

// reread is a dead letter with its message.
type reread struct {
	refused
	message schemas.Message   // zero where nothing but the letter is left of it
	faults  []schemas.Problem // at least one
}

// reread looks for the message of a dead letter.
func (r *refused) reread(ctx context.Context, c *kafka.Cluster) (*reread, error) {
	again := &reread{refused: *r, faults: append([]schemas.Problem{{Reason: r.Reason, Field: r.Field, Found: r.Found, Expected: r.Expected}}, r.More...)}
	m, err := r.original(ctx, c)
	if err != nil || m == nil {
		return again, err
	}
	again.message = *m
	return again, nil
}

// judgeAgain is what intake says to a live message at a time: the event, nil where it cannot be read, and all
// that is wrong with it.
func judgeAgain(m *schemas.Message, zone *time.Location, now schemas.Time) (*schemas.Event, []schemas.Problem) {
	e := &record.Encoder{Zone: zone}
	ev, problem := e.Decode(m, now)
	if problem != nil {
		return nil, []schemas.Problem{*problem}
	}
	_, problems := e.Record(ev, m, now)
	return ev, problems
}

// original is the message of a dead letter: from its raw topic as long as that is kept, with key and headers,
// else from the letter, under the patient of the body. It is nil where neither has it whole.
func (r *refused) original(ctx context.Context, c *kafka.Cluster) (*schemas.Message, error) {
	if schemas.RawTopicIndex(r.Topic) < 0 {
		return nil, nil
	}
	first, next, err := c.Ends(ctx, r.Topic)
	if err != nil {
		return nil, err
	}
	if r.Partition < len(next) && r.Offset >= first[r.Partition] && r.Offset < next[r.Partition] {
		reader := c.NewReader(r.Topic, r.Partition, r.Offset)
		reader.PassUnread()
		got, err := reader.Read(ctx, 1)
		if err != nil {
			return nil, err
		}
		if len(got) == 1 && got[0].Offset == r.Offset {
			if sum := sha256.Sum256(got[0].Value); hex.EncodeToString(sum[:]) == r.SHA256 { // else the topic was made anew
				return &got[0], nil
			}
		}
	}
	if r.Length != len(r.Payload) {
		return nil, nil
	}
	return withKey(&schemas.Message{Topic: r.Topic, Partition: r.Partition, Value: r.Payload}), nil
}

// withKey gives a message the key that its body asks for.
func withKey(m *schemas.Message) *schemas.Message {
	var body struct {
		Patient string `json:"patient"`
	}
	_ = json.Unmarshal(m.Value, &body) // what cannot be read has no key, and its problem says why
	m.Key = []byte(body.Patient)
	return m
}

// toMend is what a person edits: the payload, and of a vitals message whose rest went on only the values
// that were refused, so that nothing comes in twice.
func (r *reread) toMend() []byte {
	if !r.Partial || r.message.Value == nil {
		return r.Payload
	}
	body, err := onlyFaulty(r.message.Value, r.fields())
	if err != nil {
		return r.message.Value
	}
	return append(body, '\n')
}

// fields are those that the dead letter names.
func (r *refused) fields() []string {
	all := strings.Split(r.Field, ", ") // letters of before each fault had its reason join the fields of all
	for i := range r.More {
		all = append(all, r.More[i].Field)
	}
	return all
}

// onlyFaulty leaves of the JSON of a vitals message what a dead letter names.
func onlyFaulty(body []byte, fields []string) ([]byte, error) {
	if len(fields) >= schemas.MaxFaults {
		return nil, fmt.Errorf("it has more faults than its dead letter names")
	}
	var whole map[string]json.RawMessage
	var values map[string]json.RawMessage
	var observations []json.RawMessage
	err := json.Unmarshal(body, &whole)
	if err == nil && whole["values"] != nil {
		err = json.Unmarshal(whole["values"], &values)
	}
	if err == nil && whole["observations"] != nil {
		err = json.Unmarshal(whole["observations"], &observations)
	}
	if err != nil {
		return nil, err
	}
	keptValues, kept := map[string]json.RawMessage{}, []json.RawMessage{}
	for _, name := range fields {
		if of, ok := strings.CutPrefix(name, "values."); ok && values[of] != nil {
			keptValues[of] = values[of]
			continue
		}
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "observations["), "]")
		i, err := strconv.Atoi(number)
		if err != nil || i < 0 || i >= len(observations) {
			return nil, fmt.Errorf("its dead letter does not say which of its values %s is", name)
		}
		kept = append(kept, observations[i])
	}
	delete(whole, "values")
	delete(whole, "observations")
	if len(keptValues) > 0 {
		whole["values"], _ = json.Marshal(keptValues) // what was read can be written
	}
	if len(kept) > 0 {
		whole["observations"], _ = json.Marshal(kept)
	}
	return json.Marshal(whole)
}

// mend makes the message that is sent for a dead letter, of a mended body or of the message as it was.
// Its error is a *boot.Exit where the message is wrong, else of the broker.
func (r *refused) mend(ctx context.Context, c *kafka.Cluster, body []byte, zone *time.Location) (schemas.Message, error) {
	none := schemas.Message{}
	if r.Topic == schemas.TopicAlerts {
		return none, boot.Usage(fmt.Errorf("%s is an alert that did not reach a receiver: `vigil sinks resend %s` tells it again", r.id, strings.TrimPrefix(r.Source, "sink:")))
	}
	if r.Topic == schemas.TopicAlerts {
		return none, boot.Usage(fmt.Errorf("%s is an alert that did not reach a receiver: `vigil sinks resend %s` tells it again", r.id, strings.TrimPrefix(r.Source, "sink:")))
	}
	if schemas.RawTopicIndex(r.Topic) < 0 {
		return none, boot.Usage(fmt.Errorf("%s did not come by a raw topic but by %s: mend it (`vigil deadletters show %s --payload` prints it) and send it there again, as `vigil publish` does", r.id, r.Topic, r.id))
	}
	m, err := r.original(ctx, c)
	if err != nil {
		return none, err
	}
	if m == nil && body == nil {
		return none, boot.Usage(fmt.Errorf("of %s only the first %d of %d bytes are left: let its sender send it again, or give the whole with --body", r.id, len(r.Payload), r.Length))
	}
	if r.recorded(m) {
		return none, boot.Usage(fmt.Errorf("%s is of a recorded run, by %s, and is not sent among live messages: play it again with `vigil replay`", r.id, r.Source))
	}
	switch {
	case body != nil:
		m = withKey(&schemas.Message{Topic: r.Topic, Value: body})
	case r.Partial:
		left, err := onlyFaulty(m.Value, r.fields())
		if err != nil {
			return none, boot.Usage(fmt.Errorf("which values of %s are to be sent again cannot be told, %w: put them into a body of their own, with --body", r.id, err))
		}
		m.Value = left
	}
	ev, problems := judgeAgain(m, zone, schemas.Time(time.Now().UnixMilli()))
	if len(problems) > 0 {
		p := &problems[0]
		more := ""
		if len(problems) > 1 {
			more = fmt.Sprintf(" (and %d more)", len(problems)-1)
		}
		return none, boot.Problems(fmt.Errorf("%s would be refused again: %w%s. Mend it: %s; `vigil deadletters show %s --payload` prints what to mend, for --body", r.id, p, more, mends[p.Reason], r.id))
	}
	ev.Seq, ev.HasSeq = 0, false
	if head := ev.Head(); head.EventTime == nil {
		at := r.at
		if head.AvailableTime != nil {
			at = *head.AvailableTime
		}
		head.EventTime = &at
	}
	out, err := schemas.EncodeEvent(ev)
	if err != nil {
		return none, boot.Failure(err)
	}
	return out, nil
}

// recorded says whether the message of a dead letter was one of a run. Its headers say so; where only the
// letter is left, its reason and its sender do, who bears the name of a data set.
func (r *refused) recorded(m *schemas.Message) bool {
	if m != nil {
		if _, recorded := m.Header(schemas.HeaderRun); recorded {
			return true
		}
	}
	switch r.Reason {
	case schemas.WrongRun, schemas.RunsOff, schemas.NoMark, schemas.OutOfOrder:
		return true
	}
	of, _, ofRun := strings.Cut(r.Source, "@")
	return ofRun && (of == synth.Name || slices.ContainsFunc(dataSets, func(d dataSet) bool { return d.name == of }))
}

// readBody reads the file of a mended body; nil for none.
func readBody(in io.Reader, path string) (body []byte, err error) {
	switch path {
	case "":
		return nil, nil
	case "-":
		body, err = io.ReadAll(in)
	default:
		body, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, boot.Usage(fmt.Errorf("--body: %w", err))
	}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return nil, boot.Usage(fmt.Errorf("--body: %s is empty: want the JSON body of the message", path))
	}
	return body, nil
}

// sendOne publishes a live message to the partition of its key, and says which topic and partition that is.
// Two processes that call it with one name in one folder fence each other, and say so.
func sendOne(ctx context.Context, c *kafka.Cluster, name string, m schemas.Message) (place string, err error) {
	partitions, err := c.Partitions(ctx)
	if err != nil {
		return "", interruptedOr(ctx, boot.Dependency(err))
	}
	if err := kafkasink.NewLive(c, partitions, publisherOf(name)).Append(ctx, []schemas.Message{m}); err != nil {
		return "", interruptedOr(ctx, boot.Dependency(err))
	}
	return fmt.Sprintf("%s/%d", m.Topic, kafka.PartitionOf(m.Key, partitions)), nil
}
