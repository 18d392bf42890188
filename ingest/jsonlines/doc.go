// Package jsonlines is messages of the raw topics as text, one JSON object a line: what a
// script writes, and what `vigil replay --to stdout` prints.
//
//	{"topic":"icu.vitals.v1","value":{"patient":"site:42","source":"my-gateway","event_time":"2026-01-01T08:00:00.000Z","values":{"heart_rate":93}}}
//
// value is the body as schemas/*.schema.json has it. A body that is no JSON, such as an ECG
// strip in Arrow, stands under base64 instead, and then key, the patient, must be there too;
// a JSON body says its patient itself. headers are those of the Kafka record, by name, and
// may be left out.
//
// # The door
//
// A [Door] takes lines from a reader and publishes them; `vigil publish` is made of it. For
// each line it writes an [Answer], one JSON object a line, after the message is appended or
// refused. A line is refused with a dead letter where it is no such object, where
// schemas.DecodeEvent would refuse the message, and where the message is of a run: what is
// recorded is played, by package replay. The values in a message are intake's to judge.
//
// A message without "seq" is given one, by package sequence. A line is known by its bytes:
// the same line again is the same message, is not appended again, and is answered as a
// repeat. So the same file may be published again after a crash, or after it has grown.
// Two lines that say the same and mean two measurements differ in event_time.
package jsonlines
