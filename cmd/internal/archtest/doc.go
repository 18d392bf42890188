// Package archtest holds the test that keeps the house in order: directories
// lie on one line and imports point left only.
package archtest
