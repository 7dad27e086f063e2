// SPDX-License-Identifier: Apache-2.0
#include "config/warnings.hpp"

#include "config/options.hpp"
#include "config/signing_key.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <set>
#include <sys/stat.h>

namespace outboxd::config {
namespace {

/// A connection without a password is no secret.
bool is_secret(const Option& option, const Value& value) {
  if (!option.secret) return false;
  const auto& text = std::get<std::string>(value);
  return !text.empty() && (option.mask == nullptr || option.mask(text) != text);
}

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777U));
  return text.data();
}

/// What others than the owner may do with the file; "" where it is well guarded. The group may read it: that is how
/// Kubernetes (fsGroup) and systemd hand a secret to a service that doesn't own it.
std::string exposure_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  std::string can;
  if ((status.st_mode & S_IROTH) != 0) can = "can be read by every user of this machine";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    can += std::string(can.empty() ? "" : ", and ") + "can be changed by others than its owner";
  if (can.empty()) return "";
  return path + " " + can + " (mode " + octal(status.st_mode) +
         "): chmod g-w,o= (Kubernetes: defaultMode 0440 with fsGroup; Docker: mode 0400 with uid)";
}

void add_exposed_file(const Option& option, const Entry& entry, Problems& warnings) {
  if (!is_secret(option, *entry.value)) return;
  const auto& origin = entry.origin;
  const bool in_configuration = origin.kind == Origin::Kind::file && origin.read_from.empty();
  const auto exposure = exposure_of(in_configuration ? origin.name : origin.read_from);
  if (exposure.empty()) return;
  warnings.push_back({origin, (in_configuration ? option.path : option.path + "_file") + ": " + exposure});
}

/// Whether every byte is that which stands `period` bytes before it.
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
  if (std::set<std::uint8_t>(key.begin(), key.end()).size() < kFewBytes) return "is made of very few different bytes";
  return "";
}

Problems warnings_of(const Layer& merged) {
  Problems warnings;
  for (const Option& option : options()) {
    const auto found = merged.find(option.path);
    if (found == merged.end() || !found->second.value) continue;
    add_exposed_file(option, found->second, warnings);
    if (option.path != "signing.key") continue;
    const auto key = decode_signing_key(std::get<std::string>(*found->second.value));
    const auto weakness = key.value ? weakness_of_key(*key.value) : "";
    if (weakness.empty()) continue;
    warnings.push_back({found->second.origin, "signing.key: the key " + weakness +
                                                  ", so that others can sign with it, too: make one with "
                                                  "openssl rand -hex 32"});
  }
  return warnings;
}

}  // namespace outboxd::config
