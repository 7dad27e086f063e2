// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/signing_state.hpp"

#include "entry/verify.hpp"

namespace outboxd::daemon {
namespace {

constexpr std::string_view kUnsigned = "unsigned";
constexpr std::string_view kSignedWith = "signed with key ";
constexpr std::string_view kStrict = ", and have _sig2";
constexpr std::size_t kDigits = 16;

}  // namespace

SigningState signing_state_of(const config::Settings& settings) {
  if (settings.signing_key.empty()) return {};
  return {.key_id = entry::key_id(settings.signing_key), .strict = settings.strict_signatures};
}

std::string text_of(const SigningState& signing) {
  if (signing.key_id.empty()) return std::string{kUnsigned};
  auto text = std::string{kSignedWith} + signing.key_id;
  if (signing.strict) text += kStrict;
  return text;
}

std::optional<SigningState> signing_state_in(std::string_view text) {
  if (text == kUnsigned) return SigningState{};
  if (!text.starts_with(kSignedWith)) return std::nullopt;
  text.remove_prefix(kSignedWith.size());
  const auto id = text.substr(0, kDigits);
  const auto rest = text.substr(id.size());
  const bool is_id = id.size() == kDigits && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!is_id || (!rest.empty() && rest != kStrict)) return std::nullopt;
  return SigningState{.key_id = std::string{id}, .strict = !rest.empty()};
}

}  // namespace outboxd::daemon
