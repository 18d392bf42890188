// Package notes reads clinical notes: sections, sentences, concepts and whether each is
// present, absent, possible, past or of somebody else. It is pure and knows no clock, no
// file and no network.
//
// A [Encoder] divides a note by headings (sections.txt) and each section into sentences,
// finds concepts of an intensive-care lexicon (lexicon.txt) under any of their names, and
// decides their polarity by the scopes of ConText: a cue (cues.txt) speaks of what follows
// or stands before it in its sentence, as far as it reaches or to what ends it. Where a note
// says several things of a concept, absent goes before possible, family, past and present;
// without a cue the section of a past or family history decides. The three tables are plain
// text, a mistake in them is named with its line, and each synonym has one concept unless the
// sentence decides.
//
// Beside the findings a [Reading] has hashed words and pairs of words ([Feature]), those in
// a negation and those of an assessment or a plan apart, for a layer that learns a vector a
// bucket; and a hash of each sentence, by which [Earlier] knows what was copied forward.
// [Current] leaves out what a later version of a document supersedes. A [Guesser] tells the
// kind of a section without a heading; no polarity rests on a guess.
//
// Any text has a reading, in time proportional to its length: about a millisecond for a note
// of 2,500 bytes. What leaves this package are places, names of the lexicon and hashes,
// never the text.
//
// How often it is right says package measure. The weights of the guesser and the labels of
// the open sentences have their notice in NOTICE.md.
package notes
