// SPDX-License-Identifier: Apache-2.0
#include "support/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace outboxd::test {
namespace {

std::string hex(const unsigned char* bytes, std::size_t count) {
  static constexpr const char* kDigits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += kDigits[bytes[i] / 16];
    out += kDigits[bytes[i] % 16];
  }
  return out;
}

}  // namespace

std::string test_key() {
  std::array<unsigned char, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(i);
  return hex(bytes.data(), bytes.size());
}

std::string expected_signature(const std::string& stream, std::vector<std::pair<std::string, std::string>> fields,
                               const std::string& key_hex) {
  std::string key;
  for (std::size_t i = 0; i + 1 < key_hex.size(); i += 2) {
    key += static_cast<char>(std::stoi(key_hex.substr(i, 2), nullptr, 16));
  }
  std::ranges::sort(fields);
  std::string canonical = stream + "\n";
  for (const auto& [name, value] : fields) {
    if (name != "_sig") canonical.append(name).append("=").append(value).append("\n");
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(), digest.data(),
             &size) == nullptr) {
    throw std::runtime_error("HMAC failed");
  }
  return hex(digest.data(), size);
}

}  // namespace outboxd::test
