// SPDX-License-Identifier: Apache-2.0
// `outboxd streams check-signatures --json`.
#include "daemon/signatures/signature_report.hpp"
#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"

#include <sstream>

namespace outboxd::daemon {
namespace {

constexpr std::size_t kLongestJsonText = 1'000;

/// As a JSON string.
std::string cut(std::string_view text) {
  return telemetry::json_text(utf8::shortened(text, kLongestJsonText));
}

std::string cut_or_null(std::string_view text) {
  return telemetry::json_or_null(utf8::shortened(text, kLongestJsonText));
}

std::string detail_if(bool applies, const Judgement& judgement) {
  return applies ? cut(judgement.detail) : "null";
}

}  // namespace

std::string json_line_of(std::string_view id, const Judgement& judgement, const SignatureReport& report) {
  const auto fault = judgement.fault;
  const bool is_unsigned = fault == SignatureFault::no_signature;
  const auto key = judgement.key                          ? report.keys.at(*judgement.key).id
                   : fault == SignatureFault::unknown_key ? judgement.detail
                                                          : std::string{};
  std::ostringstream line;
  line << R"({"type":"entry","stream":)" << cut(report.stream) << ",\"id\":" << cut(id)
       << ",\"verdict\":" << (is_unsigned ? "\"unsigned\"" : "\"wrong\"") << ",\"reason\":\"" << to_string(fault)
       << "\",\"field\":" << detail_if(fault == SignatureFault::field_added, judgement)
       << ",\"other_stream\":" << detail_if(fault == SignatureFault::other_stream, judgement)
       << ",\"key_id\":" << cut_or_null(key) << "}\n";
  return line.str();
}

std::string json_line_of(const SignatureReport& report) {
  std::ostringstream line;
  line << R"({"type":"summary","stream":)" << cut(report.stream) << ",\"server\":" << cut(report.server)
       << ",\"first_id\":" << cut_or_null(report.first_id) << ",\"last_id\":" << cut_or_null(report.last_id)
       << ",\"entries\":" << report.entries << ",\"well_signed\":" << report.well_signed
       << ",\"wrong\":" << report.wrong() << ",\"unsigned\":" << report.unsigned_entries()
       << ",\"with_sig2\":" << report.with_sig2 << ",\"ambiguous\":" << report.ambiguous
       << ",\"with_foreign_sig2\":" << report.with_foreign_sig2 << ",\"keys\":[";
  for (const auto* separator = ""; const auto& key : report.keys) {
    line << separator << "{\"file\":" << cut(key.name) << ",\"key_id\":" << cut(key.id)
         << ",\"entries\":" << key.entries << "}";
    separator = ",";
  }
  line << "],\"reasons\":{";
  for (const auto* separator = ""; const auto& [fault, count] : report.faults) {
    line << separator << "\"" << to_string(fault) << "\":" << count;
    separator = ",";
  }
  line << "},\"unread\":";
  if (report.unread) {
    line << "{\"group\":" << cut(report.unread->group) << ",\"pending\":" << report.unread->pending
         << ",\"gone\":" << report.unread->gone << "}";
  } else {
    line << "null";
  }
  line << ",\"unlisted\":" << report.unlisted << ",\"complete\":" << (report.is_complete ? "true" : "false") << "}\n";
  return line.str();
}

}  // namespace outboxd::daemon
