// SPDX-License-Identifier: Apache-2.0
#include "config/checks.hpp"
#include "config/rules.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <set>
#include <sys/stat.h>

namespace outboxd::config {
namespace {

/// The access that users other than the owner have to the file; "" where it is well guarded. The group may read it:
/// that is how Kubernetes (fsGroup) and systemd pass a secret to a service that doesn't own it.
std::string exposure_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  std::string can;
  if ((status.st_mode & S_IROTH) != 0) can = "can be read by every user of this machine";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    can.append(can.empty() ? "" : ", and ").append("can be changed by others than its owner");
  }
  if (can.empty()) return "";
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(status.st_mode & 07777U));
  return path + " " + can + " (mode " + mode.data() +
         "): chmod g-w,o= (Kubernetes: defaultMode 0440 with fsGroup; Docker: mode 0400 with uid)";
}

void warn_of_file(const Option& option, const std::string& secret, const Origin& origin, Problems& warnings) {
  // A connection without a password is not secret.
  if (secret.empty() || (option.mask != nullptr && option.mask(secret) == secret)) return;
  const bool in_configuration = origin.kind == Origin::Kind::file && origin.read_from.empty();
  const std::string exposure = exposure_of(in_configuration ? origin.name : origin.read_from);
  if (exposure.empty()) return;
  warnings.push_back({origin, option.path + (in_configuration ? ": " : "_file: ") + exposure});
}

void warn_of_key(const std::string& hex, const Origin& origin, Problems& warnings) {
  const auto key = decode_signing_key(hex);
  const std::string weakness = key.value ? weakness_of_key(*key.value) : "";
  if (weakness.empty()) return;
  warnings.push_back({origin, "signing.key: the key " + weakness +
                                  ", so that others can sign with it, too: make one with openssl rand -hex 32"});
}

/// Whether every byte equals the byte `period` bytes before it.
bool repeats(std::span<const std::uint8_t> key, std::size_t period) {
  return std::equal(key.begin() + static_cast<std::ptrdiff_t>(period), key.end(), key.begin());
}

}  // namespace

std::string weakness_of_key(std::span<const std::uint8_t> key) {
  if (repeats(key, 1)) return "is one byte again and again";
  for (std::size_t period = 2; period <= key.size() / 2; ++period) {
    if (repeats(key, period)) return "is the same few bytes again and again";
  }
  const auto step = static_cast<std::uint8_t>(key[1] - key[0]);
  const auto breaks_step = [step](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(b - a) != step;
  };
  if (std::ranges::adjacent_find(key, breaks_step) == key.end()) {
    return "counts from one byte to the next, as in examples";
  }
  constexpr std::size_t kFewBytes = 8;
  const bool few = std::set<std::uint8_t>(key.begin(), key.end()).size() < kFewBytes;
  return few ? "is made of very few different bytes" : "";
}

void warn_of_exposed_secrets(const Layer& merged, Problems& warnings) {
  for (const Option& option : options()) {
    const auto* const secret = value_of<std::string>(merged, option.path);
    if (!option.secret || secret == nullptr) continue;
    const Origin& origin = merged.at(option.path).origin;
    warn_of_file(option, *secret, origin, warnings);
    if (option.path == "signing.key") warn_of_key(*secret, origin, warnings);
  }
}

}  // namespace outboxd::config
