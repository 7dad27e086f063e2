// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace outboxd::test {

/// The signing key of the contract's vectors, in hex: bytes 0 to 31.
[[nodiscard]] std::string test_key();

/// What `_sig` must be, worked out from the contract's words alone and not by the code under test. A field `_sig`
/// among `fields` is left out, as a consumer does.
[[nodiscard]] std::string expected_signature(const std::string& stream,
                                             std::vector<std::pair<std::string, std::string>> fields,
                                             const std::string& key_hex = test_key());

}  // namespace outboxd::test
