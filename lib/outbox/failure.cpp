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

// The first word of an error reply. What is not listed is a judgement of the entry.
constexpr std::array kCodes{
    Code{"BUSY", Fault::redis_refuses},       Code{"CLUSTERDOWN", Fault::redis_refuses},
    Code{"DENIED", Fault::redis_refuses},     Code{"LOADING", Fault::redis_refuses},
    Code{"MASTERDOWN", Fault::redis_refuses}, Code{"MISCONF", Fault::redis_refuses},
    Code{"NOAUTH", Fault::redis_refuses},     Code{"NOREPLICAS", Fault::redis_refuses},
    Code{"OOM", Fault::redis_refuses},        Code{"READONLY", Fault::redis_refuses},
    Code{"UNKILLABLE", Fault::redis_refuses}, Code{"WRONGPASS", Fault::redis_refuses},
    Code{"NOPROTO", Fault::redis_refuses},    Code{"IOERR", Fault::redis_refuses},
    Code{"ASK", Fault::stream_elsewhere},     Code{"CROSSSLOT", Fault::stream_elsewhere},
    Code{"MOVED", Fault::stream_elsewhere},   Code{"TRYAGAIN", Fault::stream_elsewhere},
};

// Errors without a code of their own that nevertheless say that no entry of anybody's can be written.
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

// NOPERM comes in two kinds: about the command, which is everybody's, and about this key, which is the entry's.
bool denies_the_command(std::string_view noperm) {
  return noperm.find("permissions to run") != std::string_view::npos;
}

}  // namespace

const char* to_string(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "none";
    case Fault::bad_row:
      return "bad_row";
    case Fault::worn_out:
      return "worn_out";
    case Fault::entry_refused:
      return "entry_refused";
    case Fault::stream_elsewhere:
      return "stream_elsewhere";
    case Fault::redis_refuses:
      return "redis_refuses";
    case Fault::redis_away:
      return "redis_away";
    case Fault::unanswered:
      return "unanswered";
    case Fault::lease_short:
      return "lease_short";
    case Fault::short_of_memory:
      return "short_of_memory";
    case Fault::stopping:
      return "stopping";
  }
  return "unknown";
}

Fault fault_of_redis_error(std::string_view error) {
  const auto word = error.substr(0, error.find(' '));
  if (word == "NOPERM") return denies_the_command(error) ? Fault::redis_refuses : Fault::entry_refused;
  const auto* const code = std::ranges::find(kCodes, word, &Code::word);
  if (code != kCodes.end()) return code->fault;
  const bool everybody =
      std::ranges::any_of(kEverybody, [&](std::string_view prefix) { return error.starts_with(prefix); });
  return everybody ? Fault::redis_refuses : Fault::entry_refused;
}

}  // namespace outboxd
