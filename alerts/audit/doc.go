// Package audit keeps a record of who looked at which patient and who answered which alert, in
// a file that shows every later edit and cut.
//
// A [Log] appends one JSON object a line. The lines are the leaves of a Merkle tree, and behind
// each line the root of the tree is signed: a checkpoint, in the form of signed notes that
// transparency logs use. Checkpoints stand in a file beside the log, with ".checkpoints" at its
// end; the key that signs them in one with ".key", and the one that checks them in ".pub".
// [Verify] builds the tree anew and finds a line that was changed, put in, moved or taken out, and
// a log that was cut together with none or some of its checkpoints.
//
// Who can write all of these files and holds the key can write another history. Against that, a
// checkpoint is copied to where they cannot write: Verify holds the log against such a copy too,
// which also finds a log that was cut together with all checkpoints behind the cut.
//
// Left to others: who may look (alerts/bedside/api), where the copy is kept, and when logs
// are put away.
package audit
