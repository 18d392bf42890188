package source

import (
	"context"

	"github.com/vigil-icu/vigil/schemas"
)

// Door is where live messages of one protocol come in: HL7 over MLLP, FHIR, JSON lines. A
// [Source] is read once and played; a door stays open, and for each message somebody
// outside waits to hear whether Vigil has it.
//
// What a door promises, and package sourcetest holds it to:
//
//   - It answers every message that it can read to its end, once, and in the order in which
//     it took them from that sender. The answer is either accepted, or refused with a
//     reason in the words of [schemas.Reason]; silence is never an answer.
//   - It answers accepted only after [Producer.Append] has returned nil for every event of
//     the message. Where the append fails, the message stays unanswered and Serve ends: the
//     sender sends it again, to this process or to the next one.
//   - Each event bears a sequence number of its patient, source and topic, from 1: the
//     sender's own, or one of the door, which is on disk before the append (package
//     sequence). A message that is sent again, because its answer was lost with the process,
//     goes out under the numbers that it had, so that the monitor knows the repeat. No
//     other message ever gets them, however often the door is started again.
//   - Input that it must refuse goes to [Producer.Refuse] first, so that a person can find
//     what was refused after the sender is gone, and it changes nothing for the messages
//     behind it.
//   - An event is live: it has no run and no playing time. It is whole as
//     schemas.DecodeEvent sees it; single values that have no channel or a wrong unit are
//     intake's to judge, as for every other sender.
type Door interface {
	// Name is the door's protocol, lower case: "jsonlines". Dead letters bear it where those
	// of intake bear the raw topic.
	Name() string
	// Serve takes messages in and publishes their events through p. It returns nil where the
	// input has an end and that was reached, ctx's error soon after ctx has ended, and
	// else what keeps the door from going on. Nothing that it started outlives it by
	// more than the read or the connection that it waits for. It is called once.
	Serve(ctx context.Context, p Producer) error
}

// Producer is what a door publishes through: Kafka behind package kafkasink, a slice in
// tests. A door calls it from one goroutine at a time.
type Producer interface {
	// Append appends messages of [schemas.RawTopics], those of one partition in their
	// order, and returns nil after all of them are there for good. After an error some of
	// them may be there as well: the same messages, with the same sequence numbers, are
	// to be appended again.
	Append(ctx context.Context, messages []schemas.Message) error
	// Refuse appends a dead letter and returns nil after it is there for good.
	Refuse(ctx context.Context, r Refusal) error
}

// Refusal is a message that a door refuses.
type Refusal struct {
	Door    string           // Name of the door
	Number  int64            // of the message, among those that this Serve took in, from 0
	Sender  string           // Event.Source; empty where it could not be read
	Input   []byte           // the bytes as they came
	Problem *schemas.Problem // what is wrong with them
}
