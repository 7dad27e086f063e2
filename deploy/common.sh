# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the scripts of this project: the source tree's path, messages, and the environment that must not be
# inherited.

source_root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck disable=SC2034  # for the scripts that source this file
readonly source_root

say() { printf '==> %s\n' "$*"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# A caller's DATABASE_URL or PGHOST must never point a demonstration or a test at a server that it did not start.
forget_settings() {
  local name
  while read -r name; do
    case $name in
      PG* | DATABASE_URL* | REDIS_* | STREAMS_* | METRICS_BEARER* | CARACAL_* | OUTBOX_* | OUTBOXD_* | LOG_LEVEL | \
        NOTIFY_SOCKET | WATCHDOG_* | CREDENTIALS_DIRECTORY | *_proxy | *_PROXY)
        unset "$name" ;;
    esac
  done < <(compgen -e)
}

# The programs of the newest Postgres server; on Debian they are not in PATH.
postgres_bin() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
  [ -x "$newest" ] || die "no Postgres server under /usr/lib/postgresql; install the package postgresql"
  dirname -- "$newest"
}
