package schemas

import (
	"slices"
	"strconv"
)

// The topics are named here without the site's prefix, which only the client of the
// broker puts in front.
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

// RawTopics are the topics that intake reads. The index of a topic in this list is the
// TopicIndex of a Record and part of an event's identity on disk, so the list only grows
// at its end. The movements stand first because at one playing time they go first.
var RawTopics = [...]string{TopicADT, TopicVitals, TopicECG, TopicNotes, TopicImaging, TopicCommands}

// RawTopicIndex is the index of a topic in RawTopics, -1 for any other.
func RawTopicIndex(topic string) int { return slices.Index(RawTopics[:], topic) }

// Place names a record by where it stands: topic/partition/offset.
func Place(topic string, partition int, offset int64) string {
	return topic + "/" + strconv.Itoa(partition) + "/" + strconv.FormatInt(offset, 10)
}

// Topics are all topics in the order of an event's way through Vigil. All must have the
// same number of partitions, since one owner works a partition number in all of them.
var Topics = [...]string{
	TopicVitals, TopicECG, TopicNotes, TopicImaging, TopicADT, TopicCommands,
	TopicLog, TopicScores, TopicAlerts, TopicAlertStates, TopicDeadLetters,
}

// Headers of a Kafka record. Those that begin with ce_ are attributes of CloudEvents 1.0
// in the binary mode of its Kafka protocol binding, where the body is the event's data.
const (
	HeaderSpecVersion = "ce_specversion" // always "1.0"
	HeaderID          = "ce_id"          // source/topic/patient/seq of an event; the id of a score or an alert
	HeaderType        = "ce_type"        // one of the types below
	HeaderSource      = "ce_source"      // the sender
	HeaderContentType = "content-type"   // ContentJSON, ContentArrow or ContentLog

	// HeaderRun names the run and makes a message a recorded one; HeaderPlay then has
	// its playing time, in decimal milliseconds.
	HeaderRun  = "run"
	HeaderPlay = "play"
	// HeaderEnd is "1" on the mark behind which the run has nothing more.
	HeaderEnd = "end"

	// HeaderPosition says of an output which log record caused it, and which of that
	// record's outputs it is: "<log offset>.<index>". A new owner learns from it how far
	// the outputs got.
	HeaderPosition = "pos"
	// HeaderRebuild says, on outputs and keep-alives, at which log offset a rebuild of the
	// partition must begin, so that a store that is empty need not read the whole log.
	HeaderRebuild = "rebuild_from"
)

// Types of a record, as HeaderType names them. A raw message without HeaderType is read as
// the type of its topic, so that simple senders need no headers at all.
const (
	TypeVitals     = "vigil.vitals.v1"
	TypeECG        = "vigil.ecg.v1"
	TypeNote       = "vigil.note.v1"
	TypeImage      = "vigil.image.v1"
	TypeADT        = "vigil.adt.v1"
	TypeCommand    = "vigil.command.v1"
	TypeMark       = "vigil.mark.v1" // a progress mark of a run, see Mark
	TypeLog        = "vigil.log.v1"
	TypeScore      = "vigil.score.v1"
	TypeAlert      = "vigil.alert.v1"
	TypeDeadLetter = "vigil.deadletter.v1"
	TypeClaim      = "vigil.claim.v1"   // a producer's claim on a partition, or its keep-alive; subscribers skip it
	TypeUse        = "vigil.use.v1"     // on TopicCommands: another model for one partition, see UseCommand
	TypeHanded     = "vigil.handed.v1"  // on TopicADT: a log record that the monitor hands from one patient to another
	TypeOffsets    = "vigil.offsets.v1" // the end of each batch that intake appends: what of the raw topics is in
)

// Content types of a body, as HeaderContentType names them.
const (
	ContentJSON  = "application/json"
	ContentArrow = "application/vnd.apache.arrow.stream"
	ContentLog   = "application/vnd.vigil.log"
)

// Notice says what Vigil is not. It stands on every screen, alert, README and help text, so
// that nobody takes what they read for medical advice.
const Notice = "research software, not a medical device"
