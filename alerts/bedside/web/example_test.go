package web_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/vigil-icu/vigil/alerts/bedside/web"
)

// A browser asks for the page.
func ExampleHandler() {
	answer := httptest.NewRecorder()
	web.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}
