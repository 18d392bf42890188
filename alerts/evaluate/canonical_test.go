package evaluate

import "testing"

// FuzzCanonical holds the short way against encoding/json: the same bytes, and an error where that
// has one.
func FuzzCanonical(f *testing.F) {
	for _, body := range []string{
		`{}`, `[]`, ` { } `, `[ ]`, `null`, `true`, `false`, `trub`, `""`, `-0`, `00`, `01`, `1.`, `-`, `1.5e-7`, `1E+2`, `1e`, `.5`,
		`{"b":1,"a":2}`, `{"b":{"d":[1,{"z":0,"y":-1.50}],"c":null},"a":"x"}`, `{"a":1,"a":2}`, `{"b":1,"a":2,"b":3}`,
		`{"a" : [ 1 , 2 ] }`, `{"a":"<&>"}`, `{"a":"\u0041"}`, `{"ä":1,"a":"ö"}`, "{\"a\":\"\x7f\"}", "{\"a\":\"\x01\"}",
		`{"a":1} {"b":2}`, `{"a":1}x`, `{"a":1,}`, `[1,]`, `{"a"}`, `{"a":}`, `{a:1}`, `[`, `{`, `"`, `{"a":1`, `[1 2]`, ``, "\xff", "[\"\xff\"]",
		`{"aa":1,"a":2,"b":3,"ab":{"y":1,"x":2},"":0}`,
	} {
		f.Add([]byte(body))
	}
	var c canonical
	f.Fuzz(func(t *testing.T, body []byte) {
		want, fails := resorted(body)
		got, err := c.sorted(body)
		if (err != nil) != (fails != nil) || string(got) != string(want) {
			t.Errorf("%q: sorted to %q, %v; encoding/json has %q, %v", body, got, err, want, fails)
		}
	})
}

// A body as Vigil publishes it goes the short way, and that allocates nothing.
func TestCanonicalOfPublished(t *testing.T) {
	body := []byte(`{"v":1,"patient":"ward:7","stay":"S1","n":3,"at":"2026-01-01T00:02:00.354Z","risks":{"mortality":{"value":0.8093,"low":2.5e-05,"high":0.91}},` +
		`"news2":{"value":11,"items":[{"name":"heart_rate","score":2,"value":129},{"score":3,"name":"spo2"}],"missing":[]},"trained":true,"reason":null}`)
	var c canonical
	if _, err := c.sorted(body); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = c.sorted(body) }); n != 0 {
		t.Errorf("%v allocations, want 0: it went by encoding/json", n)
	}
}
