package memstore_test

import (
	"context"
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/memstore"
)

// A batch is applied once, however often it is sent.
func Example() {
	ctx, store := context.Background(), memstore.New()
	applied, _ := store.Claim(ctx, 3, "nonce")

	w := window.New()
	w.Add(schemas.Observation{Channel: 0, EventTime: 1_700_000_000_000, Value: 93}, 1)
	write := window.PatientWrite{Patient: "hospital:7", State: []byte("what Step keeps")}
	w.TakeWrites(&write)
	batch := &window.Batch{Partition: 3, Owner: "nonce", Prev: applied, Last: 0, Patients: []window.PatientWrite{write}}
	for range 2 {
		answer, applied, _ := store.Apply(ctx, batch)
		fmt.Println(answer, applied)
	}
	p, _ := store.Load(ctx, 3)
	again, _ := window.Load(p.Patients[0].Chunks)
	fmt.Println(p.Patients[0].Patient, again.Len())
	// Output:
	// OK 0
	// ALREADY 0
	// hospital:7 1
}

// A worker that was taken for dead comes back and writes: the store refuses it, since another
// has claimed the partition meanwhile.
func ExampleStore_Claim() {
	ctx, store := context.Background(), memstore.New()
	applied, _ := store.Claim(ctx, 3, "old owner")
	batch := &window.Batch{
		Partition: 3, Owner: "old owner", Prev: applied, Last: 0,
		Patients: []window.PatientWrite{{Patient: "hospital:7", State: []byte("late"), Lens: []window.ChunkLen{}}},
	}
	_, _ = store.Claim(ctx, 3, "new owner")
	answer, applied, err := store.Apply(ctx, batch)
	fmt.Println(answer, applied, err)

	batch.Owner = "new owner"
	answer, applied, err = store.Apply(ctx, batch)
	fmt.Println(answer, applied, err)
	// Output:
	// NOT_OWNER -1 <nil>
	// OK 0 <nil>
}
