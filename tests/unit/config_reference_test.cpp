// SPDX-License-Identifier: Apache-2.0
#include "config/render.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace outboxd {
namespace {

constexpr const char* kPage = OUTBOXD_SOURCE_DIR "/lib/config/SETTINGS.md";
constexpr const char* kEnd = "<!-- end of settings -->";

std::string text_of(const char* path) {
  const std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the page's table of settings is the option table") {
  auto page = text_of(kPage);
  const auto marker = page.find("<!-- settings: ");
  REQUIRE(marker != std::string::npos);
  const auto begin = page.find('\n', marker) + 1;
  const auto end = page.find(kEnd);
  REQUIRE(end != std::string::npos);
  const auto table = config::render_markdown_table();
  if (std::getenv("OUTBOXD_WRITE_SETTINGS") != nullptr) {
    std::ofstream{kPage} << page.replace(begin, end - begin, table);
    return;
  }
  CHECK(page.substr(begin, end - begin) == table);
}

}  // namespace outboxd
