// Package packed writes and reads Vigil's own binary forms: the record of the patient
// log, the state of a patient, the outbox of a store. Unsigned numbers are varints,
// signed ones are zigzag varints, fixed numbers and the bits of a float32 are
// little-endian, and a string is its length and its bytes.
//
// The Append functions write a field behind those before it. A [Reader] gives the fields
// back in the same order. It promises three things of any bytes, torn or hostile:
//
//   - It never panics, and it never makes room for more than the bytes can hold: a
//     length that is larger than what is left fails before anything is allocated.
//   - The first failure stays. All later answers are zero, so that a caller asks for
//     every field and looks at the error once, at the end.
//   - It refuses what the Append functions would not have written, such as a varint with
//     more bytes than it needs. What is read without an error is therefore the only form
//     of its fields.
//
// Which fields there are, and in which version, is the business of the package that owns
// the form. A form with fields of its own takes from a Reader only its bounds and its
// failure, with Take, Skip, Rest and Fail; Kafka's answers are read in this way.
package packed
