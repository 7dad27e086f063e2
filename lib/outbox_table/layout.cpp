// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/layout.hpp"

#include "outbox_table/layout_sql.hpp"

namespace outboxd::outbox_table {

bool finds_each_stream(const LayoutTerms& terms) {
  return terms.has_stream_index && takes_few_streams(terms);
}

bool takes_few_streams(const LayoutTerms& terms) {
  constexpr std::size_t kFew = 16;
  return !terms.streams.empty() && terms.streams.size() <= kFew;
}

Layout make_layout(const TableShape& shape, const LayoutTerms& terms) {
  return shape.has_lease_columns() ? column_lease_layout(shape, terms) : availability_lease_layout(shape, terms);
}

}  // namespace outboxd::outbox_table
