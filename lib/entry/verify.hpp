// SPDX-License-Identifier: Apache-2.0
/// Checks the signatures of stream entries that outboxd has published. For consumers in C++: this header needs only
/// the standard library, and the static library behind it only OpenSSL's libcrypto.
///
///     find_package(outboxd REQUIRED)
///     target_link_libraries(consumer PRIVATE outboxd::verify)
///
///     #include <outboxd/verify.hpp>
///     outboxd::entry::Verifier verifier{key};                        // the bytes of STREAMS_HMAC_KEY, not its hex
///     if (!outboxd::entry::is_valid(verifier.check(stream, fields))) // skip the entry and acknowledge it
///
/// `stream` is the name of the stream that the entry was read from, never a name that the entry itself has. `fields`
/// are all fields of the entry, in the order in which Redis returns them, each as often as it is there: a map would
/// hide a name that appears twice. Nothing here reads a clock or a file, and nothing is remembered from entry to
/// entry.
///
/// What a right `_sig` doesn't show:
/// - *Where a field ends*, if a name has a '=' or a line end in it, a value has a '=' after a line end, or a name
///   appears twice. {"reason": "x\nsession_id=victim"} has the signature of two fields, {"a=b": "c"} has that of
///   {"a": "b=c"}. `ambiguity()` finds such entries; no two others have the same signature.
/// - *The order of the fields*, as they are sorted by their names before they are signed.
/// - *Which key signed it, and when.* With an old key that a consumer still accepts, and an old entry, everything
/// looks
///   as it did then: any client that may write to the stream can add a copy.
/// - *That an entry is new, or that none is missing.* Remember each `outbox_id` that was acted on.
///
/// `_sig2` (signing.strict) shows the first three: its HMAC covers length-prefixed fields in their order, a key id
/// and the time of signing. `check_strict()` checks both signatures. A copy of an entry has a right `_sig2`, too, but
/// its time of signing is then older than the entry's id: compare them, or remember each `outbox_id`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outboxd::entry {

class Signer;

/// A field of an entry, as bytes that are stored elsewhere.
struct FieldView {
  std::string_view name;
  std::string_view value;
};

/// What is known of a signature.
enum class Signature {
  valid,
  /// It was not made with this key for these fields and this stream.
  wrong,
  /// The entry has no such field.
  missing,
  /// The entry has several such fields.
  repeated,
  /// It doesn't have the form of a signature: 64 digits of lower-case hex; for `_sig2` see Strict.
  malformed,
  /// `_sig2` alone: it names another key.
  other_key,
};

[[nodiscard]] constexpr bool is_valid(Signature signature) {
  return signature == Signature::valid;
}

/// What a `_sig2` says: `v1:<key id>:<milliseconds since 1970>:<HMAC>`. To be believed only if it is valid.
struct Strict {
  /// 16 digits of lower-case hex; see key_id().
  std::string_view key_id;
  std::chrono::sys_time<std::chrono::milliseconds> signed_at;
};

/// The result of check_strict().
struct StrictCheck {
  Signature sig = Signature::missing;
  Signature sig2 = Signature::missing;
  /// Set if `sig2` is valid, wrong or other_key. Its key id points into the entry.
  std::optional<Strict> strict{};
};

/// Both signatures are right.
[[nodiscard]] constexpr bool is_valid(const StrictCheck& check) {
  return is_valid(check.sig) && is_valid(check.sig2);
}

/// Checks entries with one key. Compares in constant time. Not thread-safe, as it reuses OpenSSL's context.
class Verifier {
 public:
  /// `key`: the bytes themselves, at least 32 of them, not their hex. Throws std::runtime_error if OpenSSL has no
  /// HMAC-SHA256.
  explicit Verifier(std::span<const std::uint8_t> key);
  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;
  ~Verifier();

  /// Checks `_sig`.
  [[nodiscard]] Signature check(std::string_view stream, std::span<const FieldView> fields);

  /// Checks `_sig` and `_sig2`, and that these are the entry's last two fields, `_sig` after `_sig2` (otherwise
  /// `sig2` is malformed): then no change of any kind goes unnoticed.
  [[nodiscard]] StrictCheck check_strict(std::string_view stream, std::span<const FieldView> fields);

  /// The id of its key.
  [[nodiscard]] const std::string& key_id() const { return key_id_; }

 private:
  std::unique_ptr<Signer> signer_;
  std::string key_id_;
};

/// Checks one entry's `_sig`, as Verifier::check() does. A Verifier is quicker for many entries.
[[nodiscard]] Signature verify(std::span<const std::uint8_t> key, std::string_view stream,
                               std::span<const FieldView> fields);

/// Checks one entry's `_sig` and `_sig2`, as Verifier::check_strict() does.
[[nodiscard]] StrictCheck verify_strict(std::span<const std::uint8_t> key, std::string_view stream,
                                        std::span<const FieldView> fields);

/// The id by which `_sig2` names a key: the first 8 bytes of SHA-256 over "outboxd-key-id-v1:" and the key's bytes,
/// as 16 digits of lower-case hex. It doesn't reveal the key.
[[nodiscard]] std::string key_id(std::span<const std::uint8_t> key);

/// What a `_sig2` of this form says, unchecked; nothing if it has another form.
[[nodiscard]] std::optional<Strict> read_strict(std::string_view sig2);

/// Why the `_sig` of this entry also fits another entry, as a clause; empty if it doesn't. Fields called `_sig` don't
/// count. Consumers that can do without such entries refuse them.
[[nodiscard]] std::string_view ambiguity(std::string_view stream, std::span<const FieldView> fields);

}  // namespace outboxd::entry
