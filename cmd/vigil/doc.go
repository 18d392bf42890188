// Command vigil watches an intensive-care unit: vitals, ECG, notes and images in, risk scores
// and alerts out. Its commands are:
//
//	vigil alerts ack               Say that you have seen an alert; it stays open
//	vigil alerts export            Write all alerts to stdout as JSON lines and end
//	vigil alerts report            Say what the alerts of each rule were worth: how many, answers, verdicts, PPV, recall
//	vigil alerts snooze            Keep an open alert quiet for a while; it wants a reason
//	vigil alerts tail              Follow the alerts as they come; Ctrl-C ends it
//	vigil alerts verdict           Say what an alert was worth, also after its end; it wants a reason
//	vigil alerts verify            Make an alert anew from the patient log, and compare it bit for bit; exit 4 if it is another
//	vigil audit verify             Find any edit or cut of an audit log; exit 4 if there is one
//	vigil channels                 List the channels that can be sent: unit, plausible range, codes, what reads them
//	vigil codes check              Check a table of own codes, say what each row means and which codes of data are not read
//	vigil codes init               Write a table of own codes to start from, with a row of each kind
//	vigil config check             Check a file of settings: names, values, and the files that it names
//	vigil config init              Write a file of settings to start from: every one, with its default and what it is for
//	vigil config schema            Print the JSON Schema of a file of settings
//	vigil config show              Print the settings that vigil serve would have with the same flags, file and environment
//	vigil deadletters replay       Send a refused message again, mended by --body or by what Vigil has learned since; exit 4 if it is still wrong
//	vigil deadletters show         Print one refused message: when, from where, each fault, how to mend it, its bytes
//	vigil deadletters tail         Follow the messages that are refused, with reason and mend; Ctrl-C ends it
//	vigil demo                     Watch a unit in this terminal: broker, store, intake, model, alerts in one process
//	vigil doctor                   Examine a site: brokers, topics, rights, store, clocks, files; exit 4 if something is wrong
//	vigil encoders check           Check an encoder of the site's own: settings, signature, golden vectors
//	vigil encoders evaluate ecg    Judge the QRS detector and the findings on WFDB records with annotations
//	vigil encoders evaluate imaging  Judge the encoder of chest films on labelled ones
//	vigil encoders evaluate notes  Judge the encoder of notes: sections of open notes, polarity on labelled sentences
//	vigil encoders explain image   Say what the encoder sees in an image: view, acquisition, findings
//	vigil encoders explain note    Say what the encoder sees in a clinical note: sections, concepts, polarity
//	vigil encoders list            List the encoder of each modality: what it gives, its licence, where it came from
//	vigil encoders train ecg       Fit the classifier of ECG strips to WFDB records with annotations
//	vigil encoders train imaging   Fit the networks of chest films to labelled ones
//	vigil evaluate                 Judge a model hour by hour on recorded stays, with its alarms, beside NEWS2 and SOFA
//	vigil explain                  Say what drove the model's risk of a recorded patient at a time, and what changed in an hour
//	vigil lab concatenation        FuseMoE against a network that joins the modalities in its head
//	vigil lab convergence          How fast a mixture of experts learns its parameters, Laplace gate and softmax
//	vigil lab fleximodal           Write an invented set of three modalities that is no ICU
//	vigil limits                   List what one sender, patient, message, hour or run may bring, and what becomes of what is beyond
//	vigil model describe           Write into a trained model what its training data looked like: for drift, intervals, and abstention
//	vigil model list               List the models in the binary: name, hash, whether trained, what it tells
//	vigil model modalities         Judge a trained model with every set of its modalities, the others withheld, and draw the load of its experts
//	vigil model parity             Hold the network's layers against golden vectors of the published code; exit 4 if one is off
//	vigil model score              Write a model's probability for each stay and hour, or score models on the test part of their recipe
//	vigil model show               Print the card of a model, a file or one in the binary; without it that of the one that serves
//	vigil model use                Let the workers go on with another model, a file or one in the binary, from one place of each partition on
//	vigil model verify             Check a model file: form, shapes, finite weights, and that it can serve; exit 4 if not
//	vigil policy check             Check a policy: keys, numbers, and whether the model has its tasks
//	vigil policy init              Write a policy to start an own one from, with comments on every number
//	vigil policy show              Print a policy, after a check; without a file the shipped one, with its comments
//	vigil policy test              Run tests of a policy: series of numbers in, the alerts that must follow out
//	vigil policy try               Try policies on recorded stays: recall of events against alarms in a patient-day, with lead time
//	vigil publish                  Publish live messages, one JSON object a line, into the raw topics of a Kafka
//	vigil recipes                  List the training recipes in the program
//	vigil replay                   Publish a recorded ICU into the raw topics of a Kafka, at any speed
//	vigil serve                    Run workers on a Kafka and a Redis: intake, monitor, scores, alerts
//	vigil sinks check              Check a file of sinks: keys, values, and the files that it names
//	vigil sinks init               Write a file of sinks to start from: one of each kind, with comments
//	vigil sinks list               List the kinds of sinks, or with --config how those of a file stand
//	vigil sinks resend             Tell the receiver of a sink again the alerts that became dead letters, and what was told of them since
//	vigil sinks run                Tell the receivers of a file of sinks of the alerts, as they come; each has a position of its own
//	vigil sinks test               Send an alert that is marked as a test to the receiver of a sink, begin and end; exit 3 if it is away, 4 if it refuses
//	vigil sources                  List what can be played, and the ways in for live data
//	vigil synth                    Write an invented unit as the folder of a recorded one
//	vigil topics check             Hold the topics against what Vigil needs; exit 4 if something is wrong
//	vigil topics init              Make the topics that are missing; existing ones stay as they are
//	vigil train                    Fit a model to recorded stays
//	vigil version                  Print version, Go, channel table and shipped model
//
// Exit codes: 0 ok, 1 failure, 2 usage or configuration, 3 a dependency is
// down, 4 a check found problems, 130 interrupted, 141 whoever read the output
// went away. Data goes to stdout, talk to
// stderr. Vigil is research software, not a medical device.
package main
