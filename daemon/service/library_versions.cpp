// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/library_versions.hpp"

#include "postgres/library_versions.hpp"
#include "redis/library_version.hpp"

#include <boost/version.hpp>
#include <openssl/crypto.h>

#include <algorithm>

namespace outboxd::daemon {

std::map<std::string, std::string> library_versions() {
  const auto postgres = postgres::library_versions();
  // "OpenSSL 3.0.15 3 Sep 2024"
  std::string openssl = ::OpenSSL_version(OPENSSL_VERSION);
  openssl.erase(0, openssl.find(' ') + 1);
  openssl.erase(std::min(openssl.find(' '), openssl.size()));
  return {{"libpqxx", postgres.libpqxx},
          {"libpq", postgres.libpq},
          {"hiredis", redis::library_version()},
          {"openssl", openssl},
          {"boost", std::to_string(BOOST_VERSION / 100'000) + "." + std::to_string(BOOST_VERSION / 100 % 1'000)}};
}

}  // namespace outboxd::daemon
