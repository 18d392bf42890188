package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
)

// In these records lactate and heart rate alone tell who dies: they are what drives the risk up
// of one who does, and down of one who does not.
func TestExplainFindsTheKnownDriver(t *testing.T) {
	data, model := someRecords(t), filepath.Join(t.TempDir(), "m.safetensors")
	if code, _, stderr := vigil(t.Context(), "train", "--recipe", "tiny", "--data", data, "--set", "training.epochs=20", "--set", "training.patience=0", "--out", model); code != boot.ExitOK {
		t.Fatalf("train: %s", stderr)
	}
	risks := map[bool]float32{}
	for patient, dies := range map[string]bool{"physionet2012:300003": true, "physionet2012:300001": false} {
		code, stdout, stderr := vigil(t.Context(), "explain", patient, "--model", model, "--data", data, "--hour", "40", "--json")
		if code != boot.ExitOK {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		var e explained
		if err := json.Unmarshal([]byte(stdout), &e); err != nil {
			t.Fatal(err)
		}
		risks[dies] = e.Risk
		if e.Task != taskMortality || e.Before == nil || len(e.Drivers) == 0 || len(e.Drivers) > mostDrivers {
			t.Fatalf("%s", stdout)
		}
		var first *fusion.Driver
		for i := range e.Drivers {
			if e.Drivers[i].Kind == "channel" {
				first = &e.Drivers[i]
				break
			}
		}
		if first == nil || first.Name != "lactate" && first.Name != "heart_rate" || (first.Effect > 0) != dies {
			t.Errorf("%s: the first channel is %+v", patient, first)
		}
	}
	if !(risks[true] > risks[false]) {
		t.Errorf("risks %v", risks)
	}
	code, stdout, _ := vigil(t.Context(), "explain", "physionet2012:300003", "--model", model, "--data", data, "--at", "2012-01-01T00:30:00Z")
	if code != boot.ExitOK || strings.Contains(stdout, "an hour before") {
		t.Errorf("in the first hour: exit %d, %s", code, stdout)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"physionet2012:300003"}, "wants --data"},
		{[]string{"physionet2012:300003", "--data", data, "--hour", "90"}, "has no stay then"},
		{[]string{"physionet2012:1", "--data", data, "--hour", "9"}, "there is no patient"},
		{[]string{"physionet2012:300003", "--data", data, "--at", "noon"}, "--at"},
		{[]string{"--data", data}, "takes one patient"},
	} {
		if code, _, stderr := vigil(t.Context(), append([]string{"explain"}, c.args...)...); code != boot.ExitUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d, %s, want %q", c.args, code, stderr, c.want)
		}
	}
}
