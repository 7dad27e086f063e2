// SPDX-License-Identifier: Apache-2.0
#include "config/render.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace outboxd {
namespace {

constexpr const char* kReadme = OUTBOXD_SOURCE_DIR "/README.md";
constexpr const char* kEnd = "<!-- end of settings -->";

std::string text_of(const char* path) {
  const std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the README's table of settings is the option table") {
  auto readme = text_of(kReadme);
  const auto marker = readme.find("<!-- settings: ");
  REQUIRE(marker != std::string::npos);
  const auto begin = readme.find('\n', marker) + 1;
  const auto end = readme.find(kEnd);
  REQUIRE(end != std::string::npos);
  const auto table = config::render_markdown_table();
  if (std::getenv("OUTBOXD_WRITE_README") != nullptr) {
    std::ofstream{kReadme} << readme.replace(begin, end - begin, table);
    return;
  }
  CHECK(readme.substr(begin, end - begin) == table);
}

}  // namespace outboxd
