package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// patience is for each question over the network.
const patience = 5 * time.Second

// brokers looks at the way to Kafka.
func (e *examination) brokers(ctx context.Context) {
	cluster, err := e.Kafka.Cluster()
	if err != nil {
		e.failed("kafka settings", err, "no connection can be made with them", "see the flags of vigil serve --help")
		return
	}
	defer cluster.Close()
	reached, here := 0, true
	for _, broker := range e.Brokers {
		host, _, err := net.SplitHostPort(broker)
		if err != nil {
			e.failed("broker address", err, "no connection can be made to it", "write it as host:port")
			continue
		}
		here = here && loopback(host)
		if e.dial(ctx, broker, cluster.TLS) {
			reached++
		}
	}
	if reached == 0 {
		return
	}
	e.judge(reached >= 3 || here, Warn, Finding{Check: "brokers", Found: fmt.Sprintf("%d of %d named answer", reached, len(e.Brokers)),
		Cause: "with fewer than three the loss of one may stop the ward", Fix: "name three brokers in --brokers"})
	e.judge(cluster.TLS != nil || here, Warn, Finding{Check: "encryption", Found: word(cluster.TLS != nil, "TLS", "none"),
		Cause: "patients' data cross the network as they are", Fix: "--tls"})
	e.judge(cluster.SASL != nil || e.Cert != "" || here, Warn, Finding{Check: "login", Found: word(cluster.SASL != nil || e.Cert != "", "with a user or certificate", "none"),
		Cause: "whoever reaches the brokers may write patients' data", Fix: "--sasl scram-sha-512 --user NAME, or --tls-cert and --tls-key"})
	try, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := cluster.Reach(try); err != nil {
		e.failed("kafka", err, "workers cannot read or write", "the text says what the brokers refused")
		return
	}
	e.ok("kafka", "answers and takes this user")
}

// dial reaches one broker and looks at its certificate.
func (e *examination) dial(ctx context.Context, broker string, encryption *tls.Config) bool {
	try, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(try, "tcp", broker)
	if err != nil {
		e.failed("broker", err, "no worker on this machine reaches it", "is it up, is the name right, does a firewall stand between?")
		return false
	}
	defer func() { _ = raw.Close() }()
	e.ok("broker", "%s takes connections", broker)
	if encryption == nil {
		return true
	}
	config := encryption.Clone()
	config.ServerName, _, _ = net.SplitHostPort(broker)
	secure := tls.Client(raw, config)
	if err := secure.HandshakeContext(try); err != nil {
		e.failed("broker certificate", err, "its certificate is not accepted", "--tls-ca with the authority that signed it, and a name that stands in it")
		return false
	}
	e.expiry("broker certificate", secure.ConnectionState().PeerCertificates[0])
	return true
}

// loopback says whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// topics looks at what is on the brokers.
func (e *examination) topics(ctx context.Context) {
	const hidden = "Kafka cannot be asked"
	try, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	cluster, err := e.Kafka.Reach(try)
	if err != nil {
		for _, check := range []string{"topics", "partitions", "rights to read", "rights", "group", "dead letters", "backlog"} {
			e.skip(check, hidden)
		}
		return
	}
	defer cluster.Close()
	findings, err := cluster.CheckTopics(try, kafka.ShippedTopics())
	for _, f := range findings {
		e.tell(Finding{Check: "topics", Verdict: Fail, Found: f.Topic + ": " + f.What, Cause: "Vigil relies on it", Fix: f.Mend})
	}
	if err != nil {
		e.failed("topics", err, "how they are set cannot be seen", "let an administrator run vigil topics check, or give this user the right to describe them")
	} else if len(findings) == 0 {
		e.ok("topics", "all %d are there and set as deploy/topics.yaml says", len(schemas.Topics))
	}
	n, err := cluster.Partitions(try)
	if err != nil {
		e.failed("partitions", err, "workers do not start", "vigil topics init")
		return
	}
	e.judge(e.Workers <= n, Warn, Finding{Check: "partitions", Found: fmt.Sprintf("%d for %d workers here", n, e.Workers),
		Cause: "a worker without a partition has nothing to do", Fix: "fewer --workers"})
	e.rights(try, cluster, n)
}

// rights asks each topic and the group as a worker does, and says what waits there.
func (e *examination) rights(ctx context.Context, cluster *kafka.Cluster, partitions int) {
	var next = map[string][]int64{}
	for _, topic := range schemas.Topics {
		first, ends, err := cluster.Ends(ctx, topic)
		if err == nil {
			for partition := range ends {
				if ends[partition] > first[partition] {
					_, err = cluster.LastRecords(ctx, topic, partition, 1)
					break
				}
			}
		}
		if err != nil {
			e.failed("rights to read", fmt.Errorf("%s: %w", e.Prefix+topic, err), "a worker cannot work without it", "give this user Read and Describe on the topic; the README lists all that a worker needs")
			return
		}
		next[topic] = ends
	}
	e.ok("rights to read", "all %d topics", len(schemas.Topics))
	switch missing, err := cluster.MissingRights(ctx); {
	case errors.Is(err, kafka.ErrUnsaid):
		e.skip("rights", err.Error())
	case err != nil:
		e.failed("rights", err, "what this user may do cannot be seen", "ask an administrator")
	case len(missing) > 0:
		e.failed("rights", errors.New("missing: "+strings.Join(missing, ", ")), "a worker reads, writes and describes every topic", "kafka-acls.sh --add for this user; the README lists all that a worker needs")
	default:
		e.ok("rights", "read, write and describe on all %d topics", len(schemas.Topics))
	}
	owned, err := cluster.Owned(ctx, boot.Group)
	if err != nil {
		e.failed("group", err, "workers share the partitions by it", "give this user Read and Describe on group "+e.Prefix+boot.Group)
		return
	}
	working := 0
	for _, is := range owned {
		if is {
			working++
		}
	}
	e.judge(working == 0 || working == partitions, Warn, Finding{Check: "group", Found: fmt.Sprintf("%d of %d partitions have an owner now", working, partitions),
		Cause: "patients of the others are not watched while that is so", Fix: "look at the processes that run vigil serve"})
	letters := int64(0)
	for _, n := range next[schemas.TopicDeadLetters] {
		letters += n
	}
	e.judge(letters == 0, Warn, Finding{Check: "dead letters", Found: fmt.Sprintf("offsets up to %d", letters), Cause: "messages may have been refused",
		Fix: "vigil deadletters tail says which and why"})
	committed, err := cluster.Committed(ctx, boot.Group, schemas.TopicLog)
	if err != nil {
		if !errors.Is(err, context.DeadlineExceeded) {
			e.failed("backlog", err, "how far the workers are cannot be seen", "give this user Describe on group "+e.Prefix+boot.Group)
		}
		return
	}
	waiting := int64(0)
	for partition, end := range next[schemas.TopicLog] {
		if partition < len(committed) && committed[partition] >= 0 {
			waiting += max(0, end-committed[partition])
		}
	}
	e.judge(waiting < 10_000, Warn, Finding{Check: "backlog", Found: fmt.Sprintf("%d records of the log wait for a score", waiting),
		Cause: "alerts come late while that is so", Fix: "start workers, or more of them"})
}
