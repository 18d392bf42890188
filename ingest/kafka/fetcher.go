package kafka

import (
	"context"
	"slices"
	"sync"
	"time"
)

// gather is the least time between two fetches of one kind: what comes within it goes
// together, since a fetch of all partitions costs broker and worker little more than a fetch
// of one.
const gather = 3 * time.Millisecond

// livelyFor is how long a partition counts as lively after records came. Lively and quiet
// partitions are two kinds of fetch: the many quiet ones wait in a request that lasts, and
// must not be asked for anew whenever a lively one has records.
const livelyFor = 200 * time.Millisecond

// fetcher asks the brokers for the records that readers of a cluster wait for: one
// request for all that wait. A reader is in one request at a time; those that come back
// while it is under way go with the next.
type fetcher struct {
	cluster *Cluster

	mu      sync.Mutex
	waiting [2][]*ask // by kind: 0 quiet, 1 lively
	sent    [2]time.Time
}

// ask is what one reader waits for.
type ask struct {
	topic     string // with prefix
	partition int
	offset    int64     // the first that is wanted
	until     time.Time // from then on the answer may be that there is nothing
	lively    time.Time // when records came last
	answer    chan answer
}

// answer is what comes of an ask: record batches, an error, or nothing within MaxWait.
type answer struct {
	block []byte    // record batches
	over  []aborted // transactions in block that were given up
	open  bool      // nothing comes because of an open transaction
	err   error
}

// add has asks go with the next fetch of their kind.
func (f *fetcher) add(asks ...*ask) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := now()
	for _, a := range asks {
		kind := 0
		if at.Sub(a.lively) < livelyFor {
			kind = 1
		}
		if f.waiting[kind] = append(f.waiting[kind], a); len(f.waiting[kind]) == 1 {
			time.AfterFunc(f.sent[kind].Add(gather).Sub(at), func() { f.send(kind) })
		}
	}
}

// send begins one request to each broker that leads partitions which are waited for.
func (f *fetcher) send(kind int) {
	f.mu.Lock()
	asks := f.waiting[kind]
	f.waiting[kind], f.sent[kind] = nil, now()
	f.mu.Unlock()
	ctx, done, ok := f.cluster.begin(10 * time.Second)
	if !ok {
		for _, a := range asks {
			a.answer <- answer{err: errClosed}
		}
		return
	}
	type group struct{ leader, nth int32 }
	groups, seen := map[group][]*ask{}, map[target]int32{}
	for _, a := range asks {
		leader, err := f.cluster.leaders.find(ctx, a.topic, a.partition)
		if err != nil {
			a.answer <- answer{err: err}
			continue
		}
		// Two readers of one partition stand at offsets of their own: one request has
		// room for one.
		g := group{leader, seen[target{a.topic, a.partition}]}
		seen[target{a.topic, a.partition}]++
		groups[g] = append(groups[g], a)
	}
	var requests sync.WaitGroup
	for g, asks := range groups {
		requests.Go(func() { f.ask(ctx, g.leader, asks) })
	}
	requests.Wait()
	done()
}

// ask does one fetch request and hands out what it brings. Those that it brings nothing, and
// that may wait longer, go with the next one.
func (f *fetcher) ask(ctx context.Context, leader int32, asks []*ask) {
	r, err := f.cluster.transport.RoundTrip(ctx, f.cluster.client.Addr, newFetchRequest(leader, f.cluster, asks))
	if err != nil {
		f.cluster.leaders.forget()
		for _, a := range asks {
			a.answer <- answer{err: err}
		}
		return
	}
	at := now()
	again := asks[:0] // they go first in the next request: a record larger than a fetch comes only from the first partition that has some
	parts := r.(*fetchAnswer).parts
	for _, a := range asks {
		i := slices.IndexFunc(parts, func(p fetchedPart) bool { return p.partition == a.partition && p.topic == a.topic })
		switch {
		case i >= 0 && parts[i].code != 0:
			f.cluster.leaders.forget()
			a.answer <- answer{err: parts[i].code}
		case i >= 0 && len(parts[i].block) > 0:
			a.lively = at
			a.answer <- answer{block: parts[i].block, over: parts[i].over}
		case at.Before(a.until):
			again = append(again, a)
		default:
			a.answer <- answer{open: i >= 0 && parts[i].stable <= a.offset && a.offset < parts[i].high}
		}
	}
	f.add(again...)
}
