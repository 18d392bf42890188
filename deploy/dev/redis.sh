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
    start | stop | status)
      [ -z "$command" ] || die "one command at a time, not $command $1: see redis.sh --help" 2
      command=$1; shift ;;
    *) die "there is no command or flag $1: see redis.sh --help" 2 ;;
  esac
done

apart=(setsid) # Ctrl-C of whoever starts it is not meant for it
command -v setsid >/dev/null || apart=(nohup)

alive() { kill -0 "$(cat "$dir/pid")" 2>/dev/null; }

# running says whether it is: our process, not another that was given its id since.
running() {
  local pid
  pid=$(cat "$dir/pid" 2>/dev/null) && alive || return 1
  ! command -v ps >/dev/null || ps -ww -o args= -p "$pid" | grep -q "redis-server.*$(cat "$dir/port")"
}

status() {
  running || die "no Redis runs in $dir: redis.sh start" 3
  echo "Redis at redis://127.0.0.1:$(cat "$dir/port")/0"
}

case $command in
  start)
    command -v redis-server >/dev/null || die "there is no redis-server: apt-get install redis-server (or brew install redis)" 3
    [[ $port =~ ^[1-9][0-9]{0,4}$ ]] && [ "$port" -le 65535 ] || die "--port $port: want a number up to 65535" 2
    if ! running; then
      mkdir -p "$dir" || die "--dir $dir: cannot be made; name another" 2
      "${apart[@]}" redis-server --port "$port" --bind 127.0.0.1 --dir "$dir" --appendonly yes --appendfsync everysec --save "" \
        --maxmemory-policy noeviction >"$dir/log" 2>&1 </dev/null &
      echo "$port" >"$dir/port"
      echo $! >"$dir/pid"
      for _ in $(seq 200); do
        grep -q 'Ready to accept connections' "$dir/log" && break
        alive || die "redis-server ended at its start: $(grep -m 1 -F 'bind:' "$dir/log" || tail -n 1 "$dir/log"); see $dir/log"
        sleep 0.1
      done
      grep -q 'Ready to accept connections' "$dir/log" || die "redis-server does not answer after 20 s: see $dir/log"
    fi
    status ;;
  stop)
    if running; then
      pid=$(cat "$dir/pid")
      kill "$pid"
      while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    elif [ ! -d "$dir" ]; then
      echo "there is no Redis in $dir" >&2
    fi
    rm -f "$dir/pid" ;;
  status) status ;;
  *) usage >&2; exit 2 ;;
esac
