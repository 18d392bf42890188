package schemas

import (
	"encoding/json"
	"strings"
)

// UseCommand is the body of a message of type TypeUse on TopicCommands. It belongs to the
// partition that it lies in and to no patient: from its place in the partition's order on the
// log asks for another model. `vigil model use` sends one to each partition.
type UseCommand struct {
	Model string `json:"model"` // SHA-256 of the model's file, in hex
	Actor string `json:"actor"` // who asked for it
}

// useKey is the key of a message that no patient's can equal.
const useKey = "use"

// Message is the command as a message, without its partition.
func (c UseCommand) Message() Message {
	b, _ := json.Marshal(c) // two strings always marshal
	return Message{Topic: TopicCommands, Key: []byte(useKey), Value: b, Headers: []Header{
		{HeaderSpecVersion, "1.0"}, {HeaderType, TypeUse}, {HeaderSource, "vigil-model-use"}, {HeaderContentType, ContentJSON},
	}}
}

// ParseUseCommand reads a message of type TypeUse. A problem says what is wrong with it.
func ParseUseCommand(m *Message) (UseCommand, *Problem) {
	var c UseCommand
	if m.Topic != TopicCommands {
		return c, NewProblem(UnknownType, "header "+HeaderType, TypeUse, "a type of this topic: a change of the model is on "+TopicCommands)
	}
	if err := json.Unmarshal(m.Value, &c); err != nil {
		return c, NewProblem(Unreadable, "value", err.Error(), `JSON: {"model":"SHA-256 of the file","actor":"NAME"}`)
	}
	if len(c.Model) != 64 || strings.Trim(c.Model, "0123456789abcdef") != "" {
		return c, NewProblem(BadField, "model", c.Model, "the SHA-256 of a model's file in hex, as `vigil model list` and `vigil model show` print it")
	}
	if c.Actor == "" || len(c.Actor) > MaxID {
		return c, NewProblem(BadField, "actor", c.Actor, "the name of who asks for it")
	}
	return c, nil
}
