package kafka

import "time"

// Idle says how an owner keeps the broker from forgetting its producers. A broker that has
// forgotten an owner's epoch no longer refuses older ones: an older owner that wakes up could
// write again. Kafka forgets a producer that has been silent in a partition for
// producer.id.expiration.ms (a day by default), and a transactional id that was not renewed
// for transactional.id.expiration.ms (a week); where a site has shortened these, the periods
// here must be shorter still.
type Idle struct {
	Alive time.Duration // between two claim records in a partition; 0: an hour
	Renew time.Duration // between two renewals of a producer's id; 0: a day
}

// AlivePeriod is Alive, or an hour where it is not set.
func (i Idle) AlivePeriod() time.Duration { return orElse(i.Alive, time.Hour) }

// RenewPeriod is Renew, or a day where it is not set.
func (i Idle) RenewPeriod() time.Duration { return orElse(i.Renew, 24*time.Hour) }

func orElse(d, usual time.Duration) time.Duration {
	if d <= 0 {
		return usual
	}
	return d
}
