// Package annotated gives recorded ECGs with what cardiologists saw in them: the beats and rhythms
// of WFDB records, and strips with the truth about each. Detectors and classifiers are judged and
// fitted by it.
package annotated
