// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"

#include <string>

namespace outboxd::config {

/// Every effective value as TOML, each with its origin as a comment. Secrets are masked.
std::string render_show(const Loaded& loaded);

/// The same as a JSON array of {"setting", "value", "origin"}; a setting that is not set is null. Where the file has
/// a [[dispatcher]], its settings have a member "dispatcher" with its name.
std::string render_show_json(const Loaded& loaded);

/// The problems, one per line.
std::string render_problems(const Problems& problems);

/// The list of flags for --help, with the defaults of a profile.
std::string render_help_table(Profile profile);

/// The option table in Markdown, for SETTINGS.md.
std::string render_markdown_table();

}  // namespace outboxd::config
