package labelled_test

import (
	"fmt"
	"testing/fstest"

	"github.com/vigil-icu/vigil/encoders/imaging/labelled"
)

// A folder whose names are the answers; the file in it is no image, which the caller is told.
func ExampleFolder() {
	films := fstest.MapFS{"test/PNEUMONIA/a.png": {Data: []byte("no image")}}
	err := labelled.Folder(films, func(i *labelled.Item) error {
		fmt.Println(i.Part, i.Name, i.Pneumonia, i.Err)
		return nil
	})
	fmt.Println(err)
	// Output:
	// test a.png true the first bytes are none of DICOM, PNG or JPEG
	// <nil>
}
