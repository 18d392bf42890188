package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// bodies are the JSON bodies with their schema files. Of an input a sender may
// leave out what is not required; an output has all its fields.
var bodies = []struct {
	name   string
	goType reflect.Type
	output bool
}{
	{"vitals", reflect.TypeFor[Vitals](), false},
	{"note", reflect.TypeFor[Note](), false},
	{"image", reflect.TypeFor[Image](), false},
	{"adt", reflect.TypeFor[ADT](), false},
	{"command", reflect.TypeFor[CommandEvent](), false},
	{"score", reflect.TypeFor[Score](), true},
	{"alert", reflect.TypeFor[Alert](), true},
	{"deadletter", reflect.TypeFor[DeadLetter](), true},
}

func readSchema(t testing.TB, path string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return schema
}

func TestEverySchemaHasAType(t *testing.T) {
	files, err := filepath.Glob("*.schema.json")
	if err != nil || len(files) != len(bodies) {
		t.Fatalf("%d schema files, %d bodies, %v", len(files), len(bodies), err)
	}
	for _, body := range bodies {
		schema := readSchema(t, body.name+".schema.json")
		for _, wrong := range compare(schema, body.goType, body.output, body.name) {
			t.Error(wrong)
		}
	}
}

// compare lists what differs between a schema and a Go type.
func compare(schema map[string]any, goType reflect.Type, output bool, path string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, path+": "+fmt.Sprintf(format, args...)) }
	nullable := false
	if goType.Kind() == reflect.Pointer {
		goType, nullable = goType.Elem(), true
	}
	want := jsonType(goType)
	switch types := schema["type"].(type) {
	case string:
		if types != want {
			say("type %q, Go's is %q", types, want)
		}
	case []any:
		if !nullable || !reflect.DeepEqual(types, []any{want, "null"}) {
			say("types %v, Go's is %q", types, want)
		}
	default:
		say("no type")
	}
	switch {
	case want == "array":
		items, _ := schema["items"].(map[string]any)
		return append(wrong, compare(items, goType.Elem(), output, path+"[]")...)
	case goType.Kind() == reflect.Map:
		values, _ := schema["additionalProperties"].(map[string]any)
		return append(wrong, compare(values, goType.Elem(), output, path+"{}")...)
	case want != "object":
		return wrong
	}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	seen := map[string]bool{}
	for _, f := range jsonFields(goType) {
		seen[f.name] = true
		property, there := properties[f.name].(map[string]any)
		if !there {
			say("field %s is not in the schema", f.name)
			continue
		}
		if always := slices.Contains(required, any(f.name)); output && always == f.omit {
			say("field %s: required %v, left out when empty %v", f.name, always, f.omit)
		}
		wrong = append(wrong, compare(property, f.goType, output, path+"."+f.name)...)
	}
	for _, name := range sortedKeys(properties) {
		if !seen[name] {
			say("property %s is not in the Go type", name)
		}
	}
	for _, name := range required {
		if !seen[name.(string)] {
			say("required %v is no field", name)
		}
	}
	return wrong
}

type jsonField struct {
	name   string
	goType reflect.Type
	omit   bool
}

func jsonFields(goType reflect.Type) (fields []jsonField) {
	for i := range goType.NumField() {
		f := goType.Field(i)
		if f.Anonymous {
			fields = append(fields, jsonFields(f.Type)...)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "-" {
			fields = append(fields, jsonField{name, f.Type, strings.Contains(options, "omitempty")})
		}
	}
	return fields
}

func jsonType(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Time]():
		return "string"
	case t == reflect.TypeFor[json.Number]():
		return "number"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "integer"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "string"
		}
		return "array"
	case reflect.Map, reflect.Struct:
		return "object"
	}
	return "no JSON type for " + t.String()
}

func compiled(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(name + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t testing.TB, schema *jsonschema.Schema, body []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(v)
}

// topicSchemas are the schemas of raw topics with JSON bodies.
var topicSchemas = map[string]string{TopicVitals: "vitals", TopicNotes: "note", TopicImaging: "image", TopicADT: "adt", TopicCommands: "command"}

func TestEncodedBodiesValidate(t *testing.T) {
	for _, e := range examples() {
		name, ok := topicSchemas[e.Topic]
		if !ok {
			continue
		}
		m, err := EncodeEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, compiled(t, name), m.Value); err != nil {
			t.Errorf("%s: %v\n%s", name, err, m.Value)
		}
	}
	for name, encode := range map[string]func() ([]byte, error){
		"score":      func() ([]byte, error) { return EncodeScore(exampleScore()) },
		"alert":      func() ([]byte, error) { return EncodeAlert(exampleAlert()) },
		"deadletter": func() ([]byte, error) { return EncodeDeadLetter(exampleDeadLetter()) },
	} {
		b, err := encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, compiled(t, name), b); err != nil {
			t.Errorf("%s: %v\n%s", name, err, b)
		}
	}
	// An output with nothing in its lists has empty lists, never null.
	empty := &Score{N: 1, Due: DueHour, AsOf: 1}
	b, err := EncodeScore(empty)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, compiled(t, "score"), b); err != nil {
		t.Errorf("%v\n%s", err, b)
	}
	if empty.Flags != nil || empty.Risks != nil {
		t.Error("encoding changed the score")
	}
}

// What the schema refuses, the decoder refuses too.
func TestSchemasAndDecoderAgree(t *testing.T) {
	for _, c := range []struct {
		topic, field string
		value        any
	}{
		{TopicVitals, "patient", nil}, {TopicVitals, "patient", "17"}, {TopicVitals, "patient", 17}, {TopicVitals, "source", nil}, {TopicVitals, "source", ""},
		{TopicVitals, "seq", 0}, {TopicVitals, "seq", 1.5}, {TopicVitals, "values", "none"}, {TopicVitals, "provenance", []string{"x"}}, {TopicVitals, "has_adt", "yes"},
		{TopicNotes, "text", nil}, {TopicNotes, "text", ""}, {TopicNotes, "kind", nil}, {TopicNotes, "kind", 4},
		{TopicImaging, "modality", nil}, {TopicImaging, "embedding", nil}, {TopicImaging, "encoder", nil}, {TopicImaging, "embedding", []string{"x"}},
		{TopicADT, "type", "vanish"}, {TopicADT, "stay", nil}, {TopicADT, "stay", ""}, {TopicADT, "type", "merge"}, {TopicADT, "type", "unmerge"}, {TopicADT, "statics.age_years", -1},
		{TopicADT, "statics.age_years", 131}, {TopicADT, "statics.sex", "F"}, {TopicADT, "statics.height_cm", "tall"},
		{TopicCommands, "verb", "delete"}, {TopicCommands, "until", nil}, {TopicCommands, "reason", nil}, {TopicCommands, "actor", ""}, {TopicCommands, "alert", nil},
	} {
		body := change(t, c.topic, c.field, c.value)
		if validate(t, compiled(t, topicSchemas[c.topic]), body) == nil {
			t.Errorf("%s of %s as %v: the schema accepts it", c.field, c.topic, c.value)
		}
		if _, p := DecodeEvent(&Message{Topic: c.topic, Key: []byte("run/d:1"), Value: body}); p == nil {
			t.Errorf("%s of %s as %v: the decoder accepts it", c.field, c.topic, c.value)
		}
	}
}

// v1 only ever gains optional fields: testdata/v1 is what was first published.
func TestSchemasOnlyGrow(t *testing.T) {
	for _, body := range bodies {
		first := readSchema(t, filepath.Join("testdata", "v1", body.name+".schema.json"))
		for _, wrong := range broken(first, readSchema(t, body.name+".schema.json"), body.output, body.name) {
			t.Error(wrong)
		}
	}
}

// broken lists what a subscriber or sender of the old schema would trip over.
func broken(old, now map[string]any, output bool, path string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, path+": "+fmt.Sprintf(format, args...)) }
	if now == nil {
		return []string{path + ": removed"}
	}
	if !reflect.DeepEqual(old["type"], now["type"]) {
		say("type %v became %v", old["type"], now["type"])
	}
	oldRequired, _ := old["required"].([]any)
	nowRequired, _ := now["required"].([]any)
	for _, name := range nowRequired {
		if !slices.Contains(oldRequired, name) && !output {
			say("%v became required", name)
		}
	}
	for _, name := range oldRequired {
		if !slices.Contains(nowRequired, name) && output {
			say("%v may be left out now", name)
		}
	}
	oldEnum, _ := old["enum"].([]any)
	nowEnum, constrained := now["enum"].([]any)
	for _, word := range oldEnum {
		if constrained && !slices.Contains(nowEnum, word) {
			say("the word %v is gone", word)
		}
	}
	if oldEnum == nil && constrained && !output {
		say("only some words are allowed now")
	}
	for _, part := range []string{"items", "additionalProperties"} {
		if inner, ok := old[part].(map[string]any); ok {
			next, _ := now[part].(map[string]any)
			wrong = append(wrong, broken(inner, next, output, path+"."+part)...)
		}
	}
	properties, _ := old["properties"].(map[string]any)
	nowProperties, _ := now["properties"].(map[string]any)
	for _, name := range sortedKeys(properties) {
		next, _ := nowProperties[name].(map[string]any)
		wrong = append(wrong, broken(properties[name].(map[string]any), next, output, path+"."+name)...)
	}
	return wrong
}

// The check above finds each kind of break.
func TestBreaksAreFound(t *testing.T) {
	path := filepath.Join("testdata", "v1", "vitals.schema.json")
	observation := func(s map[string]any) map[string]any {
		return s["properties"].(map[string]any)["observations"].(map[string]any)["items"].(map[string]any)
	}
	for name, spoil := range map[string]func(map[string]any){
		"field removed":  func(s map[string]any) { delete(s["properties"].(map[string]any), "seq") },
		"inner removed":  func(s map[string]any) { delete(observation(s)["properties"].(map[string]any), "ref") },
		"type changed":   func(s map[string]any) { s["properties"].(map[string]any)["seq"] = map[string]any{"type": "string"} },
		"newly required": func(s map[string]any) { s["required"] = append(s["required"].([]any), "seq") },
		"inner required": func(s map[string]any) { observation(s)["required"] = []any{"unit"} },
		"word gone": func(s map[string]any) {
			observation(s)["properties"].(map[string]any)["status"].(map[string]any)["enum"] = []any{"final"}
		},
		"values retyped": func(s map[string]any) {
			s["properties"].(map[string]any)["values"].(map[string]any)["additionalProperties"] = map[string]any{"type": "string"}
		},
	} {
		now := readSchema(t, path)
		spoil(now)
		if len(broken(readSchema(t, path), now, false, "vitals")) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
	grown := readSchema(t, path)
	grown["properties"].(map[string]any)["device"] = map[string]any{"type": "string"}
	if wrong := broken(readSchema(t, path), grown, false, "vitals"); len(wrong) > 0 {
		t.Errorf("a new optional field is taken for a break: %v", wrong)
	}
}
