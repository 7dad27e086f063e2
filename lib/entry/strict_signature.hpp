// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "entry/signer.hpp"
#include "entry/verify.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace outboxd::entry {

/// What `_sig2` signs: a zero byte, then as netstrings (`<length>:<bytes>,`) the label, the key id, the time in
/// milliseconds, the stream, and the name and value of each field but `_sig` and `_sig2`, in their order. No other
/// entry has the same text. No text of a `_sig` begins with a zero byte, as a stream's name can't: otherwise a row
/// could be made whose `_sig` is the `_sig2` of another entry.
[[nodiscard]] std::string strict_text(std::string_view key_id, std::string_view milliseconds, std::string_view stream,
                                      std::span<const Field> fields);
[[nodiscard]] std::string strict_text(std::string_view key_id, std::string_view milliseconds, std::string_view stream,
                                      std::span<const FieldView> fields);

/// The value of `_sig2` for an entry that is signed at this time: `v1:<key id>:<milliseconds>:<HMAC>`.
[[nodiscard]] std::string strict_signature(Signer& signer, std::string_view key_id,
                                           std::chrono::system_clock::time_point now, std::string_view stream,
                                           std::span<const Field> fields);

/// The parts of a `_sig2`, as they stand there; all empty if it has another form.
struct StrictParts {
  std::string_view key_id;
  std::string_view milliseconds;
  std::string_view mac;
};
[[nodiscard]] StrictParts strict_parts(std::string_view sig2);

/// Whether this is an HMAC-SHA256 in lower-case hex.
[[nodiscard]] bool is_mac(std::string_view text);

}  // namespace outboxd::entry
