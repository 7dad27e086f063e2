#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the two commands of the README on fresh systems: in bare debootstrap folders ("rooms") of Debian 12 and 13, as
# root and as a user with sudo, each twice.
#
#   tests/rooms.sh [12|13|all] [--user root|newcomer] [--only quickstart|tests|runtime]
#                  [--base DIR] [--mirror URL] [--logs DIR] [--enter]
#
# Needs root, the package debootstrap and a Debian mirror (--mirror, else debootstrap's default). With --base the bare
# systems are kept as DIR/bookworm-base and DIR/trixie-base, and only copied the next time. One room takes about 1.5 GB
# under TMPDIR (or /var/tmp) while it is used. --enter opens a shell in each room before it is removed.
# "runtime" checks that the binary starts if only the packages of the runtime group are installed.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../deploy/common.sh"

mirror=
base=
logs=
enter=no
releases=(12 13)
users=(root newcomer)
commands=(quickstart tests runtime)
while [ $# -gt 0 ]; do
  case $1 in
    12 | 13) releases=("$1") ;;
    all) releases=(12 13) ;;
    --user) users=("${2:?}") && shift ;;
    --only) commands=("${2:?}") && shift ;;
    --base) base=${2:?} && shift ;;
    --mirror) mirror=${2:?} && shift ;;
    --logs) logs=${2:?} && shift ;;
    --enter) enter=yes ;;
    -h | --help)
      sed -n '3,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit
      ;;
    *) die "unknown argument $1 (see --help)" ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || die "needs root: debootstrap, chroot and mounts"
command -v debootstrap >/dev/null || die "needs debootstrap: apt-get install debootstrap"

workshop=$(mktemp -d "${TMPDIR:-/var/tmp}/outboxd-rooms.XXXXXX")
[ -n "$base" ] || base=$workshop
mkdir -p "$base"
[ -n "$logs" ] || logs=$(mktemp -d "${TMPDIR:-/var/tmp}/outboxd-rooms-logs.XXXXXX")
mkdir -p "$logs"
logs=$(cd "$logs" && pwd -P)
table=()
room=

codename() { [ "$1" = 12 ] && echo bookworm || echo trixie; }

mounts_below() { awk -v top="$1/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r; }

processes_in() {
  local link
  for link in /proc/[0-9]*/root; do
    if [ "$(readlink "$link" 2>/dev/null)" = "$1" ]; then link=${link%/root} && echo "${link#/proc/}"; fi
  done
}

# Only processes that run inside this room, found by their root folder.
close_room() {
  local pid mount
  [ -n "$room" ] && [ -d "$room" ] || return 0
  for pid in $(processes_in "$room"); do kill -s KILL "$pid" 2>/dev/null || true; done
  while read -r mount; do umount "$mount" 2>/dev/null || umount -l "$mount"; done < <(mounts_below "$room")
  # If a mount were left, rm would delete this machine's own /dev.
  [ -z "$(mounts_below "$room")" ] || die "something is still mounted under $room; unmount and remove it by hand"
  rm -rf --one-file-system -- "$room"
  room=
}

show_table() {
  [ ${#table[@]} -gt 0 ] || return 0
  printf '\n%-7s %-9s %-11s %-4s %-7s %8s\n' Debian user command run result seconds
  printf '%s\n' "${table[@]}"
  printf 'logs: %s\n' "$logs"
}

finish() {
  local status=$?
  trap - EXIT
  trap '' INT TERM
  close_room
  rm -rf --one-file-system -- "$workshop"
  show_table
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

make_base() {
  local name
  name=$(codename "$1")
  [ -e "$base/$name-base/etc/debian_version" ] && return
  say "debootstrap $name into $base/$name-base"
  debootstrap --variant=minbase "$name" "$base/$name-base.part" ${mirror:+"$mirror"} >"$logs/debootstrap-$name.log" 2>&1 ||
    die "debootstrap failed, see $logs/debootstrap-$name.log"
  mv "$base/$name-base.part" "$base/$name-base"
}

# The working tree as a fresh clone would be: files that git tracks or would add, without ignored files.
copy_sources() {
  mkdir -p "$1"
  local file
  git -C "$source_root" -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
      if [ -e "$source_root/$file" ]; then printf '%s\0' "$file"; fi
    done |
    tar -C "$source_root" --null --no-recursion -T - -cf - | tar -C "$1" --no-same-owner -xf -
}

inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8 chroot "$room" "$@"; }

open_room() {
  room=$workshop/room
  mkdir "$room"
  cp -a --reflink=auto "$base/$(codename "$1")-base/." "$room/"
  cp -L /etc/resolv.conf /etc/hosts "$room/etc/"
  mount -t proc proc "$room/proc"
  mount --bind /dev "$room/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$room/dev/shm"
  mount -t devpts -o ptmxmode=666 devpts "$room/dev/pts" 2>/dev/null || mount --bind /dev/pts "$room/dev/pts"
}

# A newcomer: an ordinary user who may use sudo, with the sources in the home folder.
admit_newcomer() {
  inside sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sudo' \
    >"$logs/$1-sudo.log" 2>&1
  inside useradd --create-home --shell /bin/bash newcomer
  echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$room/etc/sudoers.d/newcomer"
  chmod 440 "$room/etc/sudoers.d/newcomer"
}

as_user() {  # as_user USER COMMAND…, in that user's copy of the sources
  local user=$1 home=/root
  shift
  [ "$user" = root ] || home=/home/$user
  inside setpriv --reuid="$user" --regid="$user" --init-groups env HOME="$home" USER="$user" \
    sh -c 'cd ~/outboxd && exec "$@"' sh "$@" </dev/null
}

# The lines that a passing log must have, as a script that does nothing would also exit with 0.
log_proves() {
  case $1 in
    quickstart) [ "$(grep -c 'signature ok' "$2")" -ge 4 ] && grep -q 'outboxd_.*published' "$2" ;;
    tests) tail -n 5 "$2" | grep -q '^Total Test time' && grep -q '^100% tests passed, 0 tests failed out of [1-9]' "$2" ;;
    runtime) grep -q '^outboxd ' "$2" ;;
  esac
}

# Checks that a command leaves no process, temporary folder, policy or database cluster behind.
leftovers() {
  local pid path
  for pid in $(processes_in "$room"); do
    printf 'left behind: process %s: %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline")"
  done
  for path in "$room"/tmp/* "$room/usr/sbin/policy-rc.d" "$room"/etc/postgresql/*/* \
    "$room"/etc/systemd/system/multi-user.target.wants/redis*; do
    [ ! -e "$path" ] || printf 'left behind: %s\n' "${path#"$room"}"
  done
}

try_command() {  # RELEASE USER COMMAND RUN
  local release=$1 user=$2 command=$3 run=$4 log began=$SECONDS result=passed script left
  log=$logs/debian$release-$user-$command-$run.log
  [ "$command" = quickstart ] && script=./deploy/quickstart.sh || script=./tests/run.sh
  say "Debian $release, $user, $script, run $run"
  as_user "$user" "$script" >"$log" 2>&1 || result="FAILED"
  [ "$result" = FAILED ] || log_proves "$command" "$log" || result="HOLLOW"
  left=$(leftovers)
  if [ -n "$left" ]; then
    printf '%s\n' "$left" | tee -a "$log"
    [ "$result" != passed ] || result="LITTER"
  fi
  [ "$result" = passed ] || tail -n 25 "$log"
  table+=("$(printf '%-7s %-9s %-11s %-4s %-7s %8d' "$release" "$user" "$command" "$run" "$result" $((SECONDS - began)))")
}

# Runs the binary that the quickstart built in a bare room with only the runtime packages.
try_runtime() {
  local release=$1 log=$logs/debian$1-runtime.log began=$SECONDS result=passed
  say "Debian $release, only the runtime packages"
  open_room "$release"
  copy_sources "$room/root/outboxd"
  install -D -m 755 "$workshop/outboxd-$release" "$room/usr/bin/outboxd"
  { inside /root/outboxd/deploy/packages.sh runtime && inside outboxd --version; } >"$log" 2>&1 || result=FAILED
  [ "$result" = FAILED ] || log_proves runtime "$log" || result=HOLLOW
  [ "$result" = passed ] || tail -n 25 "$log"
  table+=("$(printf '%-7s %-9s %-11s %-4s %-7s %8d' "$release" root runtime 1 "$result" $((SECONDS - began)))")
  close_room
}

for release in "${releases[@]}"; do
  make_base "$release"
  for user in "${users[@]}"; do
    open_room "$release"
    home=/root
    if [ "$user" != root ]; then
      admit_newcomer "debian$release"
      home=/home/$user
    fi
    copy_sources "$room$home/outboxd"
    inside chown -R "$user:$user" "$home/outboxd"
    for command in "${commands[@]}"; do
      [ "$command" != runtime ] || continue
      try_command "$release" "$user" "$command" 1
      try_command "$release" "$user" "$command" 2
    done
    built=$room$home/outboxd/build/release/daemon/outboxd
    [ ! -x "$built" ] || cp "$built" "$workshop/outboxd-$release"
    [ "$enter" = no ] || inside bash -l || true
    close_room
  done
  case " ${commands[*]} " in
    *' runtime '*)
      [ -x "$workshop/outboxd-$release" ] || die "runtime needs the binary that the quickstart builds: drop --only"
      try_runtime "$release"
      ;;
  esac
done
case "${table[*]}" in *FAILED* | *HOLLOW* | *LITTER*) exit 1 ;; esac
