// Package training fits the networks of chest films to films with the truth beside them, and tells
// what they are worth on films that they have not seen. The same films and settings give the same
// weights on the same kind of machine, on any number of cores.
//
// Each epoch shows a film as another technician would have taken it: turned, moved, nearer or
// farther, mirrored, darker or brighter, blurred, with noise, partly hidden. The weights are a
// running mean. [Cross] makes a network for each fold of the films, which judges what it has not
// seen; together they are the classifier, so that every film was used and none judged by who knew
// it.
package training
