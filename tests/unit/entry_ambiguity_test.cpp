// SPDX-License-Identifier: Apache-2.0
#include "entry/ambiguity.hpp"
#include "entry/encoder.hpp"
#include "entry/signer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace outboxd::entry {
namespace {

using Fields = std::vector<Field>;
/// An entry in a comparable form: its stream, and its fields as a consumer's map.
using Read = std::pair<std::string, std::map<std::string, std::string>>;

Read read_of(const std::string& stream, const Fields& fields) {
  Read read{stream, {}};
  for (const auto& [name, value] : fields) read.second[name] = value;
  return read;
}

/// Parses a canonical text line by line, as deploy/SECURITY.md describes; empty if that fails.
std::optional<Read> read_back(const std::string& text) {
  Read read{text.substr(0, text.find('\n')), {}};
  std::string* value = nullptr;
  for (std::size_t at = read.first.size() + 1; at < text.size();) {
    const auto line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    const auto equals = line.find('=');
    if (equals != std::string::npos) {
      const auto [field, is_new] = read.second.try_emplace(line.substr(0, equals), line.substr(equals + 1));
      if (!is_new) return std::nullopt;
      value = &field->second;
    } else if (value != nullptr) {
      value->append("\n").append(line);
    } else {
      return std::nullopt;
    }
  }
  return read;
}

/// A short text from a small alphabet, so that different entries often have the same canonical text.
std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t longest) {
  std::string text(random() % (longest + 1), ' ');
  for (auto& c : text) c = alphabet[random() % alphabet.size()];
  return text;
}

}  // namespace

TEST_CASE("ambiguity: entries whose signature fits another entry, and entries whose signature doesn't") {
  struct Case {
    std::string stream;
    Fields fields;
    std::string why;
  };
  const std::string name = "the name of a field has a '=' or a line end in it";
  const std::string value = "the value of a field has a line of the form name=";
  for (const auto& [stream, fields, why] : std::vector<Case>{
           {"s", {}, ""},
           {"s", {{"a", "b"}}, ""},
           {"s", {{"a", "b=c"}}, ""},
           {"s=t", {{"a", "b"}}, ""},
           {"s", {{"", "b"}}, ""},
           {"s", {{"a", ""}}, ""},
           {"s", {{"note", "line1\nline2"}}, ""},
           {"s", {{"note", "a=b\nline2\n"}}, ""},
           {"s", {{"note", "\n\n"}}, ""},
           {"s", {{"note", "x\ry=z"}, {"n\r", "\xE2\x80\xA8p=q"}}, ""},
           {"s", {{"reason", "x\nsession_id=victim"}}, value},
           {"s", {{"z", "x\na=1"}}, value},
           {"s", {{"note", "x\ny\nz=1"}}, value},
           {"s", {{"note", "x\n=1"}}, value},
           {"s", {{"note", "x\n="}}, value},
           {"s", {{"note", "\na b c = d"}}, value},
           {"s", {{"note", "x\r\na=1"}}, value},
           {"s", {{"outbox_id", "o\nsession_id=victim"}}, value},
           {"s", {{"a=b", "c"}}, name},
           {"s", {{"=", ""}}, name},
           {"s", {{"a\nb", "c"}}, name},
           {"s", {{"\n", "c"}}, name},
           {"s\na=1", {{"b", "2"}}, "its stream's name has a line end in it"},
           {"s", {{"a", "1"}, {"b", "2"}, {"a", "3"}}, "a field's name appears twice"},
       }) {
    CAPTURE(canonical_text(stream, fields));
    CHECK(std::string{ambiguity(stream, fields)} == why);
  }
}

TEST_CASE("ambiguity: an entry is ambiguous exactly if parsing its canonical text doesn't return it") {
  std::mt19937 random{7};
  std::map<std::string, Read> signed_texts;
  std::size_t unambiguous = 0;
  std::size_t ambiguous = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto stream = random_text(random, "s\n=a", 3);
    Fields fields;
    for (auto count = random() % 4; count > 0; --count) {
      fields.push_back({random_text(random, "ab\n=", 2), random_text(random, "ab=\n\r", 5)});
    }
    CAPTURE(canonical_text(stream, fields));
    const auto text = canonical_text(stream, fields);
    const bool flagged = !ambiguity(stream, fields).empty();
    const auto read = read_of(stream, fields);
    const auto back = read_back(text);
    REQUIRE(flagged == (!back || *back != read || read.second.size() != fields.size()));
    if (flagged) {
      ++ambiguous;
      continue;
    }
    ++unambiguous;
    // No two unambiguous entries have the same canonical text.
    const auto [known, is_new] = signed_texts.emplace(text, read);
    if (!is_new) REQUIRE(known->second == read);
  }
  CHECK(unambiguous > 20'000);
  CHECK(ambiguous > 20'000);
}

TEST_CASE("ambiguity: a forged entry with the canonical text of an unambiguous one is ambiguous itself") {
  // Every way to split a text into a stream and fields, with any characters in their names.
  const Fields fields{{"a", "1"}, {"b", "x\ny"}, {"c", "p=q"}};
  const auto text = canonical_text("s", fields);
  REQUIRE(ambiguity("s", fields).empty());
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') ends.push_back(i);
  }
  std::set<Read> passing;
  for (unsigned cuts = 0; cuts < 1U << (ends.size() - 1); ++cuts) {
    std::vector<std::string> parts{""};
    for (std::size_t line = 0, begin = 0; line < ends.size(); begin = ends[line++] + 1) {
      const bool cut = line > 0 && ((cuts >> (line - 1)) & 1U) != 0;
      if (cut) parts.emplace_back();
      parts.back() += (line > 0 && !cut ? "\n" : "") + text.substr(begin, ends[line] - begin);
    }
    // In each part after the stream, the name may end at any '='.
    std::vector<Fields> all{{}};
    for (std::size_t part = 1; part < parts.size(); ++part) {
      std::vector<Fields> longer;
      for (auto at = parts[part].find('='); at != std::string::npos; at = parts[part].find('=', at + 1)) {
        for (auto one : all) {
          one.push_back({parts[part].substr(0, at), parts[part].substr(at + 1)});
          longer.push_back(std::move(one));
        }
      }
      all = std::move(longer);
    }
    for (const auto& one : all) {
      if (canonical_text(parts[0], one) == text && ambiguity(parts[0], one).empty()) {
        passing.insert(read_of(parts[0], one));
      }
    }
  }
  CHECK(passing == std::set<Read>{read_of("s", fields)});
}

TEST_CASE(
    "encoder: ambiguous entries are published or refused, as the rules say; without a key there is no ambiguity") {
  const std::vector<std::uint8_t> key(32, 7);
  const Event event{"s", "o-1", std::nullopt, R"({"reason": "x\nsession_id=victim"})"};
  const auto published = Encoder{{}, key}.encode(event);
  CHECK(published.refusal.empty());
  CHECK(!published.ambiguity.empty());
  CHECK(published.entry.fields.back().name == kSignatureField);
  const auto refused = Encoder{{.ambiguous = Ambiguous::refused}, key}.encode(event);
  CHECK(refused.refusal ==
        "signature would be good for another entry, too: the value of a field has a line of the form name= "
        "(signing.ambiguous)");
  CHECK(!refused.ambiguity.empty());
  const auto unsigned_entry = Encoder{{.ambiguous = Ambiguous::refused}, {}}.encode(event);
  CHECK(unsigned_entry.refusal.empty());
  CHECK(unsigned_entry.ambiguity.empty());
  const auto plain = Encoder{{.ambiguous = Ambiguous::refused}, key}.encode({"s", "o-1", "d", R"({"a": "b=c\nd"})"});
  CHECK(plain.refusal.empty());
  CHECK(plain.ambiguity.empty());
}

TEST_CASE("encoder: a stream's name with a control character is refused, signed or not; other characters are not") {
  const std::vector<std::uint8_t> key(32, 7);
  for (const std::string bad : {"s\na=1", "\t", "s\r", "\x01", "s\x1F", "s\x7F", "s\xC2\x80t", "s\xC2\x9F"}) {
    for (const auto& used : {key, std::vector<std::uint8_t>{}}) {
      CHECK(Encoder{{}, used}.encode({bad, "o-1", std::nullopt, "{}"}).refusal ==
            "stream name has a control character in it");
    }
  }
  for (const std::string good :
       {"s", "a b", "größe", "s=t", "\xC2\xA0", "\xE2\x80\xA8", "\xC3\x80", "\xE4\x82\x80"}) {
    CHECK(Encoder{{}, key}.encode({good, "o-1", std::nullopt, "{}"}).refusal.empty());
  }
}

TEST_CASE("ambiguity: a name that appears twice is found among few fields and among many") {
  for (const std::size_t count : {2U, 15U, 16U, 17U, 100U}) {
    CAPTURE(count);
    Fields fields;
    for (std::size_t i = 0; i < count; ++i) fields.push_back({"f" + std::to_string(i), "v"});
    CHECK(ambiguity("s", fields).empty());
    fields.front().name = fields.back().name;
    CHECK(ambiguity("s", fields) == "a field's name appears twice");
  }
}

}  // namespace outboxd::entry
