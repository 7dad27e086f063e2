// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace outboxd::test {

/// The signing key of the contract's vectors, in hex: bytes 0 to 31.
[[nodiscard]] std::string test_key();

/// The expected `_sig`, computed as the contract describes it and not by the code under test. A field `_sig` among
/// `fields` is ignored, as consumers do.
[[nodiscard]] std::string expected_signature(const std::string& stream,
                                             std::vector<std::pair<std::string, std::string>> fields,
                                             const std::string& key_hex = test_key());

}  // namespace outboxd::test
