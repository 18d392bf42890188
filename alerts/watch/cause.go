package watch

// Cause is why a partition is silent. Of several the first is said.
type Cause int

// The causes.
const (
	None      Cause = iota
	Kafka           // the brokers do not answer
	Unowned         // nobody works the partition
	Store           // the store does not answer
	Held            // an open transaction of a sender holds a reader back
	Marks           // recorded messages wait for a progress mark, and those behind them with them
	Elsewhere       // another process owns the partition and does not get on
	Stuck           // this process owns the partition and does not get on
	Late            // the partition gets on, and stays of it are not scored
	Behind          // the time of the log is behind the clock
	Ahead           // and ahead of it
	causes
)

// texts are the causes in words: what is so, and how to mend it.
var texts = [causes]struct{ what, mend string }{
	Kafka:     {"the brokers do not answer, nothing can be read or scored", "see to Kafka and the network; work goes on by itself, nothing is lost"},
	Unowned:   {"no worker owns the partition, its messages are not scored", "start vigil serve, or see why the group does not settle: kafka-consumer-groups.sh --describe --state; after a kill -9 the group waits 6 s for the dead one"},
	Store:     {"messages were accepted and are not scored, the store does not answer", "see to Redis and the network; work goes on by itself, nothing is lost"},
	Held:      {"messages were accepted and are not scored, an open transaction of a sender holds the topic back", "its writer must end it, or kafka-transactions.sh abort for it; --read-uncommitted reads past it"},
	Marks:     {"messages were accepted and are not scored, they wait behind recorded ones for a progress mark of their run", "go on with vigil replay, or end the run: vigil replay --end RUN"},
	Elsewhere: {"messages were accepted and are not scored, the worker elsewhere that owns the partition does not get on", "see the log of the worker that kafka-consumer-groups.sh --describe names; end it, another goes on where it ended"},
	Stuck:     {"messages were accepted and are not scored, the worker of this process that owns the partition does not get on", "see the lines before this one; where there are none, end this process, another goes on where it ended, and report this as a fault"},
	Late:      {"messages of open stays were accepted and are not scored, though their partition gets on", "end this process, another rebuilds the partition from its log, and report this as a fault"},
	Behind:    {"the time of the log is behind this machine's clock, nothing falls due in it", "see to the time service of this machine and of the brokers; where both are right, end this process, another goes on where it ended"},
	Ahead:     {"the time of the log is ahead of this machine's clock: scores come half as often until it is caught up with", "see to the time service of this machine, of the other workers' and of the brokers"},
}

// text is a line for the log.
func (c Cause) text() string { return texts[c].what + ": " + texts[c].mend }

// short is what is so.
func (c Cause) short() string { return texts[c].what }
