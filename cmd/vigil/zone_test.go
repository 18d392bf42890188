package main

import "testing"

func TestSiteZone(t *testing.T) {
	for name, want := range map[string]string{"": "UTC", "UTC": "UTC", "Europe/Berlin": "Europe/Berlin", "America/New_York": "America/New_York"} {
		if zone, err := siteZone(name); err != nil || zone.String() != want {
			t.Errorf("%q: %v, %v", name, zone, err)
		}
	}
	for _, name := range []string{"Local", "CEST", "Europe/Atlantis", "+01:00"} {
		if zone, err := siteZone(name); err == nil {
			t.Errorf("%q is %v", name, zone)
		}
	}
}
