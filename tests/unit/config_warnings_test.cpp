// SPDX-License-Identifier: Apache-2.0
// Files of secrets that must not be read, and settings that work but should be changed.
#include "config/loader.hpp"
#include "config/render.hpp"
#include "config/rules.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace config = outboxd::config;
using outboxd::test::TempDir;

namespace {

constexpr const char* kGoodKey = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

config::Loaded load(const config::Environment& environment, const std::string& file = "/nonexistent/outboxd.toml") {
  config::Sources sources;
  sources.default_file = file;
  sources.environment = environment;
  return config::load(sources, {.postgres = false, .signing = false});
}

std::string warnings(const config::Environment& environment, const std::string& file = "/nonexistent/outboxd.toml") {
  std::string text;
  for (const auto& warning : load(environment, file).warnings) text += warning.shown() + "\n";
  return text;
}

std::string with_mode(const std::filesystem::path& path, mode_t mode) {
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path.string();
}

std::string byte_again(const char* hex, int times) {
  std::string key;
  for (int i = 0; i < times; ++i) key += hex;
  return key;
}

}  // namespace

TEST_CASE("a FIFO, a socket or a device as the file of any secret is refused, and nothing is waited for") {
  const TempDir folder;
  const auto fifo = (folder / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto link = (folder / "link").string();
  std::filesystem::create_symlink(fifo, link);
  const auto socket_path = (folder / "socket").string();
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  for (const std::string variable : {"DATABASE_URL_FILE", "REDIS_URL_FILE", "REDIS_PASSWORD_FILE",
                                     "STREAMS_HMAC_KEY_FILE", "METRICS_BEARER_FILE"}) {
    for (const auto& [path, kind] : {std::pair<std::string, std::string>{fifo, "is a FIFO"},
                                     {link, "is a FIFO"},
                                     {socket_path, "is a socket"},
                                     {"/dev/zero", "is a device"},
                                     {"/dev/null", "is a device"}}) {
      const auto problems = config::render_problems(load({{variable, path}}).problems);
      CHECK_MESSAGE(problems.find("can't read " + path + ": " + kind) != std::string::npos, problems);
      CHECK(problems.find("; put the secret into an ordinary file") != std::string::npos);
    }
  }
  ::close(socket);
}

TEST_CASE("links to ordinary files are followed, as Kubernetes makes them") {
  const TempDir folder;
  std::filesystem::create_directory(folder / "..2026_11_27");
  with_mode(folder.write("..2026_11_27/key", kGoodKey), 0440);
  std::filesystem::create_directory_symlink("..2026_11_27", folder / "..data");
  std::filesystem::create_symlink("..data/key", folder / "key");
  const auto loaded = load({{"STREAMS_HMAC_KEY_FILE", (folder / "key").string()}});
  CHECK(loaded.problems.empty());
  CHECK(loaded.warnings.empty());
  CHECK(loaded.settings.signing_key.size() == 32);
}

TEST_CASE("a warning names a secret's file that every user can read, or others can change; the group may read it") {
  const TempDir folder;
  const auto key = folder.write("key", kGoodKey);
  for (const mode_t mode : {0400U, 0600U, 0440U, 0640U}) {
    CHECK(warnings({{"STREAMS_HMAC_KEY_FILE", with_mode(key, mode)}}).empty());
  }
  for (const mode_t mode : {0444U, 0644U, 0604U}) {
    const auto text = warnings({{"STREAMS_HMAC_KEY_FILE", with_mode(key, mode)}});
    CHECK(text.find("environment STREAMS_HMAC_KEY_FILE: signing.key_file: " + key.string() +
                    " can be read by every user of this machine (mode 0") == 0);
    CHECK(text.find("changed") == std::string::npos);
  }
  CHECK(warnings({{"STREAMS_HMAC_KEY_FILE", with_mode(key, 0660)}}).find("can be changed by others than its owner") !=
        std::string::npos);
  CHECK(warnings({{"STREAMS_HMAC_KEY_FILE", with_mode(key, 0666)}})
            .find("can be read by every user of this machine, and can be changed by others") != std::string::npos);

  const auto password = with_mode(folder.write("password", "a-good-one"), 0644);
  CHECK(warnings({{"REDIS_PASSWORD_FILE", password}}).find("redis.password_file: " + password) != std::string::npos);
  CHECK(warnings({{"METRICS_BEARER_FILE", password}}).find("http.bearer_file: " + password) != std::string::npos);
  const auto url = with_mode(folder.write("url", "redis://cache:6379/0"), 0644);
  CHECK(warnings({{"REDIS_URL_FILE", url}}).empty());
  const auto url_with_password = with_mode(folder.write("secret-url", "redis://:secret@cache:6379/0"), 0644);
  CHECK(warnings({{"REDIS_URL_FILE", url_with_password}}).find("redis.url_file: ") != std::string::npos);
}

TEST_CASE("a warning names a readable configuration file with a secret in it, as with the secret's own file") {
  const TempDir folder;
  const auto with_key = folder.write("a.toml", "[signing]\nkey = \"" + std::string(kGoodKey) + "\"\n");
  CHECK(warnings({}, with_mode(with_key, 0640)).empty());
  CHECK(warnings({}, with_mode(with_key, 0644)).find("signing.key: " + with_key.string() + " can be read by every") !=
        std::string::npos);
  CHECK(warnings({{"STREAMS_HMAC_KEY", kGoodKey}}, with_key.string()).empty());
  const auto without =
      folder.write("b.toml", "[redis]\nhost = \"cache\"\n[postgres]\nurl = \"postgres://app@db/x\"\n");
  CHECK(warnings({}, with_mode(without, 0644)).empty());
}

TEST_CASE("a warning names a weak signing key, wherever it comes from, without showing it") {
  for (const std::string& weak :
       {byte_again("00", 32), byte_again("ff", 40), byte_again("a5", 32), byte_again("deadbeef", 8),
        byte_again("0102", 16), byte_again("0001020304050607", 5),
        std::string("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
        std::string("1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100"),
        byte_again("0101010102020202", 3) + byte_again("0303030304040404", 3)}) {
    const auto text = warnings({{"STREAMS_HMAC_KEY", weak}});
    CHECK_MESSAGE(text.find("environment STREAMS_HMAC_KEY: signing.key: the key ") == 0, weak);
    CHECK(text.find(weak.substr(0, 16)) == std::string::npos);
  }
  CHECK(warnings({{"STREAMS_HMAC_KEY", kGoodKey}}).empty());
  CHECK(warnings({}).empty());
}

TEST_CASE("without a signing key a warning says that entries go out unsigned") {
  const auto of = [](const config::Environment& environment) {
    config::Sources sources;
    sources.default_file = "/nonexistent/outboxd.toml";
    sources.environment = environment;
    return outboxd::config::render_problems(config::load(sources, {.postgres = false}).warnings);
  };
  CHECK(
      of({}) ==
      "no signing key is set, and mode is not set: entries go out unsigned, and consumers drop and acknowledge what "
      "isn't signed unless their own mode is dev (they take an unset CARACAL_MODE for stable): set STREAMS_HMAC_KEY "
      "or STREAMS_HMAC_KEY_FILE\n");
  CHECK(of({{"CARACAL_MODE", "dev"}}).find("no signing key is set, and mode is dev: entries go out unsigned") == 0);
  CHECK(of({{"STREAMS_HMAC_KEY", kGoodKey}}).empty());
  // An error by itself.
  CHECK(of({{"CARACAL_MODE", "stable"}}).empty());
  CHECK(of({{"CARACAL_MODE", "beta"}}).empty());
}
