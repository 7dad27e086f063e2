#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Demonstrates outboxd from a fresh clone: installs missing packages, builds, starts a private Postgres, Redis and
# daemon, writes sample events and shows them arrive, signed, in their streams.
#
#   deploy/quickstart.sh          the whole demonstration; stops everything that it started
#   deploy/quickstart.sh --keep   leaves the three running and prints how to connect to them
#   deploy/quickstart.sh --stop   stops the processes that --keep left running
#
# It touches no server and no database that it did not start: its own listen on Unix sockets in a temporary folder.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

readonly folder_pattern=/tmp/outboxd-quickstart.XXXXXX  # short: a Unix socket's path holds 107 bytes at most
readonly samples=6                                      # rows that write_samples writes
readonly streams=(caracal.policy.invalidate caracal.sessions.revoke caracal.keys.invalidate caracal.audit.events)
# Everything runs with an empty environment, so that no variable of the caller points to another server.
readonly empty=(env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8)

# ---- processes: started, recorded and ended by process id ----

# The start time: the 22nd field of /proc/PID/stat, counted after the last ')' as a program's name may have blanks. It
# distinguishes a recorded process from a later one with the same id.
started_at() {
  local stat rest
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  rest=${stat##*) }
  # shellcheck disable=SC2086
  set -- $rest
  printf '%s' "${20}"
}

still_ours() { [ "$(started_at "$1")" = "$2" ]; }

# start NAME COMMAND…  in a session of its own, so that Ctrl-C and a closed terminal reach only this script.
start() {
  local name=$1
  shift
  setsid "${empty[@]}" "$@" </dev/null >"$folder/log/$name.log" 2>&1 &
  printf '%s %s %s\n' "$name" $! "$(started_at $!)" >>"$folder/processes"
}

end_process() {
  local name=$1 pid=$2 since=$3 signal=TERM
  [ "$name" = postgres ] && signal=INT  # Postgres' "fast" shutdown; TERM would wait for its clients
  still_ours "$pid" "$since" || return 0
  kill -s "$signal" "$pid" 2>/dev/null || true
  for _ in {1..150}; do
    still_ours "$pid" "$since" || return 0
    sleep 0.1
  done
  say "$name (process $pid) did not end within 15 s and is killed"
  kill -s KILL "$pid" 2>/dev/null || true
}

# In the reverse order of their start: the daemon, then the servers.
end_all() {
  local name pid since
  [ -e "$1/processes" ] || return 0
  while read -r name pid since; do
    end_process "$name" "$pid" "$since"
  done < <(tac "$1/processes")
}

stop_kept() {
  local kept found=no
  for kept in "${folder_pattern%XXXXXX}"*/kept; do
    kept=${kept%/kept}
    [ -O "$kept/kept" ] || continue
    found=yes
    end_all "$kept"
    rm -rf --one-file-system -- "$kept"
    say "stopped what ran in $kept and removed it"
  done
  [ "$found" = yes ] || say "nothing of ours is running"
}

cleanup() {
  local status=$?
  trap - EXIT
  trap '' INT TERM HUP
  if [ "$status" -ne 0 ]; then
    printf '\nquickstart.sh failed (status %s).\n' "$status" >&2
    local log
    for log in "$folder"/log/*.log; do
      [ -s "$log" ] || continue
      printf -- '--- the end of %s\n' "${log##*/}" >&2
      tail -n 20 "$log" >&2
    done
  fi
  if [ "$status" -ne 0 ] || [ "$keep" = no ]; then
    end_all "$folder"
    rm -rf --one-file-system -- "$folder"
    [ "$status" -ne 0 ] || say "stopped everything and removed $folder"
  fi
  exit "$status"
}

# until_true SECONDS WHAT COMMAND…: waits for a condition, and names it in an error if it doesn't come true.
until_true() {
  local seconds=$1 what=$2 deadline
  shift 2
  deadline=$((SECONDS + seconds))
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || die "$what: not within $seconds s"
    sleep 0.1
  done
}

# ---- the three programs ----

isolated() { "${empty[@]}" HOME="$folder" "$@"; }

make_folder() {
  folder=$(mktemp -d "$folder_pattern")
  cd "$folder"  # the caller's folder may be closed to the user that the servers run as
  mkdir "$folder/log" "$folder/run" "$folder/postgres" "$folder/redis"
  chmod 700 "$folder/run" "$folder/postgres" "$folder/redis"
  as_server=()
  if [ "$(id -u)" = 0 ]; then  # Postgres refuses to run as root
    as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    chmod 711 "$folder"
    chown postgres:postgres "$folder/run" "$folder/postgres" "$folder/redis"
  fi
}

psql_here() { isolated "$pg/psql" -X -q -v ON_ERROR_STOP=1 -h "$folder/run" -U outboxd "$@"; }
redis_here() { isolated redis-cli -s "$folder/run/redis.sock" "$@"; }
outboxd_here() { isolated "$outboxd" "$@" --config "$folder/outboxd.toml"; }

postgres_answers() { isolated "$pg/pg_isready" -q -h "$folder/run" -U outboxd -d postgres; }
redis_answers() { [ "$(redis_here ping 2>/dev/null)" = PONG ]; }

start_postgres() {
  isolated "${as_server[@]}" "$pg/initdb" -D "$folder/postgres" -U outboxd --auth=trust --encoding=UTF8 \
    --locale=C.UTF-8 --no-sync >"$folder/log/initdb.log" 2>&1
  # There is no TCP port, and only this user can enter the socket's folder, so "trust" admits no other user.
  start postgres "${as_server[@]}" "$pg/postgres" -D "$folder/postgres" \
    -c listen_addresses= -c unix_socket_directories="$folder/run" -c unix_socket_permissions=0700
  until_true 60 "Postgres answers" postgres_answers
  psql_here -d postgres -c 'CREATE DATABASE outboxd'
}

start_redis() {
  start redis "${as_server[@]}" redis-server --port 0 \
    --unixsocket "$folder/run/redis.sock" --unixsocketperm 700 --dir "$folder/redis" --appendonly yes \
    --appendfsync everysec --maxmemory-policy noeviction --save '' --daemonize no
  until_true 60 "Redis answers" redis_answers
}

free_port() {
  isolated python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

write_settings() {
  (umask 077 && isolated python3 -c 'import secrets; print(secrets.token_hex(32))' >"$folder/streams.key")
  http=127.0.0.1:$(free_port)
  cat >"$folder/outboxd.toml" <<TOML
mode = "stable"          # refuses to publish unsigned

[postgres]
url = "postgresql:///outboxd?host=$folder/run&user=outboxd"

[redis]
url = "unix://$folder/run/redis.sock"

[signing]
key_file = "$folder/streams.key"

[dispatcher.stream_maxlen]
"caracal.audit.events" = 1000000
"caracal.policy.invalidate" = 10000
"caracal.sessions.revoke" = 10000
"caracal.keys.invalidate" = 10000

[http]
listen = "$http"
TOML
}

fetch() {  # fetch PATH: fails unless the daemon answers 200
  isolated python3 - "http://$http$1" <<'PYTHON'
import sys, urllib.request
try:
    sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())
except OSError as problem:
    sys.exit(str(problem))
PYTHON
}

daemon_ready() {
  local name pid since
  read -r name pid since < <(tail -n 1 "$folder/processes")
  still_ours "$pid" "$since" || die "the $name ended at once"
  fetch /readyz >/dev/null 2>&1
}

start_daemon() {
  start daemon "$outboxd" run --config "$folder/outboxd.toml"
  until_true 30 "the daemon is ready" daemon_ready
}

# ---- the demonstration ----

write_samples() {
  outboxd_here enqueue caracal.policy.invalidate zone_id=z-1 event=policy.activated version:=3
  outboxd_here enqueue caracal.sessions.revoke session_id=s-9 reason=logout
  outboxd_here enqueue caracal.keys.invalidate kid=2026-11 event=key.rotated
  outboxd_here enqueue caracal.audit.events <<'JSON'
{"event": "token.issued", "zone_id": "z-1", "subject": "user:ada", "exact": 9007199254740993, "ratio": 1.10}
{"event": "policy.denied", "zone_id": "z-1", "subject": "größe", "context": {"ip": "192.0.2.7", "tags": ["a", "b"]}, "left_out": null}
JSON
  # One more row as a service writes it: by a plain INSERT in the transaction of its own change.
  psql_here -d outboxd <<'SQL'
BEGIN;
INSERT INTO event_outbox (id, stream_name, payload_json, request_id)
SELECT substr(millis, 1, 8) || '-' || substr(millis, 9, 4) || '-7' || substr(random, 1, 3) || '-a' ||
       substr(random, 4, 3) || '-' || substr(random, 7, 12),
       'caracal.policy.invalidate',
       '{"zone_id": "z-2", "event": "policy.retired", "version": 4}', 'req-42'
FROM (SELECT lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') AS millis,
             replace(gen_random_uuid()::text, '-', '') AS random) AS uuid_v7;
COMMIT;
SQL
}

entries_in_redis() {
  local total=0 stream
  for stream in "${streams[@]}"; do
    total=$((total + $(redis_here xlen "$stream")))
  done
  echo "$total"
}

all_arrived() { [ "$(entries_in_redis)" -ge "$samples" ]; }

rows_left() {
  psql_here -d outboxd -At -c 'SELECT count(*) FROM event_outbox WHERE dispatched_at IS NULL'
}

all_settled() { [ "$(rows_left)" = 0 ]; }

show_entries() {
  local stream
  for stream in "${streams[@]}"; do
    printf '\n$ redis-cli XRANGE %s - +\n' "$stream"
    redis_here --no-raw xrange "$stream" - +
  done
}

show_moved_metrics() {
  printf '\n%-84s %10s %10s\n' 'metric' 'before' 'after'
  awk 'NR == FNR { if ($0 !~ /^#/) before[substr($0, 1, length($0) - length($NF) - 1)] = $NF; next }
    /^outboxd_/ && !/_bucket[{]/ {
      name = substr($0, 1, length($0) - length($NF) - 1)
      if (!(name in before)) before[name] = "-"
      if (before[name] != $NF) printf "%-84s %10s %10s\n", name, before[name], $NF
    }' "$folder/metrics.before" "$folder/metrics.after"
}

# A scrape may come after an entry has arrived and before it is counted.
metrics_moved() {
  fetch /metrics >"$folder/metrics.after" && [ -n "$(show_moved_metrics | awk '/published/')" ]
}

demonstrate() {
  say "starting a private Postgres ($("$pg/postgres" --version | awk '{ print $3 }')) in $folder"
  start_postgres
  say "starting a private Redis ($(redis-server --version | sed -E 's/.*v=([^ ]+).*/\1/')) beside it"
  start_redis
  say "writing settings and a random signing key"
  write_settings
  isolated "$outboxd" config check "$folder/outboxd.toml"
  say "creating the tables: outboxd migrate"
  outboxd_here migrate
  say "starting the daemon: outboxd run"
  start_daemon
  fetch /metrics >"$folder/metrics.before"

  say "writing $samples sample events, five by 'outboxd enqueue' and one by plain SQL"
  write_samples
  until_true 60 "all $samples events are in their streams" all_arrived
  until_true 60 "all rows are marked as dispatched" all_settled
  say "all $samples events arrived, and no row is left; this is what a consumer reads:"
  show_entries
  printf '\n'
  say "checking the signatures with an independent consumer, deploy/verify.py"
  isolated python3 "$source_root/deploy/verify.py" --redis "unix:$folder/run/redis.sock" \
    --key-file "$folder/streams.key" "${streams[@]}"
  printf '\n'
  say "what moved in http://$http/metrics meanwhile"
  until_true 30 "the metrics count the events" metrics_moved
  show_moved_metrics
  printf '\n'
}

explain_kept() {
  cat <<TEXT
Postgres, Redis and the daemon keep running. To talk to them (as this user):
  rows       $pg/psql -h $folder/run -U outboxd outboxd
  entries    redis-cli -s $folder/run/redis.sock
  new event  $outboxd enqueue --config $folder/outboxd.toml caracal.policy.invalidate zone_id=z-1 version:=5
  metrics    curl http://$http/metrics
  signatures deploy/verify.py --redis unix:$folder/run/redis.sock --key-file $folder/streams.key STREAM…
  logs       $folder/log/
To stop them and remove $folder:
  deploy/quickstart.sh --stop
TEXT
}

keep=no
case ${1:-} in
  '') ;;
  --keep) keep=yes ;;
  --stop)
    stop_kept
    exit
    ;;
  -h | --help)
    sed -n '3,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit
    ;;
  *) die "unknown option $1 (known: --keep, --stop)" ;;
esac

say "looking for missing packages"
"$source_root/deploy/packages.sh" build servers
forget_settings
say "building outboxd into build/release"
"$source_root/deploy/build.sh" release outboxd
pg=$(postgres_bin)
make_folder
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
# A copy, as other users may not be able to read the source tree, and a kept daemon should survive the next build.
outboxd=$folder/outboxd
install -m 755 "$source_root/build/release/daemon/outboxd" "$outboxd"
demonstrate
if [ "$keep" = yes ]; then
  touch "$folder/kept"
  explain_kept
fi
