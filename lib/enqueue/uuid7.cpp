// SPDX-License-Identifier: Apache-2.0
#include "enqueue/uuid7.hpp"

#include <array>
#include <mutex>
#include <random>
#include <string_view>
#include <utility>

namespace outboxd::enqueue {

namespace {

constexpr std::uint32_t kCounterLimit = 1U << 12U;
constexpr std::uint64_t kVersion = 7;
constexpr std::uint64_t kVariant = 2;

std::string text_of(std::uint64_t high, std::uint64_t low) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (const auto half : {high, low}) {
    for (unsigned i = 0; i < 16; ++i) {
      if (out.size() == 8 || out.size() == 13 || out.size() == 18 || out.size() == 23) out += '-';
      out += kDigits[(half >> (60U - 4U * i)) & 0xFU];
    }
  }
  return out;
}

std::uint64_t system_random() {
  // random_device itself, not a generator seeded from it: two processes must never share a sequence.
  static std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

}  // namespace

std::string Uuid7Generator::next() {
  const auto now = static_cast<std::uint64_t>(clock_().count());
  const auto bits = random_();
  if (now > millisecond_) {
    millisecond_ = now;
    counter_ = static_cast<std::uint32_t>(random_()) % (kCounterLimit / 2);
  } else if (++counter_ == kCounterLimit) {
    ++millisecond_;
    counter_ = 0;
  }
  const auto high = (millisecond_ << 16U) | (kVersion << 12U) | counter_;
  const auto low = (kVariant << 62U) | (bits >> 2U);
  return text_of(high, low);
}

std::string new_uuid7() {
  static std::mutex mutex;
  static Uuid7Generator generator(
      [] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now().time_since_epoch());
      },
      system_random);
  const std::lock_guard lock(mutex);
  return generator.next();
}

}  // namespace outboxd::enqueue
