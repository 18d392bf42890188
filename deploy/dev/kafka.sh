#!/usr/bin/env bash
# A real Kafka on this machine, for trying Vigil out and for its tests. Not for a
# hospital: one machine, small heaps, certificates made on the spot.
set -euo pipefail

usage() {
  cat <<'TEXT'
A real Kafka on this machine (KRaft, 1 or 3 brokers), for development and tests.

  kafka.sh start [--dir DIR] [--brokers 1|3] [--port PORT] [--secure] [--property K=V]... [--while PID]
  kafka.sh stop [--dir DIR]        in good order, all brokers
  kafka.sh kill [N] [--dir DIR]    kill -9 of broker N, or of all; start again brings them back
  kafka.sh status [--dir DIR]
  kafka.sh fetch                   only fetch Kafka, which start does too

  --dir       where data, logs and process ids are (deploy/dev/data/kafka)
  --port      of the first broker (9092); the others have PORT+10, PORT+20; PORT+1 and so on
              are the controllers'
  --secure    TLS, users and access lists: files ca.pem and users in DIR say how to reach it
  --property  a line for server.properties; the last one of a name holds
  --while     kill -9 all when this process ends

start fetches Kafka once with Maven into VIGIL_KAFKA_LIB (deploy/dev/cache/kafka): 4.1.0, or
which VIGIL_KAFKA_VERSION names, into a folder of its own (cache/kafka-VERSION). It makes
the data directory once, starts the brokers that do not run, and waits until they answer.
It needs Java 17 and, the first time, Maven. VIGIL_KAFKA_HEAP is the heap of a broker (512m).
TEXT
}

die() { echo "kafka.sh: $1" >&2; exit "${2:-1}"; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=${VIGIL_KAFKA_VERSION:-}
lib=${VIGIL_KAFKA_LIB:-$here/cache/kafka${version:+-$version}}
heap=${VIGIL_KAFKA_HEAP:-512m}
dir=$here/data/kafka brokers='' port='' secure='' while='' fresh='' properties=() words=()
apart=(setsid) # Ctrl-C of whoever starts a broker is not meant for it
command -v setsid >/dev/null || apart=(nohup)

while [ $# -gt 0 ]; do
  case $1 in
    --dir | --brokers | --port | --property | --while)
      [ $# -gt 1 ] || die "$1 wants a value: see kafka.sh --help" 2
      case $1 in
        --dir) dir=$2 ;;
        --brokers) brokers=$2 ;;
        --port) port=$2 ;;
        --property) properties+=("$2") ;;
        --while) while=$2 ;;
      esac
      shift 2 ;;
    --secure) secure=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    -*) die "there is no flag $1: see kafka.sh --help" 2 ;;
    *) words+=("$1"); shift ;;
  esac
done

alive() { kill -0 "$(cat "$dir/$1/pid")" 2>/dev/null; }

# running says whether broker $1 is: its process, not another that was given its id since.
running() {
  local pid
  pid=$(cat "$dir/$1/pid" 2>/dev/null) && alive "$1" || return 1
  ! command -v ps >/dev/null || ps -ww -o args= -p "$pid" | grep -qF "$dir/$1/server.properties"
}

fetch() {
  command -v java >/dev/null || die "there is no java: install Java 17, for example apt-get install default-jre-headless (or brew install openjdk@17)" 3
  local java
  java=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${java:-0}" -ge 17 ] || die "java is version ${java:-unknown}, Kafka wants 17: apt-get install openjdk-17-jre-headless (or brew install openjdk@17)" 3
  [ -f "$lib/.complete" ] && return
  command -v mvn >/dev/null || die "there is no mvn to fetch Kafka with: apt-get install maven (or brew install maven)" 3
  mkdir -p "$lib"
  echo "fetching Kafka $version into $lib" >&2
  mvn -q -f "$here/pom.xml" ${version:+"-Dkafka.version=$version"} dependency:copy-dependencies -DoutputDirectory="$lib" -DincludeScope=runtime >&2 ||
    die "Kafka could not be fetched: is Maven's repository reachable? What came is in $lib; the same command goes on" 3
  touch "$lib/.complete"
}

tool() { java -Xmx256m -cp "$lib/*" "$@"; }

# certificate makes an authority and a server certificate for this machine.
certificate() {
  command -v openssl >/dev/null || die "--secure wants openssl: apt-get install openssl" 3
  local d=$dir/tls
  mkdir -p "$d"
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=vigil-dev -keyout "$d/ca.key" -out "$dir/ca.pem" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$d/server.key" -out "$d/server.csr" 2>/dev/null
  openssl x509 -req -in "$d/server.csr" -CA "$dir/ca.pem" -CAkey "$d/ca.key" -CAcreateserial -days 30 -out "$d/server.crt" \
    -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") 2>/dev/null
  cat "$d/server.key" "$d/server.crt" "$dir/ca.pem" >"$d/server.pem"
}

# settings prints the server.properties of broker $1.
settings() {
  local id=$1 at=$((port + 10 * ($1 - 1))) listener=PLAINTEXT map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
  [ -z "$secure" ] || { listener=SASL_SSL; map=$map,SASL_SSL:SASL_SSL; }
  cat <<TEXT
process.roles=broker,controller
node.id=$id
controller.listener.names=CONTROLLER
listener.security.protocol.map=$map
log.dirs=$dir/$id/data
num.partitions=8
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.retention.hours=72
auto.create.topics.enable=false
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
TEXT
  if [ "$brokers" = 1 ]; then
    cat <<TEXT
controller.quorum.bootstrap.servers=127.0.0.1:$((port + 1))
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
TEXT
  else
    cat <<TEXT
controller.quorum.voters=1@127.0.0.1:$((port + 1)),2@127.0.0.1:$((port + 11)),3@127.0.0.1:$((port + 21))
default.replication.factor=3
min.insync.replicas=2
TEXT
  fi
  if [ -z "$secure" ]; then
    cat <<TEXT
listeners=PLAINTEXT://127.0.0.1:$at,CONTROLLER://127.0.0.1:$((at + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$at
inter.broker.listener.name=PLAINTEXT
TEXT
  else
    cat <<TEXT
listeners=SASL_SSL://127.0.0.1:$at,PLAINTEXT://127.0.0.1:$((at + 2)),CONTROLLER://127.0.0.1:$((at + 1))
advertised.listeners=SASL_SSL://localhost:$at,PLAINTEXT://127.0.0.1:$((at + 2))
inter.broker.listener.name=PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location=$dir/tls/server.pem
sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256,PLAIN
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_vigil="vigil-secret" user_guest="guest-secret";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:vigil
TEXT
  fi
  [ ${#properties[@]} = 0 ] || printf '%s\n' "${properties[@]}"
}

# prepare makes the data directories, once.
prepare() {
  brokers=${brokers:-1} port=${port:-9092}
  case $brokers in 1 | 3) ;; *) die "--brokers $brokers: want 1 or 3" 2 ;; esac
  [[ $port =~ ^[1-9][0-9]{0,4}$ ]] && [ "$port" -le 65513 ] || die "--port $port: want a number up to 65513, from which on ports are free" 2
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  local id flags=()
  if [ -n "$secure" ]; then
    certificate
    local user
    for user in vigil guest; do
      flags+=(--add-scram "SCRAM-SHA-512=[name=$user,password=$user-secret]" --add-scram "SCRAM-SHA-256=[name=$user,password=$user-secret]")
    done
    printf 'vigil vigil-secret\nguest guest-secret\n' >"$dir/users" # guest may do nothing
  fi
  [ "$brokers" = 3 ] || flags+=(--standalone)
  local cluster
  cluster=$(tool kafka.tools.StorageTool random-uuid 2>/dev/null)
  for id in 1 2 3; do # of a start that failed
    [ ! -f "$dir/$id/server.properties" ] || rm -rf "${dir:?}/$id"
  done
  for id in $(seq "$brokers"); do
    mkdir -p "$dir/$id"
    settings "$id" >"$dir/$id/server.properties"
    tool kafka.tools.StorageTool format -t "$cluster" -c "$dir/$id/server.properties" ${flags[@]+"${flags[@]}"} >"$dir/$id/format.log" 2>&1 ||
      die "the data directory cannot be made: $(grep -m 1 Exception "$dir/$id/format.log" || tail -n 1 "$dir/$id/format.log")"
  done
  echo "$cluster" >"$dir/cluster" # it is whole now
  fresh=yes
}

# failed says why broker $1 has ended; settings that never worked are not kept.
failed() {
  local log=$dir/$1/log port
  port=$(sed -n 's/.*failed to bind to .*:\([0-9]*\): Address already in use.*/\1/p' "$log" | head -n 1)
  if [ -n "$fresh" ]; then
    end -9 && gone
    rm "$dir/cluster"
  fi
  [ -z "$port" ] || die "broker $1 ended at its start: port $port is in use; stop what has it, or name another --port"
  die "broker $1 ended at its start: $(grep -m 1 -E 'ERROR|Exception' "$log" || tail -n 1 "$log"); see $log"
}

start() {
  fetch
  if [ -f "$dir/cluster" ]; then
    [ -z "$brokers$port$secure" ] && [ ${#properties[@]} = 0 ] ||
      die "$dir has its settings already: start without them, or name another --dir" 2
    dir=$(cd "$dir" && pwd)
  else
    prepare
  fi
  local path id begun=() jvm=(-XX:+UseG1GC)
  # Three on one machine: what matters is that they start, not how fast they run.
  [ ! -d "$dir/2" ] || jvm=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1)
  for path in "$dir"/[0-9]; do
    id=${path##*/}
    running "$id" && continue
    "${apart[@]}" java -Xms128m "-Xmx$heap" "${jvm[@]}" -Dlog4j2.configurationFile="$here/log4j2.yaml" -cp "$lib/*" kafka.Kafka "$path/server.properties" >"$path/log" 2>&1 </dev/null &
    echo $! >"$path/pid"
    begun+=("$id")
  done
  for id in ${begun[@]+"${begun[@]}"}; do
    for _ in $(seq 600); do
      grep -q 'Kafka Server started' "$dir/$id/log" && continue 2
      alive "$id" || failed "$id"
      sleep 0.1
    done
    die "broker $id does not answer after 60 s: see $dir/$id/log"
  done
  if [ -n "$while" ] && [ ${#begun[@]} -gt 0 ]; then
    (while kill -0 "$while" 2>/dev/null; do sleep 1; done; end -9) >/dev/null 2>&1 </dev/null &
  fi
  status
}

addresses() { sed -n 's/^listeners=[A-Z_]*:\/\/\([^,]*\),.*/\1/p' "$dir"/[0-9]/server.properties | paste -sd, -; }

status() {
  [ -f "$dir/cluster" ] || die "there is no Kafka in $dir: kafka.sh start" 3
  local path id all=yes
  for path in "$dir"/[0-9]; do
    id=${path##*/}
    running "$id" || { all=no; echo "broker $id is not running" >&2; }
  done
  [ $all = yes ] || exit 3
  echo "Kafka at $(addresses)"
}

# end sends a signal to the brokers named, or to all that run.
end() {
  local signal=$1 path id
  shift
  for path in "$dir"/[0-9]; do
    id=${path##*/}
    [ $# = 0 ] || [ "$1" = "$id" ] || continue
    running "$id" && kill "$signal" "$(cat "$path/pid")" || true
  done
}

# gone waits until broker $1, or all, has ended; after 20 s it helps.
gone() {
  local path id
  for path in "$dir"/[0-9]; do
    id=${path##*/}
    [ $# = 0 ] || [ "$1" = "$id" ] || continue
    for _ in $(seq 200); do
      running "$id" || break
      sleep 0.1
    done
    end -9 "$id"
    rm -f "$path/pid"
  done
}

case ${words[0]:-} in
  kill) [ ${#words[@]} -le 2 ] || die "kill takes one broker, not ${words[*]:1}" 2 ;;
  *) [ ${#words[@]} -le 1 ] || die "one command at a time, not ${words[*]}: see kafka.sh --help" 2 ;;
esac
case ${words[0]:-} in
  stop | kill | status) if [ -d "$dir" ]; then dir=$(cd "$dir" && pwd); fi ;;
esac
case ${words[0]:-} in
  stop | kill) [ -f "$dir/cluster" ] || echo "there is no Kafka in $dir" >&2 ;;
esac
case ${words[0]:-} in
  start) start ;;
  fetch) fetch ;;
  stop) end -TERM && gone ;;
  status) status ;;
  kill)
    id=${words[1]:-}
    [ -z "$id" ] || running "$id" || die "broker ${id} is not running in $dir" 3
    end -9 ${id:+"$id"} && gone ${id:+"$id"} ;;
  '') usage >&2; exit 2 ;;
  *) die "there is no command ${words[0]}: want start, stop, kill, status, fetch" 2 ;;
esac
