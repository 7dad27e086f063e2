// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace outboxd::http {

struct GetOptions {
  /// The value of `http.listen`. For a wildcard address (0.0.0.0, ::) the loopback address is used. For a host name
  /// the first address that belongs to this machine is used, so that no other machine gets the token.
  std::string listen;
  std::string path;
  /// Sent as a bearer token; empty: none.
  std::string bearer{};
  std::chrono::milliseconds timeout{1'000};
};

/// The result of a request.
struct Got {
  /// 0: no HTTP server answered, and `problem` says why.
  unsigned status = 0;
  std::string body{};
  std::string problem{};
};

/// Fetches a page. Follows no redirection. Blocks up to the time-out, and as long as resolving a host name takes.
[[nodiscard]] Got get(const GetOptions& options);

}  // namespace outboxd::http
