// SPDX-License-Identifier: Apache-2.0
#include "postgres/judge_conninfo_tls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <pwd.h>
#include <sstream>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace outboxd::postgres {
namespace {

constexpr int kKnowsSystemRoots = 160'000;
constexpr const char* kAuthorities = "such as /etc/ssl/certs/ca-certificates.crt, which has the system's authorities";

std::string value_of(const ConnectionWish& wish, const std::string& key) {
  const auto found = wish.values.find(key);
  return found == wish.values.end() ? "" : found->second;
}

struct Server {
  std::string host;
  std::string address;

  [[nodiscard]] bool is_socket() const {
    return address.empty() && (host.empty() || host.front() == '/' || host.front() == '@');
  }
  [[nodiscard]] bool is_this_machine() const {
    const auto& place = address.empty() ? host : address;
    return is_socket() || place == "localhost" || place == "::1" || place.starts_with("127.");
  }
};

std::vector<Server> servers_of(const ConnectionWish& wish) {
  std::vector<Server> servers;
  std::istringstream hosts{value_of(wish, "host")};
  std::istringstream addresses{value_of(wish, "hostaddr")};
  for (;;) {
    Server server;
    const bool has_host = static_cast<bool>(std::getline(hosts, server.host, ','));
    const bool has_address = static_cast<bool>(std::getline(addresses, server.address, ','));
    if (!has_host && !has_address) break;
    servers.push_back(std::move(server));
  }
  if (servers.empty()) servers.emplace_back();
  return servers;
}

bool all_are_sockets(const ConnectionWish& wish) {
  return wish.knows_servers && std::ranges::all_of(servers_of(wish), &Server::is_socket);
}

bool may_use_tls(const ConnectionWish& wish) {
  return value_of(wish, "sslmode") != "disable" && !all_are_sockets(wish);
}

std::string version_shown(int version) {
  return std::to_string(version / 10'000) + "." + std::to_string(version % 10'000);
}

std::string home() {
  if (const char* const named = std::getenv("HOME"); named != nullptr && *named != '\0') return named;
  constexpr std::size_t kLongEntry = 4'096;
  std::array<char, kLongEntry> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? "" : found->pw_dir;
}

/// Why the file can't be read now, or "".
std::string trouble_with(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || ::access(path.c_str(), R_OK) != 0) {
    return std::generic_category().message(errno);
  }
  return S_ISDIR(status.st_mode) ? "it is a folder" : "";
}

/// libpq reads no key file that other users can read.
std::string trouble_with_key(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  const mode_t too_much = status.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if (S_ISDIR(status.st_mode) || (status.st_mode & too_much) == 0) return "";
  return "others than its owner can read it, and libpq refuses such a key: chmod 0600";
}

bool is_missing(const std::string& path) {
  std::error_code error;
  return !std::filesystem::exists(path, error) && !error;
}

/// libpq goes on without a client certificate where its file is missing, and reads no key then.
bool has_certificate(const ConnectionWish& wish) {
  const auto given = value_of(wish, "sslcert");
  return !is_missing(given.empty() ? home() + "/.postgresql/postgresql.crt" : given);
}

/// How libpq behaves while the file that the parameter names is in this state.
std::string consequence(std::string_view key, const std::string& path) {
  if (key == "sslcrl") return "no certificate counts as revoked until it can";
  if (key == "sslcert" && is_missing(path))
    return "the daemon has no certificate of its own for Postgres until it can";
  return "Postgres can't be connected to by TLS until it can";
}

/// A path is shown only if it clearly is one.
std::string named(const std::string& key, const std::string& path) {
  return key + " names a file" + (path.starts_with('/') ? ", " + path + "," : "");
}

void doubt_root(const ConnectionWish& wish, std::vector<std::string>& doubts) {
  const auto mode = value_of(wish, "sslmode");
  const bool verifies = mode == "verify-ca" || mode == "verify-full";
  const auto given = value_of(wish, "sslrootcert");
  if (given == "system" || (!verifies && mode != "require")) return;
  const auto trouble = trouble_with(given.empty() ? home() + "/.postgresql/root.crt" : given);
  if (trouble.empty()) return;
  if (verifies) {
    doubts.push_back((given.empty()
                          ? "sslmode=" + mode + " takes the certificate of the server's authority, and none is given"
                          : named("sslrootcert", given) + " that can't be read now (" + trouble + ")") +
                     ": Postgres can't be connected to until there is one; sslrootcert names it, " + kAuthorities);
    return;
  }
  // A password by SCRAM then shows that the server is the one at the other end of this TLS.
  if (value_of(wish, "channel_binding") == "require") return;
  const bool is_near = wish.knows_servers && std::ranges::all_of(servers_of(wish), &Server::is_this_machine);
  if (is_near) return;
  doubts.push_back(
      "TLS to Postgres is not verified: sslmode=require (or ssl=true) encrypts, but " +
      (given.empty() ? "without sslrootcert" : "as sslrootcert names a file that can't be read (" + trouble + ")") +
      " it takes any certificate, also that of an attacker in between. To verify, write "
      "sslmode=verify-full&sslrootcert=<file>, " +
      kAuthorities);
}

}  // namespace

std::string impossible_with_any_server(const ConnectionWish& wish, int libpq_version) {
  const auto session = value_of(wish, "target_session_attrs");
  if (session == "read-only" || session == "standby") {
    return "has a target_session_attrs (PGTARGETSESSIONATTRS) that asks for servers that take no writes, and outboxd "
           "writes: use read-write";
  }
  if (value_of(wish, "gssencmode") == "require" && all_are_sockets(wish)) {
    return "has gssencmode=require, which there is over TCP alone, and leads to a Unix socket: take gssencmode out";
  }
  if (value_of(wish, "channel_binding") == "require" && !may_use_tls(wish)) {
    return std::string("has channel_binding=require, which there is over TLS alone, and ") +
           (all_are_sockets(wish) ? "leads to a Unix socket" : "sslmode=disable") + ": take channel_binding out";
  }
  if (!may_use_tls(wish)) return "";
  if (value_of(wish, "sslrootcert") == "system" && libpq_version < kKnowsSystemRoots) {
    return "has sslrootcert=system, which takes libpq 16; this is libpq " + version_shown(libpq_version) +
           ", for which it is the name of a file: write sslrootcert=<file>, " + kAuthorities;
  }
  const auto has_no_name = [](const Server& server) { return !server.address.empty() && server.host.empty(); };
  if (value_of(wish, "sslmode") == "verify-full" && wish.knows_servers &&
      std::ranges::any_of(servers_of(wish), has_no_name)) {
    return "has sslmode=verify-full and a hostaddr without a host, whose name the certificate is to have: add host";
  }
  return "";
}

std::vector<std::string> doubts_of_certificates(const ConnectionWish& wish) {
  std::vector<std::string> doubts;
  if (!may_use_tls(wish)) return doubts;
  doubt_root(wish, doubts);
  for (const std::string key : {"sslcert", "sslkey", "sslcrl"}) {
    const auto path = value_of(wish, key);
    const bool is_key = key == "sslkey";
    if (is_key && !has_certificate(wish)) continue;
    // engine:key is a key in a device.
    if (path.empty() || (!path.starts_with('/') && path.find(':') != std::string::npos)) continue;
    auto trouble = trouble_with(path);
    if (trouble.empty() && is_key) trouble = trouble_with_key(path);
    if (trouble.empty()) continue;
    doubts.push_back(named(key, path) + " that can't be used now (" + trouble + "): " + consequence(key, path));
  }
  return doubts;
}

}  // namespace outboxd::postgres
