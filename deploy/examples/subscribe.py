#!/usr/bin/env python3
"""Follow the scores and alerts of Vigil, research software, not a medical device.

Every record is held against its JSON Schema; a repeat, known by id and revision, is
counted and passed over; claims of the workers (vigil.claim.v1) are no outputs and are
skipped. Alerts and scores go to stdout, one a line; talk goes to stderr.

Exit codes: 0 ok, 1 failure, 2 usage, 3 no broker or no library, 4 a record does not
keep to its schema, 130 interrupted.
"""

import argparse
import collections
import json
import os
import pathlib
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = """examples:
  subscribe.py                                  what comes from now on, of a demo begun with --port 9092
  subscribe.py --from beginning --until-idle 5  all there is, then end
  subscribe.py --from beginning --json          bodies as they are, one a line
  subscribe.py --group my-gateway               go on where the last run of this group ended
  VIGIL_KAFKA_PASSWORD=... subscribe.py --brokers kafka:9093 --tls-ca ca.pem --sasl scram-sha-512 --user me
"""
TOPICS = {"icu.scores.v1": ("vigil.score.v1", "score"), "icu.alerts.v1": ("vigil.alert.v1", "alert")}
CLAIM = "vigil.claim.v1"


def fail(code, text):
    print(f"subscribe.py: {text}", file=sys.stderr)
    sys.exit(code)


try:
    import confluent_kafka
    import jsonschema
    import rfc3339_validator  # noqa: F401  jsonschema checks date-time with it
except ImportError as e:
    fail(3, f"{e.name} is not installed: pip install -r {HERE / 'requirements.txt'}")


def arguments():
    p = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--brokers", default="127.0.0.1:9092", help="Kafka brokers, host:port,... (%(default)s)")
    p.add_argument("--topic-prefix", default="", help="prefix of all topic names")
    p.add_argument("--from", dest="begin", choices=["beginning", "now"], default="now", help="where to begin (%(default)s); a group goes on where it was")
    p.add_argument("--group", help="consumer group that remembers how far it is; without one every run begins anew")
    p.add_argument("--count", type=int, help="end after so many records, repeats not counted")
    p.add_argument("--until-idle", type=float, metavar="SECONDS", help="end when nothing has come for so long")
    p.add_argument("--json", action="store_true", help="print the bodies as they are")
    p.add_argument("--summary", action="store_true", help="print no records, but counts as one JSON object at the end")
    p.add_argument("--schemas", type=pathlib.Path, default=HERE.parent.parent / "schemas", help="folder of the JSON Schemas (%(default)s)")
    p.add_argument("--tls-ca", help="PEM file of the authority to check the brokers against; turns TLS on")
    p.add_argument("--sasl", choices=["plain", "scram-sha-256", "scram-sha-512"], help="log in; the password comes from VIGIL_KAFKA_PASSWORD")
    p.add_argument("--user", help="user of --sasl")
    a = p.parse_args()
    if a.count is not None and a.count < 1:
        p.error(f"--count {a.count}: want 1 or more")
    if a.until_idle is not None and a.until_idle <= 0:
        p.error(f"--until-idle {a.until_idle}: want seconds above 0")
    if bool(a.sasl) != bool(a.user):
        p.error("--sasl and --user go together")
    if a.sasl and not os.environ.get("VIGIL_KAFKA_PASSWORD"):
        p.error(f"there is no password for {a.user}: put it into the environment as VIGIL_KAFKA_PASSWORD")
    return a


def validators(folder):
    """The schema of each type of record."""
    found = {}
    for kind, name in TOPICS.values():
        file = folder / f"{name}.schema.json"
        try:
            schema = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as e:
            fail(2, f"--schemas: {file}: {e}; they are in the folder schemas of the repository")
        found[kind] = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    return found


class Repeats:
    """Knows the last outputs again by id and revision; a repeat follows its first soon."""

    def __init__(self, limit=200_000):
        self.seen, self.limit = collections.OrderedDict(), limit

    def again(self, topic, body):
        key = (topic, body["id"], body.get("revision", 0))
        if key in self.seen:
            return True
        self.seen[key] = None
        if len(self.seen) > self.limit:
            self.seen.popitem(last=False)
        return False


class Link:
    """What librdkafka says of the brokers, once when they go and once when they are back."""

    def __init__(self):
        self.last, self.away, self.quiet = "", False, True  # quiet: begin says it

    def error(self, e):
        if e.code() != confluent_kafka.KafkaError._ALL_BROKERS_DOWN:
            self.last = e.str()
        elif not self.away and not self.quiet:
            self.away = True
            print(f"subscribe.py: the brokers are away, waiting for them ({self.last})", file=sys.stderr)

    def back(self):
        if self.away:
            self.away = False
            print("subscribe.py: the brokers are back", file=sys.stderr)


def consumer(a, link):
    config = {
        "bootstrap.servers": a.brokers,
        "group.id": a.group or "vigil-subscribe",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest" if a.begin == "beginning" else "latest",
        "error_cb": link.error,
        "log_level": 0,
    }
    if a.tls_ca:
        config["ssl.ca.location"] = a.tls_ca
    if a.sasl:
        config |= {"sasl.mechanism": a.sasl.upper(), "sasl.username": a.user, "sasl.password": os.environ["VIGIL_KAFKA_PASSWORD"]}
    config["security.protocol"] = ("SASL_" if a.sasl else "") + ("SSL" if a.tls_ca else "PLAINTEXT")
    try:
        return confluent_kafka.Consumer(config)
    except confluent_kafka.KafkaException as e:
        fail(2, f"the connection cannot be set up: {e.args[0].str()}")


def begin(c, a, link):
    """Takes the partitions of both topics, or says what is not there."""
    names = [a.topic_prefix + topic for topic in TOPICS]
    partitions = []
    for name in names:
        try:
            topic = c.list_topics(name, timeout=5).topics[name]
        except confluent_kafka.KafkaException as e:
            c.poll(0)  # lets librdkafka say why
            fail(3, f"{a.brokers} cannot be read: {link.last or e.args[0].str()}; is a broker running there, are --brokers, --tls-ca, user and password right?")
        if topic.error is not None:
            fail(3, f"topic {name}: {topic.error.str()}; is --topic-prefix right, may this user read it? `vigil topics init` makes the topics")
        where = confluent_kafka.OFFSET_BEGINNING if a.begin == "beginning" else confluent_kafka.OFFSET_END
        partitions += [confluent_kafka.TopicPartition(name, p, where) for p in topic.partitions]
    link.quiet = False
    if a.group:
        c.subscribe(names)
    else:
        c.assign(partitions)


def line(topic, body):
    if topic == "icu.alerts.v1":
        return f"{body['as_of']} {body['patient']} alert {body['phase']} {body['severity']} {body['task']} revision {body['revision']}: {body['reason']}"
    return f"{body['as_of']} {body['patient']} score NEWS2 {body['news2']['value']}{' partial' if body['news2']['partial'] else ''}"


def follow(c, a, link, schemas, counts):
    """Reads until --count or --until-idle ends it."""
    repeats, heard = Repeats(), time.monotonic()
    while True:
        messages = c.consume(500, timeout=0.2)
        if messages:
            heard = time.monotonic()
        elif a.until_idle and time.monotonic() - heard > a.until_idle:
            return
        for m in messages:
            if m.error():
                fail(3, f"{m.error().str()}; may user and group read {', '.join(a.topic_prefix + t for t in TOPICS)}?")
            link.back()
            see(m, a, schemas, counts, repeats)
            if a.group:
                c.store_offsets(m)
            if a.count and counts["alerts"] + counts["scores"] >= a.count:
                break
        if a.group and messages:
            c.commit(asynchronous=False)  # behind what was printed: a crash repeats, it never loses
        if a.count and counts["alerts"] + counts["scores"] >= a.count:
            return


def see(m, a, schemas, counts, repeats):
    """One record: counted, checked, and printed unless it is a repeat."""
    topic = m.topic()[len(a.topic_prefix):]
    kind, _ = TOPICS[topic]
    header = dict(m.headers() or []).get("ce_type", b"").decode()
    if header != kind:
        counts["claims" if header == CLAIM else "foreign"] += 1
        return
    try:
        body = json.loads(m.value() or b"")
        schemas[kind].validate(body)
    except (ValueError, jsonschema.ValidationError) as e:
        counts["invalid"] += 1
        place = getattr(e, "json_path", "body")
        print(f"subscribe.py: {m.topic()}/{m.partition()} offset {m.offset()}: {place}: {getattr(e, 'message', e)}", file=sys.stderr)
        return
    if repeats.again(topic, body):
        counts["repeats"] += 1
        return
    counts["alerts" if topic == "icu.alerts.v1" else "scores"] += 1
    if not a.summary:
        print(m.value().decode() if a.json else line(topic, body), flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    a = arguments()
    schemas, link = validators(a.schemas), Link()
    counts = dict.fromkeys(["scores", "alerts", "repeats", "claims", "foreign", "invalid"], 0)
    c = consumer(a, link)
    code = 0
    try:
        begin(c, a, link)
        print(f"Vigil, research software, not a medical device: scores and alerts of {a.brokers}", file=sys.stderr)
        follow(c, a, link, schemas, counts)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        c.close()
    if a.summary:
        print(json.dumps(counts))
    else:
        print("subscribe.py: " + ", ".join(f"{n} {name}" for name, n in counts.items()), file=sys.stderr)
    sys.exit(code or (4 if counts["invalid"] else 0))


if __name__ == "__main__":
    main()
