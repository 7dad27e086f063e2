// SPDX-License-Identifier: Apache-2.0
#include "outbox/failure.hpp"

#include <algorithm>
#include <array>

namespace outboxd {
namespace {

struct Code {
  std::string_view word;
  Fault fault;
};

// The first word of an error reply, as in Redis' `server.c` (7.0 to 8.0).
constexpr std::array kCodes{
    Code{"BUSY", Fault::redis_unavailable},       Code{"CLUSTERDOWN", Fault::redis_unavailable},
    Code{"DENIED", Fault::redis_unavailable},     Code{"LOADING", Fault::redis_unavailable},
    Code{"MASTERDOWN", Fault::redis_unavailable}, Code{"MISCONF", Fault::redis_unavailable},
    Code{"NOAUTH", Fault::redis_unavailable},     Code{"NOREPLICAS", Fault::redis_unavailable},
    Code{"OOM", Fault::redis_unavailable},        Code{"READONLY", Fault::redis_unavailable},
    Code{"UNKILLABLE", Fault::redis_unavailable}, Code{"WRONGPASS", Fault::redis_unavailable},
    Code{"NOPROTO", Fault::redis_unavailable},    Code{"IOERR", Fault::redis_unavailable},
    Code{"ASK", Fault::stream_refused},           Code{"CROSSSLOT", Fault::stream_refused},
    Code{"MOVED", Fault::stream_refused},         Code{"TRYAGAIN", Fault::stream_refused},
    Code{"WRONGTYPE", Fault::stream_refused},
};

// Errors without a code of their own that mean that no entry can be written at all.
constexpr std::array kEverybody{
    std::string_view{"ERR unknown command"},
    std::string_view{"ERR max number of clients"},
    std::string_view{"ERR operation not permitted"},
    std::string_view{"ERR AUTH"},
    std::string_view{"ERR invalid password"},
    std::string_view{"ERR DB index is out of range"},
    std::string_view{"ERR SELECT is not allowed"},
    std::string_view{"ERR This instance has cluster support disabled"},
};

// Errors without a code of their own that mean that no entry can be written to this stream.
constexpr std::array kStream{
    std::string_view{"ERR The stream has exhausted the last possible ID"},
};

// NOPERM has two forms: about the command, which concerns all entries, and about a key, which concerns the stream.
Fault guess_by_noperm(std::string_view noperm) {
  return noperm.find("permissions to run") != std::string_view::npos ? Fault::redis_unavailable
                                                                     : Fault::stream_refused;
}

}  // namespace

const char* to_string(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "none";
    case Fault::bad_row:
      return "bad_row";
    case Fault::attempts_exhausted:
      return "attempts_exhausted";
    case Fault::refused:
      return "refused";
    case Fault::entry_refused:
      return "entry_refused";
    case Fault::stream_refused:
      return "stream_refused";
    case Fault::stream_blocked:
      return "stream_blocked";
    case Fault::redis_unavailable:
      return "redis_unavailable";
    case Fault::redis_unreachable:
      return "redis_unreachable";
    case Fault::redis_login_refused:
      return "redis_login_refused";
    case Fault::unanswered:
      return "unanswered";
    case Fault::lease_expiring:
      return "lease_expiring";
    case Fault::out_of_memory:
      return "out_of_memory";
    case Fault::stopping:
      return "stopping";
  }
  return "unknown";
}

Fault guess_by_words(std::string_view error) {
  const auto word = error.substr(0, error.find(' '));
  if (word == "NOPERM") return guess_by_noperm(error);
  const auto* const code = std::ranges::find(kCodes, word, &Code::word);
  if (code != kCodes.end()) return code->fault;
  const auto begins_it = [&](std::string_view prefix) { return error.starts_with(prefix); };
  if (std::ranges::any_of(kEverybody, begins_it)) return Fault::redis_unavailable;
  return std::ranges::any_of(kStream, begins_it) ? Fault::stream_refused : Fault::refused;
}

}  // namespace outboxd
