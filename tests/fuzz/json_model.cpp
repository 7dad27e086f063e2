// SPDX-License-Identifier: Apache-2.0
#include "fuzz/json_model.hpp"

#include <cstdint>

namespace outboxd::fuzz {
namespace {

constexpr int kDeepest = 1000;

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

/// Parses the text from its front; `bad` after the first error.
class Model {
 public:
  explicit Model(std::string_view json) : rest_{json} {}

  std::optional<std::vector<Member>> object() {
    std::vector<Member> members;
    blanks();
    expect('{');
    blanks();
    if (!take('}')) {
      do {
        blanks();
        auto& member = members.emplace_back();
        std::string raw;
        string(member.name, raw);
        blanks();
        expect(':');
        blanks();
        member_value(member);
        blanks();
      } while (!bad_ && take(','));
      expect('}');
    }
    blanks();
    if (bad_ || !rest_.empty()) return std::nullopt;
    return members;
  }

 private:
  [[nodiscard]] char front() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!take(c)) bad_ = true;
  }

  void blanks() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) {
    }
  }

  void word(std::string_view wanted, std::string& raw) {
    if (!rest_.starts_with(wanted)) {
      bad_ = true;
      return;
    }
    raw += wanted;
    rest_.remove_prefix(wanted.size());
  }

  void member_value(Member& member) {
    std::string raw;
    if (front() == '"') {
      string(member.value, raw);
      return;
    }
    member.null = front() == 'n';
    value(member.value, 0);
  }

  void value(std::string& raw, int depth) {
    if (depth > kDeepest) bad_ = true;
    if (bad_) return;
    std::string text;
    switch (front()) {
      case '{':
        return nested(raw, '{', '}', depth);
      case '[':
        return nested(raw, '[', ']', depth);
      case '"':
        return string(text, raw);
      case 't':
        return word("true", raw);
      case 'f':
        return word("false", raw);
      case 'n':
        return word("null", raw);
      default:
        return number(raw);
    }
  }

  void nested(std::string& raw, char open, char close, int depth) {
    expect(open);
    raw += open;
    blanks();
    if (!take(close)) {
      while (true) {
        blanks();
        if (open == '{') key(raw);
        value(raw, depth + 1);
        blanks();
        if (bad_ || !take(',')) break;
        raw += ',';
      }
      expect(close);
    }
    raw += close;
  }

  void key(std::string& raw) {
    std::string name;
    string(name, raw);
    blanks();
    expect(':');
    blanks();
    raw += ':';
  }

  bool digits(std::string& raw) {
    const auto before = raw.size();
    while (front() >= '0' && front() <= '9') {
      raw += front();
      rest_.remove_prefix(1);
    }
    return raw.size() > before;
  }

  void number(std::string& raw) {
    if (take('-')) raw += '-';
    if (take('0')) {
      raw += '0';
    } else if (!digits(raw)) {
      bad_ = true;
    }
    if (take('.')) {
      raw += '.';
      if (!digits(raw)) bad_ = true;
    }
    if (front() != 'e' && front() != 'E') return;
    raw += front();
    rest_.remove_prefix(1);
    if (front() == '+' || front() == '-') {
      raw += front();
      rest_.remove_prefix(1);
    }
    if (!digits(raw)) bad_ = true;
  }

  void string(std::string& text, std::string& raw) {
    const auto start = rest_;
    expect('"');
    while (!bad_ && !take('"')) {
      if (rest_.empty() || static_cast<unsigned char>(front()) < 0x20) {
        bad_ = true;
      } else if (take('\\')) {
        escape(text);
      } else {
        text += front();
        rest_.remove_prefix(1);
      }
    }
    raw += start.substr(0, start.size() - rest_.size());
  }

  void escape(std::string& text) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (take('u')) return append_utf8(text, code_point());
    const auto which = rest_.empty() ? std::string_view::npos : kNames.find(front());
    if (which == std::string_view::npos) {
      bad_ = true;
      return;
    }
    text += kMeanings[which];
    rest_.remove_prefix(1);
  }

  std::uint32_t code_point() {
    const auto first = four_hex_digits();
    if (first < 0xD800 || first > 0xDFFF) return first;
    const bool pair = first < 0xDC00 && take('\\') && take('u');
    const auto second = pair ? four_hex_digits() : 0;
    if (second < 0xDC00 || second > 0xDFFF) bad_ = true;
    return bad_ ? 0 : 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00);
  }

  std::uint32_t four_hex_digits() {
    constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
    std::uint32_t number = 0;
    for (int i = 0; i < 4; ++i) {
      const auto digit = rest_.empty() ? std::string_view::npos : kDigits.find(front());
      if (digit == std::string_view::npos) {
        bad_ = true;
        return 0;
      }
      number = number * 16 + static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
      rest_.remove_prefix(1);
    }
    return number;
  }

  std::string_view rest_;
  bool bad_ = false;
};

}  // namespace

std::optional<std::vector<Member>> model_of_object(std::string_view json) {
  if (!is_utf8(json)) return std::nullopt;
  return Model{json}.object();
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    if (length > text.size() - at) return false;
    std::uint32_t code = byte & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) code = (code << 6U) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    // If encoding the character again gives other bytes, the sequence was overlong or invalid.
    std::string again;
    append_utf8(again, code);
    if (again != text.substr(at, length)) return false;
    at += length;
  }
  return true;
}

}  // namespace outboxd::fuzz
