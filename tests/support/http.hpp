// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace outboxd::test {

struct HttpResponse {
  int status = 0;
  /// Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

/// GET from 127.0.0.1 with a parser of its own. Throws std::runtime_error if no server answers or the answer isn't
/// HTTP.
[[nodiscard]] HttpResponse http_get(std::uint16_t port, const std::string& path,
                                    const std::map<std::string, std::string>& headers = {});

}  // namespace outboxd::test
