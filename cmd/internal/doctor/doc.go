// Package doctor examines a site before a nurse relies on it: brokers, topics, rights, store, clocks, files, this
// machine. Each check says what was found, what follows from it and how to mend it. It changes nothing anywhere.
package doctor
