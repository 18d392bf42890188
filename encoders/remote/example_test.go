package remote_test

import (
	"fmt"
	"time"

	"github.com/vigil-icu/vigil/encoders/remote"
)

// Nothing is sent anywhere unless somebody allows the host.
func ExampleAccess() {
	nobody := remote.Access{Now: time.Now}
	_, err := nobody.TEI(&remote.Server{Address: "https://models.ward:8443", Timeout: time.Second})
	fmt.Println(err)
	// Output: the server models.ward:8443 is not allowed: what is sent to it leaves this process. Allow it by name, if that may be
}
