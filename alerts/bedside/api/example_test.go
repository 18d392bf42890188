package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"

	"github.com/vigil-icu/vigil/alerts/audit"
	"github.com/vigil-icu/vigil/alerts/bedside/api"
	"github.com/vigil-icu/vigil/schemas"
)

// A service hears of a score, and somebody at this machine asks for the unit.
func ExampleService_Handler() {
	at, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	service := api.New(api.Config{
		Now:    func(string) (schemas.Time, bool) { return at, true },
		Clock:  func() schemas.Time { return at },
		Audit:  func(e audit.Entry) error { fmt.Println("audit:", e.Who, e.What); return nil },
		Answer: func(context.Context, *schemas.Alert, api.Command) error { return nil },
		User:   "anna",
	})
	body, _ := json.Marshal(schemas.Score{ID: "one", Patient: "ward:7", AsOf: at, NEWS2: schemas.NEWS2{Value: 7}})
	service.See(&schemas.Message{Key: []byte("ward:7"), Value: body, Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeScore}}})

	request := httptest.NewRequest("GET", "http://localhost/api/v1/patients", nil)
	request.RemoteAddr = "127.0.0.1:40000"
	answer := httptest.NewRecorder()
	service.Handler().ServeHTTP(answer, request)
	var beds []api.Bed
	_ = json.Unmarshal(answer.Body.Bytes(), &beds)
	fmt.Println(answer.Code, len(beds), beds[0].Patient, beds[0].NEWS2.Value)
	// Output:
	// audit: anna unit
	// 200 1 ward:7 7
}
