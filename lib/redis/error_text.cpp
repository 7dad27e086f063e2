// SPDX-License-Identifier: Apache-2.0
#include "redis/error_text.hpp"

#include "outbox/server_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <new>

namespace outboxd::redis {
namespace {

// Errors of Redis (server.c, acl.c, cluster.c and t_stream.c of 5.0 to 8.0), and of known proxies.
constexpr std::array<std::string_view, 61> kKnown{
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    "READONLY You can't write against a read only slave.",
    "LOADING Redis is loading the dataset in memory",
    "BUSY Redis is busy running a script. *",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. *",
    "MISCONF Redis is configured to save RDB snapshots, but *",
    "MISCONF Errors writing to the AOF file: No space left on device",
    "MISCONF Errors writing to the AOF file: *",
    "NOREPLICAS Not enough good replicas to write.",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "NOPERM No permissions to access a key",
    "NOPERM User * has no permissions to access the '*' key",
    "NOPERM User * has no permissions to run the '*' command",
    "NOPERM this user has no permissions to access one of the keys used as arguments",
    "NOPERM this user has no permissions to run the '*' command or its subcommand",
    "NOPROTO unsupported protocol version",
    "CLUSTERDOWN The cluster is down",
    "CLUSTERDOWN The cluster is down and only accepts read commands",
    "CLUSTERDOWN Hash slot not served",
    "MOVED # @",
    "ASK # @",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "CROSSSLOT Keys in request don't hash to the same slot",
    "ERR unknown command *",
    "ERR unsupported command *",
    "ERR wrong number of arguments for '*' command",
    "ERR wrong number of arguments for *",
    "ERR syntax error",
    "ERR invalid request",
    "ERR max number of clients reached",
    "ERR max number of clients + cluster connections reached",
    "ERR operation not permitted",
    "ERR invalid password",
    "ERR Client sent AUTH, but no password is set",
    "ERR AUTH <password> called without any password configured for the default user. *",
    "ERR AUTH *",
    "ERR DB index is out of range",
    "ERR SELECT is not allowed in cluster mode",
    "ERR This instance has cluster support disabled",
    "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    "ERR The ID specified in XADD must be greater than 0-0",
    "ERR The stream has exhausted the last possible ID, unable to add more items",
    "ERR Elements are too large to be stored",
    "ERR string exceeds maximum allowed size *",
    "ERR Invalid stream ID specified as stream command argument",
    "ERR value is not an integer or out of range",
    "ERR Protocol error: *",
    "ERR Connection refused",
    "ERR max daily request limit exceeded",
    "ERR max daily request limit exceeded. *",
    "ERR max requests limit exceeded. *",
    "ERR max request size exceeded. *",
    "ERR max requests per second limit exceeded. *",
    "upstream failure",
    "no upstream host",
    "invalid request",
    "IOERR error or timeout *",
};

// The words of an unknown error are searched for in the commands while the event loop waits, so both the number of
// such errors and the searched bytes are bounded.
constexpr std::size_t kMostUnknown = 8;
constexpr std::size_t kMostSearched = 128UL << 20U;
constexpr std::size_t kLongestCode = 20;

/// The first word if it is a code such as "ERR" or "OOM", else "".
std::string_view code_of(std::string_view error) {
  const auto word = error.substr(0, error.find(' '));
  const bool is_code = !word.empty() && word.size() <= kLongestCode &&
                       std::ranges::all_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
  return is_code ? word : std::string_view{};
}

}  // namespace

std::string ErrorTexts::shown(const std::string& error) {
  if (auto known = server_text::shown_as_known(error, kKnown)) return std::move(*known);
  return beside_what_was_sent(error);
}

std::string ErrorTexts::beside_what_was_sent(const std::string& error) {
  if (const auto known = known_.find(error); known != known_.end()) return known->second;
  if (known_.size() < kMostUnknown && may_search(error)) {
    try {
      if (!sent_in_lower_case_) sent_in_lower_case_ = server_text::in_lower_case(sent_);
      return known_[error] = server_text::shown_beside(error, *sent_in_lower_case_);
    } catch (const std::bad_alloc&) {
      // Only the text is missing; the reply itself is known.
    }
  }
  const auto code = code_of(error);
  return code.empty() ? std::string{server_text::kMask} : std::string{code}.append(" ").append(server_text::kMask);
}

bool ErrorTexts::may_search(std::string_view error) {
  const auto between_words = std::ranges::count_if(error, [](unsigned char c) { return std::isalnum(c) == 0; });
  const auto bytes = (static_cast<std::size_t>(between_words) + 1) * sent_.size();
  if (bytes > kMostSearched - searched_) return false;
  searched_ += bytes;
  return true;
}

}  // namespace outboxd::redis
