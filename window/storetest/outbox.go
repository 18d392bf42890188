package storetest

import "github.com/vigil-icu/vigil/window"

// outboxLost shows that outputs which went without being dropped make the partition torn, and
// that an outbox which is empty for good reason does not.
func outboxLost(c *check) {
	if c.LoseOutbox == nil {
		c.Skip("what the store holds goes together or not at all")
	}
	c.claim(0, "a", -1)
	c.apply(batch("a", -1, 4, "x:1", 0, 24), window.OK, 4)
	second := batch("a", 4, 5, "x:1", 24, 12)
	second.Published = window.Position{Offset: 4, Index: 1}
	c.apply(second, window.OK, 5)
	c.LoseOutbox(0)
	_, err := c.Store.Heads(c.ctx, 0)
	c.refused(err, window.ErrTorn, "heads without an outbox that was not published")
	_, err = c.Store.Load(c.ctx, 0)
	c.refused(err, window.ErrTorn, "load without an outbox that was not published")

	// The owner has published all the same, and says so.
	if err := c.Store.Published(c.ctx, 0, "a", window.Position{Offset: 5}); err != nil {
		c.Fatal(err)
	}
	c.load(0)
	quiet := batch("a", 5, 6, "x:1", 36, 12)
	quiet.Outbox = nil
	c.apply(quiet, window.OK, 6)
	c.LoseOutbox(0)
	c.load(0)

	// A part of what waits has gone, and the rest of it was put in later.
	c.apply(batch("a", 6, 7, "x:1", 48, 12), window.OK, 7)
	c.LoseOutbox(0)
	last := batch("a", 7, 8, "x:1", 60, 12)
	last.Published = window.Position{Offset: 7, Index: 1}
	c.apply(last, window.OK, 8)
	c.load(0)
	if err := c.Store.Reset(c.ctx, 0, "a"); err != nil {
		c.Fatal(err)
	}
	c.holds(&window.StoredPartition{Number: 0, Applied: -1})
}
