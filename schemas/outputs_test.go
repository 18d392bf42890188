package schemas

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// cmpEmpty takes an empty list for none: JSON may say either.
var cmpEmpty = cmpopts.EquateEmpty()

func exampleScore() *Score {
	return &Score{
		ID: "a1", N: 3, LogN: 17, Due: DueHour, Patient: "d:1", Stay: "s1", AsOf: 1767225600000, Model: "sha256:m", Policy: "sha256:p", Kernel: "go", Trained: true,
		Risks:      map[string]Risk{"mortality": {Value: 0.1, Low: ptr(float32(0.05)), High: ptr(float32(0.2))}, "decompensation": {Value: 0.25}},
		Phenotypes: map[string]float32{"Shock": 0.5},
		Modalities: map[string]ModalityState{"vital": {Present, ptr(int64(30))}, "ecg": {Absent, nil}},
		NEWS2: NEWS2{Value: 7, Partial: true, Missing: []string{"temperature"}, Inputs: []NEWS2Input{
			{Component: "heart_rate", Channel: "heart_rate", Value: 131, Unit: "/min", EventTime: 1767225599938, Ref: "CHARTEVENTS:1", Points: 3}}},
		Flags: []string{},
	}
}

func exampleAlert() *Alert {
	return &Alert{ID: "b2", Revision: 1, N: 4, Phase: PhaseStart, Kind: "score", Task: "news2", Severity: "high", Patient: "d:1", Stay: "s1", AsOf: 1767225600000,
		Value: 7, Threshold: 7, Reason: "NEWS2 is 7: heart rate 131.", Score: "a1", Model: "sha256:m", Policy: "sha256:p", Flags: []string{"untrained"}}
}

func exampleDeadLetter() *DeadLetter {
	return &DeadLetter{Reason: BadUnit, Field: "observations[3].unit", Found: `"furlong"`, Expected: "one of the units /min", Topic: TopicVitals, Partition: 2, Offset: 99,
		Source: "monitor-7", Partial: true, Length: 12, SHA256: "00", Payload: []byte(`{"patient":`)}
}

func TestOutputsComeBack(t *testing.T) {
	b, err := EncodeScore(exampleScore())
	if err != nil {
		t.Fatal(err)
	}
	score, err := DecodeScore(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exampleScore(), score); diff != "" {
		t.Error(diff)
	}
	for range 20 {
		if again, _ := EncodeScore(exampleScore()); string(again) != string(b) {
			t.Fatalf("the same score has two forms:\n%s\n%s", b, again)
		}
	}
	if b, err = EncodeAlert(exampleAlert()); err != nil {
		t.Fatal(err)
	}
	alert, err := DecodeAlert(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exampleAlert(), alert); diff != "" {
		t.Error(diff)
	}
	if b, err = EncodeDeadLetter(exampleDeadLetter()); err != nil {
		t.Fatal(err)
	}
	letter, err := DecodeDeadLetter(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exampleDeadLetter(), letter); diff != "" {
		t.Error(diff)
	}
	for _, torn := range [][]byte{nil, b[:len(b)/2], append(b, '}'), []byte("[]")} {
		if _, err := DecodeDeadLetter(torn); err == nil {
			t.Errorf("%q is read without an error", torn)
		}
	}
}

func TestMarks(t *testing.T) {
	for _, want := range []Mark{{"run@1", 0, false}, {"run@1", 1 << 40, true}} {
		m := NewMark(want.Run, want.Play, want.End)
		if got, ok, p := ParseMark(&m); !ok || p != nil || got != want {
			t.Errorf("%v comes back as %v, %v, %v", want, got, ok, p)
		}
	}
	if _, ok, _ := ParseMark(&Message{}); ok {
		t.Error("a message without a type is taken for a mark")
	}
	for _, bad := range []Message{NewMark("", 1, false), NewMark("r", -1, false)} {
		if _, ok, p := ParseMark(&bad); !ok || p == nil {
			t.Errorf("%v: a bad mark passes", bad.Headers)
		}
	}
}
