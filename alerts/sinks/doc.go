// Package sinks gives alerts to other systems, in the words of each: a [Notice] is one revision of an alert, and each
// kind of receiver has a type whose Deliver hands notices over and says how many the receiver has for sure.
//
//	FHIR          a transaction to a FHIR R4 server: RiskAssessment, Flag, Communication; DeviceAlert of the R6 ballot by a switch
//	HL7           HL7 v2.6 over MLLP: ORU^R01 for a flowsheet, ORU^R40 as IHE ACM has it, which ORA^R41 answers
//	Webhook       CloudEvents, or the form of Alertmanager's webhook; signed by the rules of Standard Webhooks
//	Alertmanager  the API v2 of a Prometheus Alertmanager
//	MEDS          predictions as Parquet, in the columns of meds-evaluation
//	File          JSON lines
//
// [Parse] reads a site's file of them. What all promise:
//
//   - A notice has a key ([Notice.Key]), which goes out with it in the place that the receiver's format has for it, and
//     the same bytes each time, but for the time of the attempt in a signature and in Alertmanager's endsAt: a receiver that knows
//     the key is told once.
//   - Every message says that Vigil is research software, not a medical device. Priorities are those of somebody who informs
//     beside the monitors: never stat, and PN for an advisory in ORU^R40 unless the site says otherwise.
//   - An error that a receiver answers is a [Refusal] only where it is about the notice. An address, a token or a certificate
//     that is wrong can be mended while the alert waits.
//   - Errors name no patient; what a receiver said about one stands in [Refusal] apart, for dead letters.
//   - No sink keeps anything that grows with the number of alerts, but MEDS, which holds the rows of three days.
//
// An alert that goes on under another id of its patient stands under that one: under the old id it is told as over.
//
// Left to others: reading the alert's topic, positions, trying again and dead letters (alerts/sinks/delivery).
package sinks
