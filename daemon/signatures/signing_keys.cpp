// SPDX-License-Identifier: Apache-2.0
#include "daemon/signatures/signing_keys.hpp"

#include "config/checks.hpp"
#include "config/file_text.hpp"
#include "topology/topology.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace outboxd::daemon {
namespace {

void add_key(SigningKeys& keys, std::string name, std::span<const std::uint8_t> key) {
  entry::Verifier verifier{key};
  const auto same = std::ranges::find(keys.names, verifier.key_id(), &CountedKey::id);
  if (same != keys.names.end()) {
    keys.problem = "--key-file " + same->name + " and " + name + " hold the same key; give each key once";
    return;
  }
  keys.names.push_back({.name = std::move(name), .id = verifier.key_id()});
  keys.verifiers.push_back(std::move(verifier));
}

}  // namespace

SigningKeys read_signing_keys(const std::vector<std::string>& files, const config::Settings& settings) {
  SigningKeys keys;
  for (const auto& file : files) {
    const auto text = config::read_secret(file);
    if (!text.value) {
      keys.problem = "--key-file: " + text.problem;
      return keys;
    }
    const auto key = config::decode_signing_key(*text.value);
    if (!key.value) {
      keys.problem = "--key-file " + file + ": the key " + key.problem;
      return keys;
    }
    add_key(keys, file, *key.value);
    if (!keys.problem.empty()) return keys;
  }
  if (!files.empty()) return keys;
  if (settings.signing_key.empty()) {
    keys.problem =
        "no key to check with: name a file that holds it (--key-file FILE), or set signing.key_file or "
        "STREAMS_HMAC_KEY_FILE";
  } else {
    add_key(keys, "signing.key", settings.signing_key);
  }
  return keys;
}

std::vector<std::string> known_streams(const std::vector<config::Settings>& dispatchers,
                                       const std::vector<std::string>& others) {
  std::set<std::string> streams(others.begin(), others.end());
  for (const auto& [stream, declared] : topology::caracal()) streams.insert(stream);
  for (const auto& settings : dispatchers) {
    for (const auto& [stream, declared] : settings.streams) streams.insert(stream);
    const auto& dispatcher = settings.dispatcher;
    streams.insert(dispatcher.streams.begin(), dispatcher.streams.end());
    streams.insert(dispatcher.exclude_streams.begin(), dispatcher.exclude_streams.end());
    for (const auto& [stream, bound] : dispatcher.stream_maxlen) streams.insert(stream);
    for (const auto& [stream, is_exact] : dispatcher.stream_exact_trim) streams.insert(stream);
  }
  return {streams.begin(), streams.end()};
}

}  // namespace outboxd::daemon
