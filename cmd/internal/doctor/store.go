package doctor

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/window/redisstore"
)

// Versions and limits of the store.
const (
	leastRedis = 6 // the major version whose scripts and streams the store was tested with
	mostSkew   = 2 * time.Second
)

// store looks at Redis.
func (e *examination) store(ctx context.Context) {
	address, err := e.Redis.Address()
	if err != nil {
		e.failed("store settings", err, "no connection can be made with them", "see --redis in vigil serve --help")
		return
	}
	s, err := redisstore.Open(address, "vigil:"+e.Prefix)
	if err != nil {
		e.failed("store settings", err, "no connection can be made with them", "write it as redis://host:port/0")
		return
	}
	defer func() { _ = s.Close() }()
	try, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.Ping(try); err != nil {
		e.failed("store", err, "workers do not start", "the text says what Redis answered; the password comes from the environment or --redis-password-file")
	} else {
		e.ok("store", "answers")
	}
	fields, now, err := s.Info(try)
	if err != nil {
		for _, check := range []string{"store version", "store role", "store eviction", "store persistence", "store memory", "store clock"} {
			e.skip(check, "Redis cannot be asked")
		}
		return
	}
	if u, err := url.Parse(address); err == nil {
		_, secret := u.User.Password()
		here := loopback(u.Hostname())
		e.judge(secret || here, Warn, Finding{Check: "store login", Found: word(secret, "with a password", "without a password"), Cause: "whoever reaches Redis can read and empty it", Fix: "requirepass in redis.conf, then --redis-password-file"})
		e.judge(u.Scheme == "rediss" || here, Warn, Finding{Check: "store encryption", Found: u.Scheme, Cause: "patients' windows cross the network as they are", Fix: "rediss:// and tls-port in redis.conf"})
	}
	e.information(fields)
	skew := now.Sub(e.Clock()).Abs()
	e.judge(skew <= mostSkew, Warn, Finding{Check: "store clock", Found: fmt.Sprintf("%s from this machine's", skew.Round(time.Millisecond)),
		Cause: "one of the two clocks is wrong; values of devices are held against this machine's", Fix: "run chrony or ntpd on both"})
}

// information judges the fields of INFO.
func (e *examination) information(fields map[string]string) {
	version := fields["redis_version"]
	major, _ := strconv.Atoi(strings.Split(version, ".")[0])
	e.judge(major >= leastRedis, Warn, Finding{Check: "store version", Found: version, Cause: fmt.Sprintf("Vigil is tested with Redis %d and later", leastRedis), Fix: "upgrade it"})
	role := fields["role"]
	e.judge(role == "master" || role == "", Fail, Finding{Check: "store role", Found: role, Cause: "a replica takes no writes", Fix: "name the master in --redis"})
	policy, limit := fields["maxmemory_policy"], number(fields["maxmemory"])
	e.judge(policy == "noeviction" || policy == "" || limit == 0, Fail, Finding{Check: "store eviction", Found: policy,
		Cause: "Redis would throw patients' windows away when it is full", Fix: "maxmemory-policy noeviction"})
	kept := fields["aof_enabled"] == "1"
	e.judge(kept, Warn, Finding{Check: "store persistence", Found: word(kept, "append-only file", "no append-only file"),
		Cause: "after a crash of Redis all windows are rebuilt from the log, which takes seconds to minutes", Fix: "appendonly yes"})
	need := uint64(e.Beds) * bedMemory
	room := limit
	if room == 0 {
		room = number(fields["total_system_memory"])
	}
	e.judge(room == 0 || room >= need, Fail, Finding{Check: "store memory", Found: fmt.Sprintf("%d MB, %d MB wanted for %d beds, %d MB used", room>>20, need>>20, e.Beds, number(fields["used_memory"])>>20),
		Cause: "a full Redis takes no more writes, and no patient of it is scored", Fix: "a larger maxmemory"})
}

// number is 0 where there is none.
func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64)
	return n
}
