// Package kafkasink publishes a plan of ingest/replay into the raw topics of a Kafka,
// each message once, also over crashes of the replaying process.
//
// It stands apart from replay so that those who play a plan into a function, such as
// training, carry no Kafka client.
package kafkasink
