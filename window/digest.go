package window

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// Digest returns "sha256:…" over the windows of the given patients, in the order of their
// names whatever the order given, each with its hours and their bytes. A window that is
// lost, doubled, moved or changed by one record changes it; states and outbox do not count.
// Two stores that took the same log in other batches have the same digest.
func Digest(patients []StoredPatient) string {
	sorted := slices.Clone(patients)
	slices.SortStableFunc(sorted, func(a, b StoredPatient) int { return strings.Compare(a.Patient, b.Patient) })
	sum := sha256.New()
	var head []byte
	for _, p := range sorted {
		head = binary.AppendUvarint(head[:0], uint64(len(p.Patient)))
		head = append(head, p.Patient...)
		head = binary.AppendUvarint(head, uint64(len(p.Chunks)))
		sum.Write(head)
		for _, c := range p.Chunks {
			head = binary.AppendVarint(head[:0], c.Hour)
			head = binary.AppendUvarint(head, uint64(len(c.Bytes)))
			sum.Write(head)
			sum.Write(c.Bytes)
		}
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}
