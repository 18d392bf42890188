// Package delivery tells the receivers of a site of the alerts: it stands between the alert's topic and the [Sink]s.
//
// Each sink is a consumer group of its own on the topic, with its own position, so that a receiver that is away or slow
// holds up no other one. The position is the group's committed offset, which moves on once the receiver has an alert
// for sure. A sink that has no position commits the one that it begins at, the end of the topic or its beginning,
// before it tells anything. Kafka keeps a position for a week behind the last process of the group
// (offsets.retention.minutes).
//
// What it promises:
//
//   - At least once, and the alerts of one patient in their order. What is told again, after a crash or an answer that
//     was lost, has the same key and the same bytes.
//   - A receiver that fails is tried on, with pauses that double up to half a minute, for as long as the settings say.
//     Then the alert becomes a dead letter with its place and the reason (undelivered, refused), and the next one is
//     tried. Letters are told again by [Service.Resend].
//   - Alertmanager forgets what nobody tells again: the alerts that stand are told again and again, also by a process
//     that has just begun, which finds them in the topic of latest states.
//   - No patient stands in a log line.
//
// Left to others: what a receiver is given (alerts/sinks), and what an alert is (alerts).
package delivery
