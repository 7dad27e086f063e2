// SPDX-License-Identifier: Apache-2.0
#include "http/framing.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>

namespace outboxd::http {

using boost::beast::http::field;
using boost::beast::http::status;

std::optional<status> framing_fault(const boost::beast::http::fields& header) {
  const auto encodings = header.count(field::transfer_encoding);
  const auto lengths = header.count(field::content_length);
  if (encodings + lengths > 1) return status::bad_request;
  if (encodings == 1 && !boost::beast::iequals(header[field::transfer_encoding], "chunked")) {
    return status::not_implemented;
  }
  const auto length = header[field::content_length];
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (lengths == 1 && (length.empty() || !std::all_of(length.begin(), length.end(), is_digit))) {
    return status::bad_request;
  }
  return std::nullopt;
}

}  // namespace outboxd::http
