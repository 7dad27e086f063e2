// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::entry {

/// What becomes of a payload field whose value is JSON null.
enum class Nulls { left_out, as_text };

/// Reads payloads: a JSON object as Postgres prints jsonb, into fields in its order.
///
/// A string becomes its own bytes, a number its JSON text (never through a double), true and false their names, an
/// object or array compact JSON. Not thread-safe: it keeps its buffers from one payload to the next.
class PayloadReader {
 public:
  PayloadReader();
  PayloadReader(PayloadReader&&) noexcept;
  PayloadReader& operator=(PayloadReader&&) noexcept;
  ~PayloadReader();

  /// Appends the payload's fields to `fields`. Returns why it can't be published, or nothing when all went well; then
  /// `fields` may hold a part of them. Throws std::bad_alloc.
  [[nodiscard]] std::optional<std::string> append_fields(std::string_view payload_json, Nulls nulls,
                                                         std::vector<Field>& fields);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace outboxd::entry
