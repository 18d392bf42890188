// Package deploy holds what a site begins with: the topics, a Dockerfile and a
// compose file, scripts for a Kafka and a Redis on this machine, a subscriber, and the script that builds what is
// given to others. Its
// one variable is topics.yaml, which the program carries; it imports nothing.
package deploy
