// Package kafkasink writes raw topics of a Kafka, each message once, also over crashes of
// the writing process.
//
// [Sink] publishes a plan of ingest/replay: the position of each event in the plan tells a
// restart how far it came. [Live] publishes what a door of ingest/source lets in, and its
// dead letters: there the sequence numbers tell intake's readers what came twice.
//
// The package stands apart from replay and from the doors, so that those who play a plan
// into a function, such as training, carry no Kafka client.
package kafkasink
