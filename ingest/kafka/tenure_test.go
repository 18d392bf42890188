package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// diary is a Tenant that writes down when it is called and does what a test wants.
type diary struct {
	claim, load, work func(context.Context) error
	said              *[]string
}

func (d diary) turn(ctx context.Context, name string, f func(context.Context) error) error {
	if d.said != nil {
		*d.said = append(*d.said, name)
	}
	if f == nil {
		return nil
	}
	return f(ctx)
}

func (d diary) Claim(ctx context.Context) error { return d.turn(ctx, "claim", d.claim) }
func (d diary) Load(ctx context.Context) error  { return d.turn(ctx, "load", d.load) }
func (d diary) Work(ctx context.Context) error  { return d.turn(ctx, "work", d.work) }

var twoOutputs = []string{schemas.TopicScores, schemas.TopicAlerts}

func ownership(c *Cluster) *Ownership {
	return &Ownership{Cluster: c, Doing: "work of partition", Producer: "stage", Outputs: twoOutputs}
}

// claimsIn counts the claim records in partition 0 of each of the outputs.
func claimsIn(t *testing.T, c *Cluster) (n [2]int) {
	t.Helper()
	for i, topic := range twoOutputs {
		all, err := c.LastRecords(t.Context(), topic, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for k := range all {
			if kind, _ := all[k].Header(schemas.HeaderType); kind == schemas.TypeClaim {
				n[i]++
			}
		}
	}
	return n
}

var errForGood = errors.New("for good")

// The tenant is called in order, the outputs are claimed between Claim and Load, and each
// kind of error leads to what Hold promises of it.
func TestTenureOrder(t *testing.T) {
	c, _ := testCluster(t, 1)
	mended := errors.New("the store has another owner")
	var said []string
	tenures := 0
	o := ownership(c)
	o.Mends = func(err error) bool { return errors.Is(err, mended) }
	o.Cut = func(point string) error {
		said = append(said, point)
		if tenures == 3 {
			return fmt.Errorf("%w: cut", ErrFenced)
		}
		return nil
	}
	err := o.Hold(t.Context(), 0, nil, func(tenure *Tenure) Tenant {
		tenures++
		nth := tenures
		claims := func(want int) error {
			if got := claimsIn(t, c); got != [2]int{want, want} {
				t.Errorf("tenure %d: %v claims in the outputs, want %d in each", nth, got, want)
			}
			return nil
		}
		// Tenures 2 and up have the claims of those before, but for tenure 1, which was
		// refused its own Claim.
		return diary{
			said: &said,
			claim: func(context.Context) error {
				if nth == 1 {
					return fmt.Errorf("claiming: %w", mended)
				}
				return claims(nth - 2)
			},
			load: func(context.Context) error {
				if nth == 4 {
					return fmt.Errorf("%w: the store moved", ErrAgain)
				}
				return claims(nth - 1)
			},
			work: func(context.Context) error {
				if nth == 2 {
					return nil
				}
				return errForGood
			},
		}
	})
	if !errors.Is(err, errForGood) || !strings.HasPrefix(err.Error(), "work of partition 0: ") {
		t.Errorf("Hold = %v", err)
	}
	want := []string{
		"claim",
		"claim", "claimed outputs", "load", "work",
		"claim", "claimed outputs",
		"claim", "claimed outputs", "load",
		"claim", "claimed outputs", "load", "work",
	}
	if !slices.Equal(said, want) {
		t.Errorf("calls:\n%q, want\n%q", said, want)
	}
}

// Once a second owner has claimed the outputs, whatever the first one writes is refused,
// before the second one's Load has read anything. The first one then claims again.
func TestTenureFencesTheOlder(t *testing.T) {
	c, _ := testCluster(t, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	first, fenced, again, ended := make(chan *Tenure, 1), make(chan struct{}), make(chan struct{}), make(chan error, 1)
	write := func(tenure *Tenure, topic string) error {
		_, err := tenure.Producer.Append(t.Context(), topic, 0, messages(1, 0))
		return err
	}
	tenures := 0
	go func() {
		ended <- ownership(c).Hold(ctx, 0, nil, func(tenure *Tenure) Tenant {
			tenures++
			return diary{work: func(ctx context.Context) error {
				if tenures == 1 {
					first <- tenure
					<-fenced
					return write(tenure, schemas.TopicScores)
				}
				close(again)
				<-ctx.Done()
				return ctx.Err()
			}}
		})
	}()
	older := <-first
	if err := write(older, schemas.TopicScores); err != nil {
		t.Fatal(err)
	}
	err := ownership(c).Hold(t.Context(), 0, nil, func(newer *Tenure) Tenant {
		return diary{
			claim: func(context.Context) error { return write(older, schemas.TopicAlerts) }, // not fenced yet
			load: func(context.Context) error {
				for _, topic := range twoOutputs {
					if err := write(older, topic); !errors.Is(err, ErrFenced) {
						t.Errorf("the older owner writes to %s: %v", topic, err)
					}
				}
				return write(newer, schemas.TopicScores)
			},
			work: func(context.Context) error { return errForGood },
		}
	})
	if !errors.Is(err, errForGood) {
		t.Errorf("the newer owner: %v", err)
	}
	close(fenced)
	<-again
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the older owner: %v", err)
	}
}

// Pauses grow while nothing gets on and are short again once something does.
func TestTenurePauses(t *testing.T) {
	c, _ := testCluster(t, 1)
	run := func(times int, advances bool) time.Duration {
		begun := time.Now()
		err := ownership(c).Hold(t.Context(), 0, nil, func(tenure *Tenure) Tenant {
			times--
			return diary{claim: func(context.Context) error {
				if times == 0 {
					return errForGood
				}
				if advances {
					tenure.Advance()
				}
				return ErrAgain
			}}
		})
		if !errors.Is(err, errForGood) {
			t.Errorf("Hold = %v", err)
		}
		return time.Since(begun)
	}
	if took := run(6, false); took < 620*time.Millisecond { // 20 + 40 + 80 + 160 + 320
		t.Errorf("five pauses take %v: they do not double", took)
	}
	if took := run(10, true); took > 4*time.Second { // 9 times 20 ms; doubled they were 7.1 s
		t.Errorf("nine pauses of a tenant that gets on take %v", took)
	}
}

// An idle tenure writes its claims again with what its tenant says, and ends when its
// producer's id is to be renewed: the next one has a newer epoch, without a pause.
func TestTenureIsKept(t *testing.T) {
	c, _ := testCluster(t, 1)
	o := ownership(c)
	o.Idle = Idle{Alive: 20 * time.Millisecond, Renew: 300 * time.Millisecond}
	var epochs []int16
	err := o.Hold(t.Context(), 0, nil, func(tenure *Tenure) Tenant {
		return diary{work: func(ctx context.Context) error {
			if epochs = append(epochs, tenure.Producer.epoch); len(epochs) == 2 {
				return errForGood
			}
			for ctx.Err() == nil {
				err := tenure.Keep(ctx, func(output int) []schemas.Header {
					return []schemas.Header{{Key: "output", Value: twoOutputs[output]}}
				})
				if err != nil {
					return err
				}
				time.Sleep(time.Millisecond)
			}
			return ctx.Err()
		}}
	})
	if !errors.Is(err, errForGood) || len(epochs) != 2 || epochs[1] <= epochs[0] {
		t.Errorf("Hold = %v, epochs %v", err, epochs)
	}
	if n := claimsIn(t, c); n[0] < 3 || n[1] < 3 {
		t.Errorf("%v claims in the outputs, want two and some that keep alive", n)
	}
	for _, topic := range twoOutputs {
		m, found, err := c.LastThat(t.Context(), topic, 0, func(m *schemas.Message) bool { _, ok := m.Header("output"); return ok })
		if got, _ := m.Header("output"); err != nil || !found || got != topic {
			t.Errorf("%s: the claim says %q, %v", topic, got, err)
		}
	}
}

// Hold begins nothing under a lease that is lost, and ends with its context.
func TestTenureEnds(t *testing.T) {
	c, _ := testCluster(t, 1)
	lost := &Lease{cluster: c, group: c.topic("g"), member: "stranger", generation: 1}
	err := ownership(c).Hold(t.Context(), 0, lost, func(*Tenure) Tenant {
		t.Error("a tenure begins without a lease")
		return diary{}
	})
	if !errors.Is(err, ErrLeaseLost) {
		t.Errorf("Hold under a lost lease = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = ownership(c).Hold(ctx, 0, nil, func(*Tenure) Tenant {
		return diary{work: func(context.Context) error { cancel(); return ErrFenced }}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Hold whose context ends = %v", err)
	}
}
