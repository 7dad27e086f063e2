// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace outboxd::test {

/// Fills a new folder as initdb would. What initdb made is kept in the build's folder and copied, for this Postgres
/// and this user of its servers; where it can't be kept, each process makes one of its own.
void copy_initialised_data(const std::filesystem::path& data);

}  // namespace outboxd::test
