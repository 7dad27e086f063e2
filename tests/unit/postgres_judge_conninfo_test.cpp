// SPDX-License-Identifier: Apache-2.0
// Settings that can't work with any server, and settings that verify no server: libpq reports the former late, and
// the latter never.
#include "postgres/judge_conninfo.hpp"
#include "postgres/judge_conninfo_tls.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

using outboxd::postgres::ConnectionWish;
using outboxd::postgres::doubts_of_conninfo;
using outboxd::postgres::impossible_with_any_server;
using outboxd::postgres::judge_conninfo;
using outboxd::test::TempDir;

namespace {

/// A variable of this process until the end of the scope.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_{std::move(name)} {
    if (const char* const before = std::getenv(name_.c_str())) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (before_) {
      ::setenv(name_.c_str(), before_->c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }

 private:
  std::string name_;
  std::optional<std::string> before_;
};

std::string doubts(const std::string& conninfo) {
  std::string text;
  for (const auto& doubt : doubts_of_conninfo(conninfo)) text += doubt + "\n";
  return text;
}

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("the system's authorities take libpq 16") {
  const ConnectionWish wish{.values = {{"host", "h"}, {"sslmode", "verify-full"}, {"sslrootcert", "system"}}};
  const auto refusal = impossible_with_any_server(wish, 150'018);
  CHECK_MESSAGE(says(refusal, "takes libpq 16; this is libpq 15.18"), refusal);
  CHECK(says(refusal, "/etc/ssl/certs/ca-certificates.crt"));
  CHECK(impossible_with_any_server(wish, 160'000).empty());
  const bool is_known = ::PQlibVersion() >= 160'000;
  CHECK(judge_conninfo("postgres://u@h/db?sslmode=verify-full&sslrootcert=system").empty() == is_known);
  // Without TLS it is not read.
  CHECK(judge_conninfo("host=h sslmode=disable").empty());
  const Variable root{"PGSSLROOTCERT", "system"};
  CHECK(judge_conninfo("host=h sslmode=verify-full").empty() == is_known);
}

TEST_CASE("the environment and a service count as libpq counts them") {
  const TempDir folder;
  const auto file = folder.write("services", "[far]\nhost=far.example\n[near]\nhost=/run\nsslmode=require\n");
  const Variable services{"PGSERVICEFILE", file.string()};
  // The service may lead anywhere.
  CHECK(judge_conninfo("service=near gssencmode=require").empty());
  CHECK(says(doubts("service=near"), "TLS to Postgres is not verified"));
  const Variable mode{"PGSSLMODE", "require"};
  CHECK(says(doubts("service=far"), "TLS to Postgres is not verified"));
  CHECK(says(doubts("host=h"), "TLS to Postgres is not verified"));
  const Variable session{"PGTARGETSESSIONATTRS", "standby"};
  CHECK(says(judge_conninfo("host=h"), "PGTARGETSESSIONATTRS"));
  CHECK(judge_conninfo("host=h target_session_attrs=any").empty());
}

TEST_CASE("sslmode=require without a root certificate verifies no server, which is reported where it matters") {
  const TempDir folder;
  const Variable home{"HOME", folder.path().string()};
  for (const std::string url :
       {"postgres://u@h/db?sslmode=require", "host=localhost,h sslmode=require",
        "host=localhost hostaddr=10.0.0.1 sslmode=require", "host=h sslmode=require sslrootcert=/nonexistent"}) {
    CAPTURE(url);
    CHECK(says(doubts(url), "TLS to Postgres is not verified: sslmode=require (or ssl=true) encrypts, but "));
  }
  for (const std::string url :
       {"postgres://u@h/db", "host=h sslmode=disable", "host=/run sslmode=require", "host=localhost sslmode=require",
        "host=127.0.0.1,::1 sslmode=require", "host=h hostaddr=127.0.0.1 sslmode=require", "sslmode=require",
        // By the password the server shows that it is the one at the other end of this TLS.
        "postgres://u:p@h/db?sslmode=require&channel_binding=require"}) {
    CAPTURE(url);
    CHECK(doubts(url).empty());
  }
  // libpq verifies by it, then.
  std::filesystem::create_directory(folder / ".postgresql");
  folder.write(".postgresql/root.crt", "any");
  CHECK(doubts("host=h sslmode=require").empty());
  CHECK(doubts("host=h sslmode=verify-full").empty());
}

TEST_CASE("files of certificates that can't be used now are warned of, as they may still come") {
  const TempDir folder;
  const Variable home{"HOME", folder.path().string()};
  const auto root = folder.write("root.crt", "any").string();
  const auto key = folder.write("key", "any");
  CHECK(says(doubts("host=h sslmode=verify-full"), "sslmode=verify-full takes the certificate of the server's"));
  CHECK(says(doubts("host=h sslmode=verify-ca sslrootcert=" + root + ".gone"),
             "sslrootcert names a file, " + root + ".gone, that can't be read now (No such file or directory)"));
  CHECK(says(doubts("host=h sslmode=verify-ca sslrootcert=" + folder.path().string()), "(it is a folder)"));
  CHECK(doubts("host=h sslmode=verify-full sslrootcert=" + root).empty());
  CHECK(says(
      doubts("host=h sslcert=" + folder.path().string()),
      "sslcert names a file, " + folder.path().string() + ", that can't be used now (it is a folder): Postgres"));
  // libpq connects without a missing certificate, and then reads no key.
  CHECK(says(doubts("host=h sslcert=/nonexistent/c sslkey=/nonexistent/k"),
             "sslcert names a file, /nonexistent/c, that can't be used now (No such file or directory): the daemon "
             "has no certificate of its own for Postgres until it can\n"));
  CHECK_FALSE(says(doubts("host=h sslcert=/nonexistent/c sslkey=/nonexistent/k"), "sslkey"));
  CHECK(doubts("host=h sslkey=/nonexistent/k").empty());
  CHECK(says(doubts("host=h sslkey=/nonexistent/k sslcert=" + root), "Postgres can't be connected to by TLS until"));
  CHECK(says(doubts("host=h sslcrl=/nonexistent/c"), "no certificate counts as revoked"));
  CHECK(doubts("host=/run sslcert=/nonexistent/c").empty());
  CHECK(doubts("host=h sslmode=disable sslcert=/nonexistent/c").empty());
  std::filesystem::permissions(key, std::filesystem::perms{0644});
  // Another's than root's; root's may be read by its group.
  const auto both = "host=h sslcert=" + root + " sslkey=" + key.string();
  CHECK(says(doubts(both), "chmod 0600"));
  std::filesystem::permissions(key, std::filesystem::perms{0600});
  CHECK(doubts(both).empty());
  // The certificate may be the one in the usual place.
  std::filesystem::create_directory(folder / ".postgresql");
  folder.write(".postgresql/postgresql.crt", "any");
  CHECK(says(doubts("host=h sslkey=/nonexistent/k"), "sslkey names a file, /nonexistent/k, that can't be used now"));
}
