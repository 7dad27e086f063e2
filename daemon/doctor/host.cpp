// SPDX-License-Identifier: Apache-2.0
// What this machine and the configuration say: the signing key, doubtful settings, the daemon's own report.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::daemon::doctor {
namespace {

constexpr const char* kKeyCommand =
    "test -e /etc/outboxd/streams.key || openssl rand -hex 32 | sudo install -m 640 -g outboxd /dev/stdin "
    "/etc/outboxd/streams.key  # signing.key_file; consumers need the same key";
constexpr const char* kNewKeyCommand =
    "test -e /etc/outboxd/new.key || openssl rand -hex 32 | sudo install -m 640 -g outboxd /dev/stdin "
    "/etc/outboxd/new.key  # give it to the consumers beside the old one, then name it in signing.key_file and "
    "reload";

bool is_about_key(const std::string& text) {
  return text.starts_with("signing.key");
}

/// The file of an exposed secret: a warning of config/exposed_secrets.cpp has its place.
std::string exposed_file(const config::Problem& warning) {
  if (warning.text.find("chmod ") == std::string::npos) return {};
  return warning.where.read_from.empty() ? warning.where.name : warning.where.read_from;
}

Finding doubt_of(const config::Problem& warning) {
  const auto colon = warning.text.find(": ");
  Finding finding{.check = is_about_key(warning.text) ? "host.signing_key" : "host.configuration",
                  .severity = Severity::warning,
                  .subject = colon == std::string::npos ? warning.where.shown() : warning.text.substr(0, colon),
                  .seen = warning.shown()};
  const auto file = exposed_file(warning);
  if (!file.empty()) {
    finding.why = is_about_key(warning.text) ? "who reads the key can forge entries that consumers believe"
                                             : "who reads the file has the login, and who changes it leads outboxd "
                                               "elsewhere";
    finding.remedy = "chmod g-w,o= " + shell_word(file);
  } else if (is_about_key(warning.text)) {
    finding.why = "who guesses the key can forge entries that consumers believe";
    finding.remedy = kNewKeyCommand;
  } else {
    finding.why = "the setting works, and should be corrected";
    finding.remedy = "outboxd config check";
  }
  return finding;
}

bool share_streams(const SharedTableFacts& one, const SharedTableFacts& other) {
  if (one.streams.empty() || other.streams.empty()) return true;
  return std::ranges::any_of(one.streams, [&other](const auto& stream) {
    return std::ranges::find(other.streams, stream) != other.streams.end();
  });
}

std::string differences(const SharedTableFacts& one, const SharedTableFacts& other) {
  std::string text;
  for (const auto& [name, value] : one.settings) {
    const auto same = std::ranges::find(other.settings, name, &std::pair<std::string, std::string>::first);
    if (same == other.settings.end() || same->second == value) continue;
    text.append(text.empty() ? "" : ", ").append(name).append(" ").append(value).append(" and ");
    text.append(same->second);
  }
  return text;
}

/// The running daemon signs with another key than the one that is configured now.
Findings other_signing_of(const HostFacts& facts) {
  const auto& running = facts.daemon.state.signing;
  if (!running || *running == facts.signing) return {};
  return {{.check = "host.signing_key",
           .severity = Severity::warning,
           .subject = facts.daemon.address,
           .seen = "the daemon's entries are " + text_of(*running) + ", and by this configuration they would be " +
                   text_of(facts.signing),
           .why = "it has read the key before it was changed, or runs with another configuration",
           .remedy = facts.key_bytes > 0 ? "systemctl reload outboxd"
                                         : "give this command the daemon's configuration and environment"}};
}

}  // namespace

Findings signing_of(const HostFacts& facts) {
  const std::string check = "host.signing_key";
  if (facts.key_bytes > 0) {
    Findings findings{
        {.check = check,
         .subject = facts.key_from,
         .seen = "a key of " + std::to_string(facts.key_bytes) + " bytes: entries are " + text_of(facts.signing)}};
    append(findings, other_signing_of(facts));
    return findings;
  }
  const bool published = facts.mode == "rc" || facts.mode == "stable";
  Findings findings{
      {.check = check,
       .severity = published ? Severity::critical : Severity::warning,
       .subject = "signing.key_file",
       .seen = published ? "no signing key, and mode " + facts.mode : "no signing key: entries go out unsigned",
       .why = published ? "the daemon refuses to start without a key in this mode"
                        : "consumers in a published mode (rc, stable) drop unsigned entries and acknowledge them",
       .remedy = kKeyCommand}};
  append(findings, other_signing_of(facts));
  return findings;
}

Findings configuration_of(const HostFacts& facts) {
  Findings findings;
  for (const auto& warning : facts.warnings) findings.push_back(doubt_of(warning));
  return findings;
}

Findings daemon_of(const HostFacts& facts) {
  const std::string check = "host.daemon";
  const auto& daemon = facts.daemon;
  if (!daemon.asked)
    return {{.check = check, .subject = "http.listen", .seen = "no daemon is asked: " + daemon.address}};
  if (!daemon.answers()) {
    return {{.check = check,
             .severity = Severity::note,
             .subject = daemon.address,
             .seen = "no daemon answers (" + daemon.why_none + ")",
             .why = "none runs here, or it listens elsewhere; its own view is missing from this examination",
             .remedy = "systemctl status outboxd; journalctl -u outboxd -n 50"}};
  }
  Findings findings;
  const auto add = [&](Severity severity, const std::string& subject, const std::string& seen) {
    findings.push_back({.check = check,
                        .severity = severity,
                        .subject = subject,
                        .seen = seen,
                        .why = "the running daemon reports this itself",
                        .remedy = "outboxd status; journalctl -u outboxd -n 50"});
  };
  for (const auto& note : daemon.state.notes) add(Severity::warning, daemon.address, note);
  for (const auto& [name, state] : daemon.state.dispatchers) {
    if (!state.ready) add(Severity::critical, "dispatcher " + name, "it is not ready: " + state.reason);
    for (const auto& note : state.notes) add(Severity::warning, "dispatcher " + name, note);
  }
  if (findings.empty()) {
    findings.push_back(
        {.check = check, .subject = daemon.address, .seen = "a daemon answers, and all is well for it"});
  }
  return findings;
}

Findings shared_tables_of(const HostFacts& facts) {
  Findings findings;
  const auto& all = facts.dispatchers;
  for (auto one = all.begin(); one != all.end(); ++one) {
    for (auto other = one + 1; other != all.end(); ++other) {
      if (one->database != other->database || one->table != other->table || !share_streams(*one, *other)) continue;
      const auto differ = differences(*one, *other);
      if (differ.empty()) continue;
      findings.push_back({.check = "host.dispatchers",
                          .severity = Severity::warning,
                          .subject = "dispatchers " + one->dispatcher + " and " + other->dispatcher,
                          .seen = "they share table " + one->table + " and streams, and differ in " + differ,
                          .why = "which of them claims a row is chance, and so is what applies to it",
                          .remedy = "outboxd config show  # give both the same values, or different "
                                    "dispatcher.streams"});
    }
  }
  return findings;
}

}  // namespace outboxd::daemon::doctor
