// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace outboxd::test {

/// Fills a new folder as initdb would: initdb runs once for each Postgres and user, its result is kept in the build's
/// folder and copied. If it can't be kept there, each process runs initdb itself.
void copy_initialised_data(const std::filesystem::path& data);

}  // namespace outboxd::test
