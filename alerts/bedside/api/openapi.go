package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/schemas"
)

// document is the OpenAPI 3.1 description, made of the routes and of the types of what they take and give.
var document = sync.OnceValue(func() []byte {
	d := describer{schemas: map[string]any{}}
	paths := map[string]map[string]any{}
	for i := range routes {
		r := &routes[i]
		if paths[r.Path] == nil {
			paths[r.Path] = map[string]any{}
		}
		paths[r.Path][strings.ToLower(r.Method)] = d.operation(r)
	}
	d.of(reflect.TypeFor[Failure]())
	for _, event := range []reflect.Type{reflect.TypeFor[Snapshot](), reflect.TypeFor[Beat](), reflect.TypeFor[Gone]()} {
		d.of(event) // of the stream
	}
	text, err := json.MarshalIndent(map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Vigil", "version": "1",
			"description": "Vigil is " + schemas.Notice + ". Times are RFC 3339 in UTC. Without tokens only loopback addresses are answered.",
			"license":     map[string]any{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":    []any{map[string]any{"url": Base}},
		"security":   []any{map[string]any{"bearer": []any{}}, map[string]any{"cookie": []any{}}},
		"paths":      paths,
		"components": map[string]any{"schemas": d.schemas, "securitySchemes": schemes},
	}, "", " ")
	if err != nil {
		panic(err) // of our own types
	}
	return append(text, '\n')
})

// schemes are the ways to say who one is.
var schemes = map[string]any{
	"bearer": map[string]any{"type": "http", "scheme": "bearer"},
	"cookie": map[string]any{"type": "apiKey", "in": "cookie", "name": "__Host-vigil", "description": "set by POST /session; named vigil where the way is not encrypted"},
}

// describe serves the document.
func (s *Service) describe(w http.ResponseWriter, _ *http.Request, _ Principal) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(document())
}

// describer collects the schemas of types.
type describer struct{ schemas map[string]any }

// operation describes a route.
func (d *describer) operation(r *route) map[string]any {
	op := map[string]any{"summary": r.What, "x-role": r.Role.String()}
	parameters := []any{}
	for _, part := range strings.Split(r.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			parameters = append(parameters, map[string]any{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
		}
	}
	for _, q := range r.Query {
		schema := map[string]any{"type": q.Kind}
		if q.Kind == "time" {
			schema = map[string]any{"type": "string", "format": "date-time"}
		}
		parameters = append(parameters, map[string]any{"name": q.Name, "in": "query", "description": q.What, "schema": schema})
	}
	if len(parameters) > 0 {
		op["parameters"] = parameters
	}
	if r.Role == Nobody {
		op["security"] = []any{}
	}
	if r.Body != nil {
		op["requestBody"] = map[string]any{"required": true, "content": content("application/json", d.of(reflect.TypeOf(r.Body)))}
	}
	success := map[string]any{"description": "success"}
	switch {
	case r.Answer != nil:
		success["content"] = content("application/json", d.of(reflect.TypeOf(r.Answer)))
	default:
		success["content"] = content("text/event-stream", map[string]any{"type": "string"})
	}
	op["responses"] = map[string]any{
		"200":     success,
		"default": map[string]any{"description": "it did not succeed", "content": content("application/json", d.of(reflect.TypeFor[Failure]()))},
	}
	return op
}

func content(kind string, schema any) map[string]any {
	return map[string]any{kind: map[string]any{"schema": schema}}
}

// of is the schema of a type; that of a struct stands among the components.
func (d *describer) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[schemas.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return map[string]any{"type": "object"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return map[string]any{"anyOf": []any{d.of(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": d.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": d.of(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Struct:
		return d.object(t)
	default:
		return map[string]any{"type": "integer"}
	}
}

// object puts a struct among the components.
func (d *describer) object(t reflect.Type) map[string]any {
	ref := map[string]any{"$ref": "#/components/schemas/" + t.Name()}
	if d.schemas[t.Name()] != nil {
		return ref
	}
	properties, required := map[string]any{}, []string{}
	d.schemas[t.Name()] = properties // so that a type that holds itself ends
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" {
			continue
		}
		schema := d.of(f.Type)
		if doc := f.Tag.Get("doc"); doc != "" {
			schema["description"] = doc
		}
		properties[name] = schema
		if !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
	}
	d.schemas[t.Name()] = map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	return ref
}
