// Package realkafka gives a test a Kafka of its own: the real one, in processes of
// its own, begun and ended by deploy/dev/kafka.sh. It can be killed, begun again and
// stopped in the middle of what it does; an embedded broker misbehaves in none of
// the ways that a test wants to see (research notes: nine differences).
//
// Starting costs 6 s and half a gigabyte, so tests do it only where VIGIL_REAL=1
// asks for it (`make test-real`), and there a Kafka that cannot be had is a failure,
// never a test left out.
package realkafka
