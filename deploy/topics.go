package deploy

import _ "embed" // topics.yaml

// Topics is topics.yaml, for kafka.ParseTopics.
//
//go:embed topics.yaml
var Topics []byte
