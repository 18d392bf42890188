package policylab_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/policylab"
)

// A grid makes policies of the shipped one.
func ExampleGrid() {
	axis, err := policylab.ParseAxis("mortality.medium.at=0.3..0.5:0.1")
	if err != nil {
		fmt.Println(err)
		return
	}
	list, leftOut, err := policylab.Grid(alerts.DefaultPolicyYAML(), []policylab.Axis{axis})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range list {
		level := c.Policy.Rules[1].Levels[0]
		fmt.Printf("%s: at %g, clear %g\n", c.Name, level.At, level.Clear)
	}
	fmt.Println(leftOut, "left out")
	// Output:
	// mortality.medium.at=0.3: at 0.3, clear 0.2415
	// mortality.medium.at=0.4: at 0.4, clear 0.322
	// mortality.medium.at=0.5: at 0.5, clear 0.4024
	// 0 left out
}
