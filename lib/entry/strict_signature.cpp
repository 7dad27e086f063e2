// SPDX-License-Identifier: Apache-2.0
#include "entry/strict_signature.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <stdexcept>

namespace outboxd::entry {
namespace {

constexpr std::string_view kLabel = "outboxd-sig2-v1";
constexpr std::string_view kKeyIdLabel = "outboxd-key-id-v1:";
constexpr std::string_view kVersion = "v1:";
constexpr std::size_t kKeyIdDigits = 16;
constexpr std::size_t kMacDigits = 64;
/// Enough for the year 5138, and small enough for every clock.
constexpr std::size_t kMostTimeDigits = 14;

void append_netstring(std::string& text, std::string_view part) {
  std::array<char, 20> length{};
  const auto end = std::to_chars(length.data(), length.data() + length.size(), part.size()).ptr;
  text.append(length.data(), end).push_back(':');
  text.append(part).push_back(',');
}

template <class AnyField>
std::string text_of(std::string_view key_id, std::string_view milliseconds, std::string_view stream,
                    std::span<const AnyField> fields) {
  std::string text(1, '\0');
  for (const auto part : {kLabel, key_id, milliseconds, stream}) append_netstring(text, part);
  for (const auto& field : fields) {
    if (field.name == kSignatureField || field.name == kStrictField) continue;
    append_netstring(text, field.name);
    append_netstring(text, field.value);
  }
  return text;
}

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_time(std::string_view text) {
  const bool is_short = !text.empty() && text.size() <= kMostTimeDigits;
  // One spelling for each time.
  return is_short && text.find_first_not_of("0123456789") == std::string_view::npos &&
         (text[0] != '0' || text == "0");
}

}  // namespace

std::string strict_text(std::string_view key_id, std::string_view milliseconds, std::string_view stream,
                        std::span<const Field> fields) {
  return text_of(key_id, milliseconds, stream, fields);
}

std::string strict_text(std::string_view key_id, std::string_view milliseconds, std::string_view stream,
                        std::span<const FieldView> fields) {
  return text_of(key_id, milliseconds, stream, fields);
}

std::string strict_signature(Signer& signer, std::string_view key_id, std::chrono::system_clock::time_point now,
                             std::string_view stream, std::span<const Field> fields) {
  const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  const auto milliseconds = std::to_string(std::max<std::int64_t>(0, since_1970.count()));
  const auto mac = signer.mac(strict_text(key_id, milliseconds, stream, fields));
  return std::string{kVersion}.append(key_id).append(":").append(milliseconds).append(":").append(mac);
}

bool is_mac(std::string_view text) {
  return text.size() == kMacDigits && is_lower_hex(text);
}

StrictParts strict_parts(std::string_view sig2) {
  if (!sig2.starts_with(kVersion)) return {};
  sig2.remove_prefix(kVersion.size());
  const auto key_end = sig2.find(':');
  const auto time_end = key_end == std::string_view::npos ? key_end : sig2.find(':', key_end + 1);
  if (time_end == std::string_view::npos) return {};
  const StrictParts parts{.key_id = sig2.substr(0, key_end),
                          .milliseconds = sig2.substr(key_end + 1, time_end - key_end - 1),
                          .mac = sig2.substr(time_end + 1)};
  const bool is_good = parts.key_id.size() == kKeyIdDigits && is_lower_hex(parts.key_id) &&
                       is_time(parts.milliseconds) && is_mac(parts.mac);
  return is_good ? parts : StrictParts{};
}

std::string key_id(std::span<const std::uint8_t> key) {
  std::string text{kKeyIdLabel};
  text.append(reinterpret_cast<const char*>(key.data()), key.size());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t length = 0;
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, text.data(), text.size(), digest.data(), &length) != 1) {
    throw std::runtime_error("signing: OpenSSL offers no SHA-256; check its provider configuration");
  }
  return lower_hex(std::span{digest}.first(kKeyIdDigits / 2));
}

std::optional<Strict> read_strict(std::string_view sig2) {
  const auto parts = strict_parts(sig2);
  if (parts.key_id.empty()) return std::nullopt;
  std::int64_t milliseconds = 0;
  std::from_chars(parts.milliseconds.data(), parts.milliseconds.data() + parts.milliseconds.size(), milliseconds);
  return Strict{
      .key_id = parts.key_id,
      .signed_at = std::chrono::sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{milliseconds}}};
}

}  // namespace outboxd::entry
