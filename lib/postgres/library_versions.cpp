// SPDX-License-Identifier: Apache-2.0
#include "postgres/library_versions.hpp"

#include <libpq-fe.h>
#include <pqxx/version>

namespace outboxd::postgres {

LibraryVersions library_versions() {
  // "15.4" is 150004.
  const auto libpq = ::PQlibVersion();
  return {.libpqxx = PQXX_VERSION, .libpq = std::to_string(libpq / 10'000) + "." + std::to_string(libpq % 10'000)};
}

}  // namespace outboxd::postgres
