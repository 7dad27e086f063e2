// SPDX-License-Identifier: Apache-2.0
#include "system/identity.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
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

}  // namespace outboxd::system
