// SPDX-License-Identifier: Apache-2.0
#include "bench/report.hpp"

#include <cmath>
#include <iomanip>
#include <sstream>
#include <stdexcept>

namespace outboxd::bench {
namespace {

template <class... Kinds>
struct Overloaded : Kinds... {
  using Kinds::operator()...;
};
template <class... Kinds>
Overloaded(Kinds...) -> Overloaded<Kinds...>;

std::string grouped(std::string digits) {
  const auto end = digits.find('.') == std::string::npos ? digits.size() : digits.find('.');
  const std::size_t begin = digits.starts_with('-') ? 1 : 0;
  for (auto at = end; at > begin + 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string number(double value, int decimals) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(decimals) << value;
  return grouped(text.str());
}

std::string shown(const Value& value, int decimals) {
  return std::visit(
      Overloaded{[](std::monostate) { return std::string{}; }, [](const std::string& text) { return text; },
                 [](std::int64_t count) { return grouped(std::to_string(count)); },
                 [](bool flag) { return std::string{flag ? "yes" : "no"}; },
                 [decimals](const Series& series) {
                   if (series.empty()) return std::string{};
                   auto text = number(series.median(), decimals);
                   if (series.values().size() > 1) {
                     text += " (" + number(series.min(), decimals) + "–" + number(series.max(), decimals) + ")";
                   }
                   return text;
                 }},
      value);
}

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out << '\\' << c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out << "\\u" << std::hex << std::setw(4) << std::setfill('0') << static_cast<int>(c) << std::dec;
    } else {
      out << c;
    }
  }
  out << '"';
  return out.str();
}

std::string exact(double value) {
  if (!std::isfinite(value)) return "null";
  std::ostringstream text;
  text << std::setprecision(9) << value;
  return text.str();
}

std::string as_json(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) { return std::string{"null"}; },
                               [](const std::string& text) { return quoted(text); },
                               [](std::int64_t count) { return std::to_string(count); },
                               [](bool flag) { return std::string{flag ? "true" : "false"}; },
                               [](const Series& series) {
                                 if (series.empty()) return std::string{"null"};
                                 std::string all;
                                 for (const double one : series.values())
                                   all.append(all.empty() ? "" : ", ").append(exact(one));
                                 return R"({"median": )" + exact(series.median()) + R"(, "min": )" +
                                        exact(series.min()) + R"(, "max": )" + exact(series.max()) +
                                        R"(, "values": [)" + all + "]}";
                               }},
                    value);
}

void append_table(std::string& out, const Section& section) {
  std::string rule;
  for (const auto& column : section.columns) {
    out += "| " + column.heading + " ";
    rule += rule.empty() ? "| --- " : "| ---: ";
  }
  out += "|\n" + rule + "|\n";
  for (const auto& row : section.rows) {
    if (row.size() != section.columns.size()) throw std::logic_error(section.name + ": a row of another width");
    for (std::size_t i = 0; i < row.size(); ++i) out += "| " + shown(row[i], section.columns.at(i).decimals) + " ";
    out += "|\n";
  }
}

}  // namespace

std::string markdown(const Facts& facts) {
  std::string out = "# Benchmark\n\n";
  for (const auto& [name, value] : facts) out += "- " + name + ": " + value + "\n";
  return out;
}

std::string markdown(const Section& section) {
  auto out = "\n## " + section.title + "\n\n" + section.how + "\n\n";
  append_table(out, section);
  return out;
}

std::string json(const Facts& facts, const std::vector<Section>& sections) {
  std::string out = "{\n  \"facts\": {";
  const char* separator = "\n";
  for (const auto& [name, value] : facts) {
    out.append(separator).append("    ").append(quoted(name)).append(": ").append(quoted(value));
    separator = ",\n";
  }
  out += "\n  },\n  \"sections\": {";
  separator = "\n";
  for (const auto& section : sections) {
    out.append(separator).append("    ").append(quoted(section.name)).append(": [");
    separator = ",\n";
    const char* between_rows = "\n";
    for (const auto& row : section.rows) {
      out.append(between_rows).append("      {");
      between_rows = ",\n";
      for (std::size_t i = 0; i < row.size(); ++i) {
        out.append(i == 0 ? "" : ", ").append(quoted(section.columns.at(i).key)).append(": ").append(as_json(row[i]));
      }
      out += "}";
    }
    out += "\n    ]";
  }
  return out + "\n  }\n}\n";
}

}  // namespace outboxd::bench
