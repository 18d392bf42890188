package kafka

import "github.com/vigil-icu/vigil/schemas"

// Holds states what readers and producers may hold. A reader holds what one fetch has brought of
// its partition: up to maxFetch, or one larger message. What senders compress counts decompressed,
// which only one who is out to fill it makes larger than that.
func Holds(readers, outputs int) []schemas.Hold {
	return []schemas.Hold{
		{Of: schemas.OfProcess, What: "batches being decompressed, two at a time", Bytes: 2 * 2 * maxExpanded},
		{Of: schemas.OfProcess, What: "answers of brokers being read", Bytes: 2 * (maxFetchAll + MaxMessageBytes)},
		{Of: schemas.OfPartition, What: "fetched and not yet worked off", Bytes: readers * (maxFetch + MaxMessageBytes)},
		{Of: schemas.OfPartition, What: "the same, of batches that are compressed to fill it", Bytes: readers * (maxExpanded - MaxMessageBytes)},
		{Of: schemas.OfPartition, What: "batches in flight", Bytes: outputs * keepBatchBytes},
	}
}
