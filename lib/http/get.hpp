// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace outboxd::http {

struct GetOptions {
  /// As http.listen has it; an address that stands for all of a machine's is asked for on the loopback. Of a name,
  /// its first address that is one of this machine's: no other is asked, so that no other gets the token.
  std::string listen;
  std::string path;
  /// Sent as a bearer token; empty: none.
  std::string bearer{};
  std::chrono::milliseconds timeout{1'000};
};

/// What came of it.
struct Got {
  /// 0: nothing that speaks HTTP answered, and `problem` says why.
  unsigned status = 0;
  std::string body{};
  std::string problem{};
};

/// Follows no redirection. Blocks up to the time-out, and as long as resolving a name takes.
[[nodiscard]] Got get(const GetOptions& options);

}  // namespace outboxd::http
