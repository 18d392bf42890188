package kafka

import "testing"

// Vectors of the Java client's Utils.murmur2.
func TestPartitionOfAgreesWithJava(t *testing.T) {
	for key, want := range map[string]uint32{
		"21": 1<<32 - 973932308, "foobar": 1<<32 - 790332482,
		"a-little-bit-long-string": 1<<32 - 985981536, "a-little-bit-longer-string": 1<<32 - 1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": 1<<32 - 58897971, "abc": 479470107,
	} {
		if got := murmur2([]byte(key)); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, int32(got), int32(want))
		}
		if got := PartitionOf([]byte(key), 8); got != int(want&0x7fffffff)%8 {
			t.Errorf("PartitionOf(%q, 8) = %d", key, got)
		}
	}
}
