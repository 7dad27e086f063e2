#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A consumer of a group that accepts every key of a folder (*.key, hex), with what deploy/verify.py exports.

    rotating_consumer.py DEPLOY_FOLDER REDIS_SOCKET KEY_FOLDER STREAM GROUP

Looks into the folder before each read, and prints after each read which keys it held, and how many entries each key
has signed so far: `held new.key,old.key; new.key 12; old.key 7; rejected 0`. Entries that no key signed are skipped
and acknowledged, as the services do. SIGTERM ends it.
"""

import collections
import pathlib
import signal
import sys


def main():
    deploy, socket, key_folder, stream, group = sys.argv[1:]
    sys.path.insert(0, deploy)
    import verify

    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    redis = verify.Redis("unix:" + socket)
    counts = collections.Counter()

    def signer(keys, fields):
        for name, key in keys.items():
            try:
                verify.check(key, stream, fields)
                return name
            except verify.SignatureError:
                pass
        return "rejected"

    while not stopped:
        try:
            keys = {path.name: verify.read_key(path) for path in sorted(pathlib.Path(key_folder).glob("*.key"))}
        except FileNotFoundError:
            continue  # a key was dropped meanwhile
        read = redis.call("XREADGROUP", "GROUP", group, "python", "COUNT", 100, "BLOCK", 50, "STREAMS", stream, ">")
        for entry_id, flat in read[0][1] if read else []:
            counts[signer(keys, list(zip(flat[::2], flat[1::2])))] += 1
            redis.call("XACK", stream, group, entry_id)
        counted = "; ".join(f"{name} {counts[name]}" for name in ("new.key", "old.key", "rejected"))
        print(f"held {','.join(keys)}; {counted}", flush=True)


if __name__ == "__main__":
    main()
