// SPDX-License-Identifier: Apache-2.0
// `outboxd streams check-signatures` as text.
#include "daemon/signatures/signature_report.hpp"

#include "daemon/commands/exit_status.hpp"
#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace outboxd::daemon {
namespace {

constexpr std::size_t kLongestName = 100;

std::string shown_name(std::string_view text) {
  std::string shown;
  telemetry::append_printable(shown, utf8::shortened(text, kLongestName));
  return shown;
}

std::string described(const CountedKey& key) {
  return "key " + key.id + " (" + shown_name(key.name) + ")";
}

bool is_unsigned(SignatureFault fault) {
  return fault == SignatureFault::no_signature;
}

void append_count(std::ostringstream& text, const std::string& what, std::uint64_t count) {
  text << "  " << std::left << std::setw(24) << what << std::right << std::setw(10) << count << "\n";
}

std::string entries(std::uint64_t count, const char* kind = "") {
  return std::to_string(count) + " " + kind + (count == 1 ? "entry" : "entries");
}

void append_notes(const SignatureReport& report, std::ostringstream& text) {
  if (report.ambiguous > 0) {
    const bool is_one = report.ambiguous == 1;
    text << "ambiguous: " << entries(report.ambiguous, "well signed ") << (is_one ? " has" : " have")
         << " a _sig that also fits another entry; consumers should refuse " << (is_one ? "it" : "them")
         << ": signing.ambiguous = \"dead\" or signing.strict prevents it\n";
  }
  if (report.with_foreign_sig2 > 0) {
    text << "foreign _sig2: " << entries(report.with_foreign_sig2, "well signed ")
         << (report.with_foreign_sig2 == 1 ? " has" : " have") << " a payload's own field of that name\n";
  }
  if (report.unlisted > 0) text << entries(report.unlisted) << " with a fault not listed (--list)\n";
}

/// Which keys are still needed, for the end of a rotation.
void append_needed_keys(const SignatureReport& report, std::ostringstream& text) {
  if (!report.unread) return;
  const auto group = "group " + shown_name(report.unread->group);
  const auto pending = report.unread->pending - std::min(report.unread->pending, report.unread->gone);
  text << group << ": " << entries(report.entries, "unacknowledged ") << " checked, of which " << pending
       << " pending";
  if (report.unread->gone > 0) text << "; " << report.unread->gone << " pending ones are no longer in the stream";
  text << "\n";
  const bool all_known = report.is_complete && report.well_signed == report.entries;
  for (const auto& key : report.keys) {
    if (key.entries > 0)
      text << described(key) << ": " << group << " still needs it for " << entries(key.entries) << "\n";
    if (key.entries == 0 && all_known) {
      text << described(key) << ": " << group << " doesn't need it, once no dispatcher signs with it\n";
    }
  }
}

}  // namespace

void SignatureReport::add(std::string_view id, const Judgement& judgement) {
  ++entries;
  if (first_id.empty()) first_id = id;
  last_id = id;
  if (judgement.fault != SignatureFault::none) {
    ++faults[judgement.fault];
    return;
  }
  ++well_signed;
  ++keys.at(*judgement.key).entries;
  with_sig2 += judgement.has_sig2 ? 1 : 0;
  ambiguous += judgement.is_ambiguous ? 1 : 0;
  with_foreign_sig2 += judgement.has_foreign_sig2 ? 1 : 0;
}

std::uint64_t SignatureReport::unsigned_entries() const {
  const auto found = faults.find(SignatureFault::no_signature);
  return found == faults.end() ? 0 : found->second;
}

std::string reason_of(const Judgement& judgement, const std::vector<CountedKey>& keys) {
  const auto key = judgement.key ? described(keys.at(*judgement.key)) : std::string{};
  const auto detail = "\"" + shown_name(judgement.detail) + "\"";
  switch (judgement.fault) {
    case SignatureFault::none:
      return "well signed with " + key;
    case SignatureFault::no_signature:
      return "it has no _sig: written by another program, or by a dispatcher without a key";
    case SignatureFault::several_signatures:
      return "it has several _sig fields: it was not written by outboxd, or a field was added";
    case SignatureFault::malformed_signature:
      return "its _sig is not 64 digits of lower-case hex";
    case SignatureFault::other_stream:
      return "it was signed for stream " + detail + " with " + key + ": it is a copy from there";
    case SignatureFault::field_added:
      return "field " + detail + " was added: without it the signature is right, with " + key;
    case SignatureFault::signature_changed:
      return "_sig was changed: _sig2 is right, with " + key;
    case SignatureFault::unknown_key:
      return "_sig2 names key " + shown_name(judgement.detail) +
             ", which is not among the given ones: give it with --key-file";
    case SignatureFault::fields_changed:
      return "_sig2 names " + key + ", and fields were changed or removed, or several added: which can't be told";
    case SignatureFault::sig2_missing:
      return "_sig is right, but there is no _sig2 (--strict): signed before signing.strict was set, or by another "
             "dispatcher";
    case SignatureFault::sig2_malformed:
      return "_sig is right, but _sig2 has another form or place than outboxd gives it";
    case SignatureFault::sig2_wrong:
      return "_sig is right, but _sig2 is not: fields were reordered, a name or value continues "
             "another one, or it was made with another key";
    case SignatureFault::sig2_late:
      return "both signatures are right, but it was added more than " + std::to_string(kLateAfter.count()) +
             " minutes after it was signed: a copy if its outbox_id was there before, otherwise the clocks of the "
             "dispatcher and Redis differ, or an id of the stream was ahead of the time";
    case SignatureFault::sig2_early:
      return "both signatures are right, but it was signed more than " + std::to_string(kLateAfter.count()) +
             " minutes after its id: the clocks of the dispatcher and Redis differ, or another program chose the id";
    case SignatureFault::cannot_tell:
      break;
  }
  return "the signature is wrong: made with a key that is not given, or fields were changed or removed; that can't "
         "be told apart";
}

int exit_status_of(const SignatureReport& report) {
  if (report.well_signed < report.entries) return kIncomplete;
  return report.is_complete ? kDone : kCouldNotWork;
}

std::string text_of(std::string_view id, const Judgement& judgement, const SignatureReport& report) {
  return shown_name(id) + (is_unsigned(judgement.fault) ? "  UNSIGNED  " : "  WRONG  ") +
         reason_of(judgement, report.keys) + "\n";
}

std::string text_of(const SignatureReport& report) {
  std::ostringstream text;
  text << shown_name(report.stream) << " at " << report.server << ": " << entries(report.entries);
  if (report.entries > 0) text << ", " << report.first_id << " to " << report.last_id;
  text << (report.is_complete ? "\n" : "; NOT ALL WERE READ\n");
  append_count(text, "well signed", report.well_signed);
  for (const auto& key : report.keys) {
    append_count(text, "  key " + key.id, key.entries);
    text.seekp(-1, std::ios_base::end);
    text << "  " << shown_name(key.name) << "\n";
  }
  append_count(text, "  with a right _sig2", report.with_sig2);
  append_count(text, "wrongly signed", report.wrong());
  for (const auto& [fault, count] : report.faults) {
    if (!is_unsigned(fault)) append_count(text, std::string{"  "} + to_string(fault), count);
  }
  append_count(text, "unsigned", report.unsigned_entries());
  append_notes(report, text);
  append_needed_keys(report, text);
  return text.str();
}

}  // namespace outboxd::daemon
