package main

import (
	"context"
	le "encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ecgFolder is a folder with two records below it, each of 30 s with a beat a second, of which some
// of the first are annotated as ventricular; one has a pacemaker's code.
func ecgFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, code := range map[string]uint16{"one": 5, "deeper/two": 12} {
		var data, marks []byte
		for i := range 30 * 250 {
			x := math.Mod(float64(i)/250, 1) - 0.5
			data = le.LittleEndian.AppendUint16(data, uint16(int16(300*math.Exp(-x*x/(2*0.012*0.012)))))
		}
		at := 0
		for k := range 30 {
			beat, is := k*250+125, uint16(1)
			if k < 5 {
				is = code
			}
			marks = le.LittleEndian.AppendUint16(marks, is<<10|uint16(beat-at))
			at = beat
		}
		marks = append(marks, 0, 0)
		base := filepath.Base(name)
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		for ending, b := range map[string][]byte{
			".dat": data, ".atr": marks,
			".hea": []byte(base + " 1 250 7500\n" + base + ".dat 16 200 16 0 0 0 0 II\n"),
		} {
			if err := os.WriteFile(path+ending, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// Every record in any folder counts, unless it is excluded, and --json ends with one line.
func TestEncodersEvaluateECG(t *testing.T) {
	dir := ecgFolder(t)
	for _, tt := range []struct {
		args           []string
		records, beats int
		rows           []string
	}{
		{nil, 2, 60, []string{"one", "two", "all"}},
		{[]string{"--exclude", "one"}, 1, 30, []string{"two", "all"}},
	} {
		var out, talk strings.Builder
		if code := run(context.Background(), append([]string{"encoders", "evaluate", "ecg", dir, "--json"}, tt.args...), &out, &talk); code != 0 {
			t.Fatalf("exit code %d: %s", code, talk.String())
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		var got struct {
			Records int `json:"records"`
			QRS     struct {
				Beats       int     `json:"beats"`
				Sensitivity float64 `json:"sensitivity"`
				PPV         float64 `json:"ppv"`
			} `json:"qrs"`
			V, S, AF *struct {
				N     int      `json:"n"`
				AUROC *float64 `json:"auroc"`
			}
		}
		last := lines[len(lines)-1]
		last = strings.NewReplacer(`"v_ectopy"`, `"V"`, `"s_ectopy"`, `"S"`, `"af"`, `"AF"`).Replace(last)
		if err := json.Unmarshal([]byte(last), &got); err != nil {
			t.Fatalf("%v: %s", err, last)
		}
		if got.Records != tt.records || got.QRS.Beats != tt.beats || got.QRS.Sensitivity != 1 || got.QRS.PPV != 1 || got.V.N != 3*tt.records || got.S.AUROC != nil || got.AF.N != 3*tt.records {
			t.Errorf("%v: %s", tt.args, last)
		}
		for _, row := range tt.rows {
			if !strings.Contains(out.String(), row+" ") {
				t.Errorf("%v: no row for %s:\n%s", tt.args, row, out.String())
			}
		}
	}
}

// What cannot be judged is refused with what it is.
func TestEncodersEvaluateECGRefusals(t *testing.T) {
	dir := ecgFolder(t)
	torn := ecgFolder(t)
	if err := os.Truncate(filepath.Join(torn, "one.dat"), 99); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "takes one folder"},
		{[]string{filepath.Join(dir, "nothing")}, 2, "there is no folder"},
		{[]string{t.TempDir()}, 2, "no record with annotations"},
		{[]string{dir, "--exclude", "three"}, 2, "no such record"},
		{[]string{dir, "--exclude", "one,two"}, 2, "leaves no record"},
		{[]string{torn}, 4, "one.dat holds 49 frames"},
	} {
		var out, talk strings.Builder
		if code := run(context.Background(), append([]string{"encoders", "evaluate", "ecg"}, tt.args...), &out, &talk); code != tt.code || !strings.Contains(talk.String(), tt.want) {
			t.Errorf("%v: exit code %d, want %d, %q, want %q", tt.args, code, tt.code, talk.String(), tt.want)
		}
	}
}

// Weights that are written can be read again, and rounding leaves what they say.
func TestEncodersTrainECG(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weights.json")
	var out, talk strings.Builder
	if code := run(context.Background(), []string{"encoders", "train", "ecg", ecgFolder(t), "--folds", "2", "--out", file}, &out, &talk); code != 0 {
		t.Fatalf("exit code %d: %s", code, talk.String())
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `"records":["two","one"]`) || !strings.Contains(out.String(), "all") || strings.Contains(out.String(), "mean of both") {
		t.Errorf("%s\n%.300s", out.String(), b)
	}
	trees := out.String()
	out.Reset()
	talk.Reset()
	if code := run(context.Background(), []string{"encoders", "train", "ecg", ecgFolder(t), "--folds", "2", "--network"}, &out, &talk); code != 0 {
		t.Fatalf("exit code %d: %s", code, talk.String())
	}
	if rest, ok := strings.CutPrefix(out.String(), trees); !ok || !strings.Contains(rest, "mean of both") || len(strings.Split(strings.TrimSpace(rest), "\n")) != 3 {
		t.Errorf("%s\nwant what it is without a network, a heading and a line for V and S", out.String())
	}
	talk.Reset()
	if code := run(context.Background(), []string{"encoders", "train", "ecg", ecgFolder(t), "--folds", "3"}, &out, &talk); code != 2 || !strings.Contains(talk.String(), "2 patients in 3 folds") {
		t.Errorf("exit code %d, %q", code, talk.String())
	}
}
