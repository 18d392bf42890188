#!/usr/bin/env bash
# A Redis on this machine with an append-only file, for trying Vigil out.
set -euo pipefail

usage() {
  cat <<'TEXT'
A Redis on this machine with an append-only file written every second.

  redis.sh start [--dir DIR] [--port PORT]
  redis.sh stop  [--dir DIR]
  redis.sh status [--dir DIR]

  --dir   where data, log and process id are (deploy/dev/data/redis)
  --port  6379
TEXT
}

die() { echo "redis.sh: $1" >&2; exit "${2:-1}"; }

dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/data/redis
port=6379 command=''
while [ $# -gt 0 ]; do
  case $1 in
    --dir | --port)
      [ $# -gt 1 ] || die "$1 wants a value: see redis.sh --help" 2
      if [ "$1" = --dir ]; then dir=$2; else port=$2; fi
      shift 2 ;;
    -h | --help) usage; exit 0 ;;
    start | stop | status) command=$1; shift ;;
    *) die "there is no command or flag $1: see redis.sh --help" 2 ;;
  esac
done

running() { [ -f "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null; }

status() {
  running || die "no Redis runs in $dir: redis.sh start" 3
  echo "Redis at redis://127.0.0.1:$(cat "$dir/port")/0"
}

case $command in
  start)
    command -v redis-server >/dev/null || die "there is no redis-server: apt-get install redis-server (or brew install redis)" 3
    if ! running; then
      mkdir -p "$dir"
      setsid redis-server --port "$port" --bind 127.0.0.1 --dir "$dir" --appendonly yes --appendfsync everysec --save "" \
        --maxmemory-policy noeviction >"$dir/log" 2>&1 </dev/null &
      echo $! >"$dir/pid"
      echo "$port" >"$dir/port"
      for _ in $(seq 200); do
        grep -q 'Ready to accept connections' "$dir/log" && break
        running || die "redis-server ended at its start: $(tail -n 1 "$dir/log")"
        sleep 0.1
      done
    fi
    status ;;
  stop)
    if running; then
      pid=$(cat "$dir/pid")
      kill "$pid"
      while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    fi
    rm -f "$dir/pid" ;;
  status) status ;;
  *) usage; exit 2 ;;
esac
