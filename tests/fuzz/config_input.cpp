// SPDX-License-Identifier: Apache-2.0
#include "fuzz/config_input.hpp"

#include "config/options.hpp"
#include "config/text.hpp"
#include "fuzz/require.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

namespace outboxd::fuzz {
namespace {

constexpr auto kNone = std::string_view::npos;

std::string replaced(std::string_view text, std::string_view word, std::string_view by) {
  std::string result;
  for (auto at = text.find(word); at != kNone; at = text.find(word)) {
    result.append(text.substr(0, at)).append(by);
    text.remove_prefix(at + word.size());
  }
  return result.append(text);
}

/// Whether the word is in the `user:password@` of a URL: after the first ':', or alone in a Redis URL.
bool in_password_of_url(std::string_view url, bool redis) {
  const auto scheme = url.find("://");
  if (scheme == kNone) return false;
  const auto info = url.substr(scheme + 3);
  // In the URL of a Unix socket the rest is a path, which is shown.
  const bool socket = config::lower(url.substr(0, scheme)).ends_with("unix");
  const auto end = socket ? info.find("@/") : info.rfind('@');
  if (end == kNone || info.starts_with('/') || info.substr(end).find(kSecretWord) != kNone) return false;
  const auto colon = info.substr(0, end).find(':');
  return colon == kNone ? redis : info.substr(0, colon).find(kSecretWord) == kNone;
}

/// Whether every SECRET of a connection string is the value of a password=….
bool in_password_of_pairs(std::string_view text) {
  if (text.find_first_of("'\\") != kNone) return false;
  const auto rest = replaced(text, "password=" + std::string{kSecretWord}, "");
  return rest.find(kSecretWord) == kNone;
}

bool is_secret_place(std::string_view path, std::string_view value) {
  if (path == "redis.url") return in_password_of_url(value, true);
  if (path == "postgres.url") return in_password_of_url(value, false) || in_password_of_pairs(value);
  return true;
}

std::string planted(std::string_view path, std::string_view value) {
  const auto* const option = config::find_option(path);
  const bool secret = option != nullptr && option->secret && is_secret_place(path, value);
  // A value that is clearly a path is shown.
  const bool strayed = option != nullptr && !option->file_of.empty() && value.starts_with(kSecretWord);
  return secret || strayed ? replaced(value, kSecretWord, kSecret) : std::string{value};
}

/// All environment names that a profile reads, with their settings' paths.
const std::map<std::string, std::string, std::less<>>& paths_of_variables() {
  static const auto kPaths = [] {
    std::map<std::string, std::string, std::less<>> paths;
    for (const auto& option : config::options()) {
      for (const auto profile : {Profile::api, Profile::coordinator}) {
        for (const auto& env : option.env({profile})) paths.emplace(env.name, option.path);
      }
    }
    return paths;
  }();
  return kPaths;
}

/// A line `password = …` of the file, in any section and with any mistake: its value must not be repeated.
std::string planted_line(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == kNone) return std::string{line};
  auto key = config::trim(line.substr(0, equals));
  key.remove_prefix(key.rfind('.') == kNone ? 0 : key.rfind('.') + 1);
  const auto value = line.substr(equals + 1);
  const bool plain = value.find_first_of("'\\") == kNone;
  constexpr std::array<std::string_view, 3> kAlwaysSecret{"password", "key", "bearer"};
  const bool secret = std::ranges::find(kAlwaysSecret, key) != kAlwaysSecret.end() ||
                      (key == "url" && plain && in_password_of_url(value, false));
  return secret ? std::string{line.substr(0, equals + 1)} + replaced(value, kSecretWord, kSecret) : std::string{line};
}

std::string planted_file(std::string_view text) {
  // A line inside a text of several lines is no setting.
  if (text.find("\"\"\"") != kNone || text.find("'''") != kNone) return std::string{text};
  std::string result;
  for (const auto line : config::split(text, '\n')) result += planted_line(line) + "\n";
  return result;
}

void read_line(std::string_view line, config::Sources& sources) {
  const auto equals = line.find('=');
  if (equals == kNone) return;
  const std::string name{line.substr(0, equals)};
  const auto value = line.substr(equals + 1);
  if (name.starts_with("--")) {
    const auto* const option = config::find_option_by_flag(name);
    sources.flags[name] = option == nullptr ? std::string{value} : planted(option->path, value);
  } else if (!name.empty() && value.find('\0') == kNone) {
    const auto path = paths_of_variables().find(name);
    const bool known = path != paths_of_variables().end();
    sources.environment[name] = known ? planted(path->second, value) : std::string{value};
  }
}

}  // namespace

MemoryFile::MemoryFile(const char* name) : descriptor_{::memfd_create(name, 0)} {
  require(descriptor_ >= 0, "memfd_create works");
  path_ = "/proc/self/fd/" + std::to_string(descriptor_);
}

MemoryFile::~MemoryFile() {
  ::close(descriptor_);
}

void MemoryFile::write(std::string_view text) const {
  const bool written = ::ftruncate(descriptor_, 0) == 0 &&
                       ::pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  require(written, "a file in memory can be written");
}

bool spells_the_secret(std::string_view text) {
  return config::lower(text).find(kSecretPiece) != std::string::npos;
}

Input read_input(std::string_view text, const std::string& secret_file) {
  const auto with_paths = replaced(text, kSecretFileWord, secret_file);
  constexpr std::string_view kMark = "\n%%\n";
  const std::string whole = "\n" + with_paths;
  const auto mark = whole.find(kMark);
  Input input;
  input.file =
      planted_file(std::string_view{whole}.substr(1, mark == kNone ? kNone : std::max<std::size_t>(mark, 1) - 1));
  if (mark == kNone) return input;
  for (const auto line : config::split(std::string_view{whole}.substr(mark + kMark.size()), '\n')) {
    read_line(line, input.sources);
  }
  return input;
}

}  // namespace outboxd::fuzz
