// Package training fits the classifier of ECG strips to annotated recordings, and tells what it is
// worth on patients that it has not seen. The same recordings give the same weights.
package training
