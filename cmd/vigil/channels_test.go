package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/schemas"
)

// Every channel is listed once, and what is listed is what intake takes: each unit converts, each code is the channel's.
func TestChannelsAreWhatIntakeTakes(t *testing.T) {
	code, stdout, stderr := vigil(t.Context(), "channels", "--json")
	var lines []channelLine
	if err := json.Unmarshal([]byte(stdout), &lines); err != nil || code != 0 || len(lines) != schemas.NumChannels()-1 {
		t.Fatalf("exit %d, %d channels, %v: %s", code, len(lines), err, stderr)
	}
	news2 := 0
	for _, l := range lines {
		c, ok := schemas.ChannelByName(l.Name)
		if !ok || l.Group == "" || l.Units[0] != l.Unit || l.Low >= l.High {
			t.Errorf("%+v", l)
		}
		for _, unit := range l.Units {
			if _, _, p := c.Convert(1, unit); p != nil && p.Reason == schemas.BadUnit {
				t.Errorf("%s does not take %q", l.Name, unit)
			}
		}
		for system, codes := range l.Codes {
			for _, code := range codes {
				if of, _, ok := schemas.ChannelByCode(system, code); !ok || of != c {
					t.Errorf("%s %s is not %s", system, code, l.Name)
				}
			}
		}
		if slices.Contains(l.ReadBy, "news2") {
			news2++
		}
	}
	if news2 != int(alerts.Inputs) {
		t.Errorf("NEWS2 reads %d channels, listed are %d", alerts.Inputs, news2)
	}
}

func TestOneChannelByNameAndByCode(t *testing.T) {
	_, byName, _ := vigil(t.Context(), "channels", "heart_rate")
	for _, word := range []string{"/min", "bpm", "0 to 390", "news2, model", "8867-4", "MDC_ECG_HEART_RATE", "220045", "heartrate", "HR"} {
		if !strings.Contains(byName, word) {
			t.Errorf("no %q in\n%s", word, byName)
		}
	}
	for _, code := range []string{"8867-4", "220045", "HR", "147842"} {
		if _, byCode, stderr := vigil(t.Context(), "channels", code); byCode != byName {
			t.Errorf("%s: %s%s", code, byCode, stderr)
		}
	}
	if _, table, _ := vigil(t.Context(), "channels"); strings.Count(table, "\n") != schemas.NumChannels() || !strings.Contains(table, "READ BY") {
		t.Errorf("the table:\n%s", table)
	}
}

func TestWhatIsShippedIsListed(t *testing.T) {
	_, sources, _ := vigil(t.Context(), "sources")
	for _, d := range dataSets {
		if !strings.Contains(sources, "\n"+d.name+" ") && !strings.HasPrefix(sources, d.name+" ") {
			t.Errorf("no %s in\n%s", d.name, sources)
		}
	}
	_, recipes, _ := vigil(t.Context(), "recipes")
	if strings.Count(recipes, "\n") != len(train.RecipeNames()) {
		t.Errorf("the recipes:\n%s", recipes)
	}
	code, policy, stderr := vigil(t.Context(), "policy", "show")
	if code != 0 || policy != string(alerts.DefaultPolicyYAML()) || !strings.Contains(stderr, alerts.DefaultPolicy().Hash()) || !strings.Contains(stderr, schemas.Notice) {
		t.Errorf("exit %d: %s%s", code, policy, stderr)
	}
}
