// SPDX-License-Identifier: Apache-2.0
#include "support/http.hpp"

#include "support/socket.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <stdexcept>

namespace outboxd::test {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

HttpResponse http_get(std::uint16_t port, const std::string& path,
                      const std::map<std::string, std::string>& headers) {
  auto socket = Socket::tcp(port);
  std::string request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";
  for (const auto& [name, value] : headers) {
    request.append(name).append(": ").append(value).append("\r\n");
  }
  socket.send(request + "\r\n");

  std::string all;
  for (auto some = socket.receive(); !some.empty(); some = socket.receive()) all += some;
  const auto end_of_head = all.find("\r\n\r\n");
  if (!all.starts_with("HTTP/1.1 ") || end_of_head == std::string::npos) {
    throw std::runtime_error("not an HTTP answer: " + all);
  }
  HttpResponse response;
  std::istringstream head(all.substr(0, end_of_head));
  std::string line;
  std::getline(head, line);
  response.status = std::stoi(line.substr(9));
  while (std::getline(head, line)) {
    if (line.ends_with('\r')) line.pop_back();
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    response.headers[lower(line.substr(0, colon))] = value == std::string::npos ? "" : line.substr(value);
  }
  response.body = all.substr(end_of_head + 4);
  if (response.headers.contains("content-length") &&
      std::stoul(response.headers.at("content-length")) != response.body.size()) {
    throw std::runtime_error("the HTTP body is cut short");
  }
  return response;
}

}  // namespace outboxd::test
