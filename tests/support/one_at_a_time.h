// While it lives, no other process of this machine is where it is: for replays of what takes
// something that there is one of.
//
// xconnect claims its program's id by a socket of the network namespace. A replay is in the one of
// everybody else who replays just now, and has the ids that they have.
#ifndef PUREBPF_TESTS_SUPPORT_ONE_AT_A_TIME_H_
#define PUREBPF_TESTS_SUPPORT_ONE_AT_A_TIME_H_

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <thread>

namespace purebpf::testing {

class OneAtATime {
 public:
  OneAtATime() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    constexpr std::string_view kName = "purebpf-xconnect-replays";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, kName.data(), kName.size());  // behind a NUL: abstract
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + kName.size());
    while (fd_ >= 0 && bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  OneAtATime(const OneAtATime&) = delete;
  OneAtATime& operator=(const OneAtATime&) = delete;
  ~OneAtATime() { close(fd_); }

 private:
  int fd_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_ONE_AT_A_TIME_H_
