// SPDX-License-Identifier: Apache-2.0
#include "system/identity.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <pwd.h>
#include <random>
#include <unistd.h>

namespace outboxd::system {

namespace {

constexpr std::size_t kLongestHost = 40;

std::string host_name() {
  std::array<char, 256> buffer{};
  // One byte less than the buffer has, as a truncated name need not be null-terminated.
  if (gethostname(buffer.data(), buffer.size() - 1) != 0 || buffer[0] == '\0') return "localhost";
  return std::string(buffer.data()).substr(0, kLongestHost);
}

std::string make_worker_id() {
  std::random_device random;
  std::array<char, 16> hex{};
  std::snprintf(hex.data(), hex.size(), "%08x", static_cast<std::uint32_t>(random()));
  return "outboxd:" + host_name() + ":" + std::to_string(getpid()) + ":" + hex.data();
}

}  // namespace

std::string worker_id() {
  static const std::string id = make_worker_id();
  return id;
}

std::string user_at_host() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const bool named = ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  auto who = (named ? std::string{found->pw_name} : "uid " + std::to_string(::getuid())) + "@" + host_name();
  const char* sudo = std::getenv("SUDO_USER");
  if (sudo != nullptr && *sudo != '\0') who.append(" (sudo by ").append(sudo).append(")");
  return who;
}

}  // namespace outboxd::system
