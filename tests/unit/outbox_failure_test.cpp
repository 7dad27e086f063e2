// SPDX-License-Identifier: Apache-2.0
#include "outbox/failure.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace outboxd {
namespace {

struct Case {
  const char* error;
  Fault fault;
};

// The texts are Redis' own, of 7.0 to 8.0.
constexpr std::array kCases{
    // Words that don't show the fault: those of proxies and services, and of entries.
    Case{"upstream failure", Fault::refused},
    Case{"no upstream host", Fault::refused},
    Case{"ERR Connection refused", Fault::refused},
    Case{"ERR max daily request limit exceeded", Fault::refused},
    Case{"ERR wrong number of arguments for 'xadd' command", Fault::refused},
    Case{"ERR Protocol error: invalid bulk length", Fault::refused},
    Case{"SOMETHINGNEW of a later version", Fault::refused},
    Case{"", Fault::refused},
    // This stream is no stream, may not be written, or is elsewhere.
    Case{"WRONGTYPE Operation against a key holding the wrong kind of value", Fault::stream_refused},
    Case{"ERR The stream has exhausted the last possible ID, unable to add more items", Fault::stream_refused},
    Case{"NOPERM No permissions to access a key", Fault::stream_refused},
    Case{"NOPERM this user has no permissions to access one of the keys used as arguments", Fault::stream_refused},
    Case{"NOPERM User outboxd has no permissions to access the 'caracal.x' key", Fault::stream_refused},
    Case{"MOVED 3999 127.0.0.1:6381", Fault::stream_refused},
    Case{"ASK 3999 127.0.0.1:6381", Fault::stream_refused},
    Case{"TRYAGAIN Multiple keys request during rehashing of slot", Fault::stream_refused},
    Case{"CROSSSLOT Keys in request don't hash to the same slot", Fault::stream_refused},
    // No client is served.
    Case{"OOM command not allowed when used memory > 'maxmemory'.", Fault::redis_unavailable},
    Case{"LOADING Redis is loading the dataset in memory", Fault::redis_unavailable},
    Case{"READONLY You can't write against a read only replica.", Fault::redis_unavailable},
    Case{"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
         Fault::redis_unavailable},
    Case{"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist on disk.",
         Fault::redis_unavailable},
    Case{"BUSY Redis is busy running a script.", Fault::redis_unavailable},
    Case{"UNKILLABLE Sorry the script already executed write commands", Fault::redis_unavailable},
    Case{"CLUSTERDOWN The cluster is down", Fault::redis_unavailable},
    Case{"NOREPLICAS Not enough good replicas to write.", Fault::redis_unavailable},
    Case{"NOAUTH Authentication required.", Fault::redis_unavailable},
    Case{"DENIED Redis is running in protected mode because protected mode is enabled", Fault::redis_unavailable},
    Case{"WRONGPASS invalid username-password pair or user is disabled.", Fault::redis_unavailable},
    Case{"NOPERM this user has no permissions to run the 'xadd' command", Fault::redis_unavailable},
    Case{"NOPERM User outboxd has no permissions to run the 'xadd' command", Fault::redis_unavailable},
    Case{"ERR unknown command 'XADD', with args beginning with: 's' 'MAXLEN'", Fault::redis_unavailable},
    Case{"ERR max number of clients reached", Fault::redis_unavailable},
    Case{"ERR DB index is out of range", Fault::redis_unavailable},
};

}  // namespace

TEST_CASE("the words of a Redis error give a first guess at the fault") {
  for (const auto& [error, fault] : kCases) {
    CAPTURE(error);
    CHECK(std::string{to_string(guess_by_words(error))} == to_string(fault));
  }
}

TEST_CASE("only the first word is an error's code") {
  CHECK(guess_by_words("ERR the value OOM is no code here") == Fault::refused);
  CHECK(guess_by_words("OOMPH is another word") == Fault::refused);
}

}  // namespace outboxd
