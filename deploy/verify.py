#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sample consumer: reads whole streams and checks the signature of every entry.

As a library: `check(key, stream, fields)` decides whether an entry is to be trusted, and `values_like_fields(fields)`
names the fields whose values could be fields of another entry with the same signature. With signing.strict,
`check_sig2(key, stream, fields)` is the one check of
signatures that is needed, and `doubt_of_time(entry_id, signed_at)` shows what may be a copy.

Shares no code with outboxd and needs nothing but Python's standard library, so it shows what a consumer in any
language has to do. Exit status: 0 every entry of every stream is signed by this key, 1 otherwise, 2 could not look.

    verify.py --redis unix:/run/redis/redis.sock --key-file streams.key caracal.policy.invalidate
"""

import argparse
import hashlib
import hmac
import re
import socket
import sys

SIGNATURE_FIELD = b"_sig"
STRICT_FIELD = b"_sig2"
STRICT_FORM = re.compile(rb"v1:([0-9a-f]{16}):(0|[1-9][0-9]{0,13}):([0-9a-f]{64})")
# The dispatcher writes entries at once: further apart, an entry's id and its signing raise a doubt.
LATE_AFTER_MS = 5 * 60 * 1000
PAGE_ENTRIES = 500


# C0, DEL and C1: no stream's name has one of them.
CONTROL_CHARACTERS = {*range(0x20), *range(0x7F, 0xA0)}


class SignatureError(Exception):
    """An entry that a consumer must skip and acknowledge."""


class RedisError(Exception):
    """Redis answered with an error."""


class Redis:
    """As much of the Redis protocol (RESP2) as reading a stream needs."""

    def __init__(self, address, timeout_seconds=10):
        if address.startswith("unix:"):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(timeout_seconds)
            self._socket.connect(address[len("unix:"):])
        else:
            host, _, port = address.rpartition(":")
            self._socket = socket.create_connection((host.strip("[]") or "127.0.0.1", int(port)), timeout_seconds)
        self._replies = self._socket.makefile("rb")

    def call(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        request = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)
        self._socket.sendall(request)
        return self._reply()

    def _reply(self):
        line = self._replies.readline()
        if not line.endswith(b"\r\n"):
            raise RedisError("the connection ended in the middle of a reply")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RedisError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            if size < 0:
                return None
            data = self._replies.read(size + 2)
            if len(data) != size + 2:
                raise RedisError("the connection ended in the middle of a reply")
            return data[:-2]
        if kind == b"*":
            return [self._reply() for _ in range(int(rest))]
        raise RedisError(f"unexpected reply {line!r}")


def entries(redis, stream):
    """Every entry of the stream, oldest first, as (id, [(field, value), …]), all bytes."""
    start = b"-"
    while True:
        page = redis.call("XRANGE", stream, start, "+", "COUNT", PAGE_ENTRIES)
        for entry_id, flat in page:
            yield entry_id, list(zip(flat[::2], flat[1::2]))
        if len(page) < PAGE_ENTRIES:
            return
        start = b"(" + page[-1][0]


def canonical(stream, fields):
    """What is signed: the stream's name, then every field but the signature, sorted by its UTF-8 bytes."""
    lines = [stream.encode() + b"\n"]
    lines += [name + b"=" + value + b"\n" for name, value in sorted(fields, key=lambda field: field[0]) if name != SIGNATURE_FIELD]
    return b"".join(lines)


def values_like_fields(fields):
    """The names of the fields whose value has a line of the form `name=` after its first line.

    What is signed has a line for each field, so the signature of such an entry is good for another one as well, in
    which that line is a field of its own, and the other way round. A consumer that can do without such values should
    refuse them; `check(…, strict=True)` does.
    """
    return [name for name, value in fields if b"=" in value.partition(b"\n")[2] and name != SIGNATURE_FIELD]


def check(key, stream, fields, strict=False):
    """Raises SignatureError unless the entry was signed with this key, and can't be misread.

    `key` and the names and values of `fields` (a list of pairs, as Redis returns them) are bytes, `stream` is the name
    of the stream that the entry was read from. Names with a '=' or a line end are refused, as is a name that appears
    twice: `{"a=b": "c"}` and `{"a": "b=c"}` have one signature. With `strict`, so are values_like_fields().

    The signature proves that an outboxd with this key made these fields for this stream. It does not prove that the
    entry is new (every client that can write to the stream can add a copy: remember each outbox_id), that none before
    it is missing, or that they are in the order in which they were made.
    """
    if any(ord(character) in CONTROL_CHARACTERS for character in stream):
        raise SignatureError("the stream's name has a control character")
    names = [name for name, _ in fields]
    if any(b"=" in name or b"\n" in name for name in names):
        raise SignatureError("a field's name has a '=' or a line end")
    if len(set(names)) != len(names):
        raise SignatureError("a field appears twice")
    given = dict(fields).get(SIGNATURE_FIELD)
    if given is None:
        raise SignatureError("signature missing")
    wanted = hmac.new(key, canonical(stream, fields), hashlib.sha256).hexdigest().encode()
    if not hmac.compare_digest(given, wanted):
        raise SignatureError("signature wrong")
    if strict and values_like_fields(fields):
        raise SignatureError("a value has a line of the form name=")


def key_id(key):
    """The id by which `_sig2` names a key."""
    return hashlib.sha256(b"outboxd-key-id-v1:" + key).hexdigest()[:16].encode()


def netstring(data):
    return b"%d:%s," % (len(data), data)


def strict_text(key_name, milliseconds, stream, fields):
    """What `_sig2` signs: length-prefixed parts, the fields in the order in which they stand in the entry."""
    parts = [b"outboxd-sig2-v1", key_name, milliseconds, stream.encode()]
    for name, value in fields:
        if name not in (SIGNATURE_FIELD, STRICT_FIELD):
            parts += [name, value]
    return b"\0" + b"".join(map(netstring, parts))


def check_sig2(key, stream, fields):
    """Raises SignatureError unless `_sig` and `_sig2` were made with this key for exactly this entry.

    Unlike check(), it refuses no names or values: `_sig2` has no ambiguities. Returns the time of signing, in
    milliseconds since 1970.
    """
    names = [name for name, _ in fields]
    if names[-2:] != [STRICT_FIELD, SIGNATURE_FIELD] or STRICT_FIELD in names[:-2] or SIGNATURE_FIELD in names[:-2]:
        raise SignatureError("the last two fields are not _sig2 and _sig, or one of these appears twice")
    wanted = hmac.new(key, canonical(stream, fields), hashlib.sha256).hexdigest().encode()
    if not hmac.compare_digest(fields[-1][1], wanted):
        raise SignatureError("signature wrong")
    form = STRICT_FORM.fullmatch(fields[-2][1])
    if form is None:
        raise SignatureError("_sig2 has another form than outboxd gives it")
    key_name, milliseconds, given = form.groups()
    if key_name != key_id(key):
        raise SignatureError(f"_sig2 names another key, {key_name.decode()}")
    wanted = hmac.new(key, strict_text(key_name, milliseconds, stream, fields), hashlib.sha256).hexdigest().encode()
    if not hmac.compare_digest(given, wanted):
        raise SignatureError("_sig2 wrong")
    return int(milliseconds)


def doubt_of_time(entry_id, signed_at):
    """Why the time of an entry's id doesn't fit the time of its signing; empty if it does.

    Such an entry may be a copy. It must not be refused for that alone: ids never go back, so that after Redis' clock
    ran ahead (or one XADD with an id in the future) every genuine entry looks late, until the time has caught up.
    Decide by its outbox_id: if that was seen before, it is a copy; otherwise it is accepted, and reported.
    """
    late_by = int(entry_id.split(b"-")[0]) - signed_at
    if late_by > LATE_AFTER_MS:
        return "added long after it was signed"
    if late_by < -LATE_AFTER_MS:
        return "signed long after its id"
    return ""


def read_key(path):
    with open(path, encoding="ascii") as file:
        key = bytes.fromhex(file.read().strip())
    if len(key) < 32:
        raise ValueError(f"{path}: the key has {len(key)} bytes, at least 32 are needed")
    return key


def verdict_of_sig2(key, stream, fields, entry_id, known):
    """Checks both signatures, and decides by outbox_id (`known`: those of the entries before) where times differ."""
    doubt = doubt_of_time(entry_id, check_sig2(key, stream, fields))
    outbox_id = dict(fields).get(b"outbox_id")
    if doubt and outbox_id in known:
        raise SignatureError(f"{doubt}, and its outbox_id was there before: a copy")
    known.add(outbox_id)
    return doubt


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--redis", default="127.0.0.1:6379", metavar="ADDRESS", help="HOST:PORT or unix:/path (%(default)s)")
    parser.add_argument("--user", help="Redis user; needs --password-file")
    parser.add_argument("--password-file", metavar="FILE", help="file that holds the Redis password")
    parser.add_argument("--key-file", required=True, metavar="FILE", help="file that holds the signing key in hex")
    parser.add_argument("--strict", action="store_true", help="refuse values that have a line of the form name=")
    parser.add_argument("--sig2", action="store_true", help="check _sig2 as well (signing.strict)")
    parser.add_argument("streams", nargs="+", metavar="STREAM")
    return parser.parse_args()


def connect(arguments):
    redis = Redis(arguments.redis)
    if arguments.password_file:
        with open(arguments.password_file, "rb") as file:
            password = file.read().removesuffix(b"\n")
        redis.call("AUTH", *([arguments.user] if arguments.user else []), password)
    return redis


def main():
    arguments = parse_arguments()
    key = read_key(arguments.key_file)
    redis = connect(arguments)
    good = bad = doubtful = untimely = 0
    for stream in arguments.streams:
        seen = 0
        known = set()
        for entry_id, fields in entries(redis, stream):
            seen += 1
            try:
                doubt = ""
                if arguments.sig2:
                    doubt = verdict_of_sig2(key, stream, fields, entry_id, known)
                else:
                    check(key, stream, fields, arguments.strict)
                good += 1
                verdict = "signature ok"
                if doubt:
                    untimely += 1
                    verdict += f", BUT {doubt.upper()} (its outbox_id is new: clocks differ, or an id was ahead)"
                if not arguments.sig2 and values_like_fields(fields):
                    doubtful += 1
                    verdict += ", BUT A VALUE HAS A LINE OF THE FORM name= (it is good for another entry, too)"
            except SignatureError as error:
                bad += 1
                verdict = str(error).upper()
            print(f"{stream}  {entry_id.decode()}  {verdict}")
        if seen == 0:
            bad += 1
            print(f"{stream}  NO ENTRIES")
    print(f"{good} entries verified, {bad} problems")
    if doubtful:
        print(f"{doubtful} of the verified have a value with a line of the form name=; --strict refuses them")
    if untimely:
        print(f"{untimely} of the verified have an id far from the time of signing; none of these is a copy in its stream")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, RedisError, ValueError) as problem:
        print(f"verify.py: {problem}", file=sys.stderr)
        sys.exit(2)
