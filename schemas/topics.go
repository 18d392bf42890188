package schemas

import (
	"slices"
	"strconv"
)

// Topic names, without the site's prefix.
const (
	TopicVitals      = "icu.vitals.v1"
	TopicECG         = "icu.ecg.v1"
	TopicNotes       = "icu.notes.v1"
	TopicImaging     = "icu.imaging.v1"
	TopicADT         = "icu.adt.v1"
	TopicCommands    = "icu.commands.v1"
	TopicLog         = "icu.log.v1"
	TopicScores      = "icu.scores.v1"
	TopicAlerts      = "icu.alerts.v1"
	TopicAlertStates = "icu.alerts.state.v1"
	TopicDeadLetters = "icu.deadletters.v1"
)

// RawTopics are the topics that intake reads. The index of a topic in this
// list is TopicIndex in a LogRecord and part of an event's identity: append
// only.
var RawTopics = [...]string{TopicADT, TopicVitals, TopicECG, TopicNotes, TopicImaging, TopicCommands}

// RawTopicIndex is the index of a topic in RawTopics, -1 for any other.
func RawTopicIndex(topic string) int { return slices.Index(RawTopics[:], topic) }

// Place names a record by where it stands: topic/partition/offset.
func Place(topic string, partition int, offset int64) string {
	return topic + "/" + strconv.Itoa(partition) + "/" + strconv.FormatInt(offset, 10)
}

// Topics are all topics in the order of an event's way. All have the same
// partition count.
var Topics = [...]string{
	TopicVitals, TopicECG, TopicNotes, TopicImaging, TopicADT, TopicCommands,
	TopicLog, TopicScores, TopicAlerts, TopicAlertStates, TopicDeadLetters,
}

// Header names of a Kafka record. Bodies go in CloudEvents 1.0 binary mode.
const (
	HeaderSpecVersion = "ce_specversion" // "1.0"
	HeaderID          = "ce_id"          // record id: source/topic/seq for events, the id of a score or alert
	HeaderType        = "ce_type"        // Type* below
	HeaderSource      = "ce_source"      // the sender
	HeaderContentType = "content-type"   // ContentJSON, ContentArrow, ContentLog
	HeaderRun         = "run"            // makes a message a recorded one: the run's name and hash
	HeaderPlay        = "play"           // decimal milliseconds of playing time, with HeaderRun
	HeaderPosition    = "pos"            // outputs: "<log offset>.<index>"
	HeaderRebuild     = "rebuild_from"   // outputs, claims, keep-alives: smallest log offset that an open stay needs
	HeaderEnd         = "end"            // on a mark: "1", the run ends here
)

// Types of a record (HeaderType). A raw message without HeaderType is read as
// the type of its topic.
const (
	TypeVitals     = "vigil.vitals.v1"
	TypeECG        = "vigil.ecg.v1"
	TypeNote       = "vigil.note.v1"
	TypeImage      = "vigil.image.v1"
	TypeADT        = "vigil.adt.v1"
	TypeCommand    = "vigil.command.v1"
	TypeMark       = "vigil.mark.v1" // progress mark of a run: all up to HeaderPlay has been sent
	TypeLog        = "vigil.log.v1"
	TypeScore      = "vigil.score.v1"
	TypeAlert      = "vigil.alert.v1"
	TypeDeadLetter = "vigil.deadletter.v1"
	TypeClaim      = "vigil.claim.v1"   // a producer's claim on a partition, or its keep-alive: subscribers skip it
	TypeOffsets    = "vigil.offsets.v1" // ends each batch that intake appends: next raw offset per raw topic
)

// Content types (HeaderContentType).
const (
	ContentJSON  = "application/json"
	ContentArrow = "application/vnd.apache.arrow.stream"
	ContentLog   = "application/vnd.vigil.log"
)

// Notice stands on every screen, alert, README and help text.
const Notice = "research software, not a medical device"
