// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>

namespace outboxd::test {

/// A TCP proxy on loopback, on a thread of its own, that stands between a client and a server and does harm on
/// demand.
///
/// Two kinds of harm: a standing one (delay, silence, refusal), and one at a moment of the protocol: the proxy stops
/// when a request with certain text passes, the test does something to the world meanwhile, and then says what
/// becomes of the bytes that are held.
class FaultProxy {
 public:
  /// When the proxy stops, seen from the request that holds the text.
  enum class Phase {
    asked,     ///< It has come from the client, and nothing of it has gone on.
    done,      ///< The server has begun to answer, and nothing of that has gone back.
    answered,  ///< The first bytes of the answer have gone back.
  };
  /// What becomes of the bytes that are held, and of their connection.
  enum class Then {
    pass,
    cut,       ///< Nothing of them goes on, and both sides see a reset.
    cut_half,  ///< Half of them goes on; then as cut.
    garble,    ///< Random bytes go on in their place.
    swallow,   ///< They and all that follows on this connection go nowhere; it stays open.
  };

  explicit FaultProxy(std::uint16_t target_port, std::uint32_t seed = 1);
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;
  ~FaultProxy();

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// Standing harm, each until it is set back.
  void delay(std::chrono::milliseconds each_way);
  /// Connections stay open and new ones are accepted, but nothing goes through.
  void go_silent(bool silent);
  /// New connections are accepted and ended at once.
  void refuse(bool refuse);
  /// New connections are refused, as where nothing listens.
  void go_away(bool away);
  /// Resets every connection.
  void cut_all();

  /// Stops everything at the given phase of the next request with this text, and returns then. The proxy stands still
  /// until go_on(). Throws when no such request comes within the deadline.
  void wait_for(std::string_view text, Phase phase, std::chrono::milliseconds deadline = std::chrono::seconds(20));
  void go_on(Then then = Then::pass);

 private:
  using Clock = std::chrono::steady_clock;

  struct Held {
    Clock::time_point due;
    std::string bytes;
  };
  struct Way {
    std::list<Held> bytes;
    bool ended = false;
  };
  struct Link {
    int client = -1;
    int server = -1;
    Way to_server, to_client;
    /// A request with the wanted text has gone on here, and its answer is awaited.
    bool awaits_answer = false;
    bool swallows = false;
    bool broken = false;
  };
  struct Moment {
    std::string text;
    Phase phase = Phase::asked;
  };

  void serve();
  void accept_one();
  void read_from(Link& link, bool from_client);
  void forward(Link& link, bool to_server);
  [[nodiscard]] bool is_the_moment(Link& link, bool from_client, const std::string& bytes);
  Then stop_here();
  void treat(Link& link, bool from_client, std::string bytes, Then then);
  void keep(Link& link, bool from_client, std::string bytes);
  void wake() const;
  static void reset(Link& link);

  std::uint16_t target_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int wake_fd_ = -1;
  std::mt19937 random_;
  std::list<Link> links_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  bool silent_ = false;
  bool refuses_ = false;
  bool away_ = false;
  bool cut_all_ = false;
  std::chrono::milliseconds delay_{0};
  std::optional<Moment> wanted_;
  bool stopped_ = false;
  std::optional<Then> then_;

  std::thread thread_;
};

}  // namespace outboxd::test
