// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::postgres {

struct LibraryVersions {
  std::string libpqxx;
  std::string libpq;
};

[[nodiscard]] LibraryVersions library_versions();

}  // namespace outboxd::postgres
