// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "entry/verify.hpp"

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::entry {

/// The canonical text of an entry: `<stream>\n`, then `<field>=<value>\n` for every field, sorted by the name's
/// bytes.
[[nodiscard]] std::string canonical_text(std::string_view stream, std::span<const Field> fields);
[[nodiscard]] std::string canonical_text(std::string_view stream, std::span<const FieldView> fields);

[[nodiscard]] std::string lower_hex(std::span<const unsigned char> bytes);

/// Signs entries with HMAC-SHA256 (RFC 2104, FIPS 180-4). Not thread-safe, as it reuses OpenSSL's context.
class Signer {
 public:
  /// Throws std::runtime_error when OpenSSL refuses the key or has no HMAC-SHA256.
  explicit Signer(std::span<const std::uint8_t> key);

  /// Lower-case hex of the signature over the canonical text.
  [[nodiscard]] std::string sign(std::string_view stream, std::span<const Field> fields);
  /// Lower-case hex of the HMAC of any text.
  [[nodiscard]] std::string mac(std::string_view text);

 private:
  struct FreeMac {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };

  std::unique_ptr<EVP_MAC, FreeMac> mac_;
  std::unique_ptr<EVP_MAC_CTX, FreeMac> context_;
};

}  // namespace outboxd::entry
