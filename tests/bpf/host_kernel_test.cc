#include "purebpf/bpf/host_kernel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/fd.h"

namespace purebpf {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

size_t OpenFds() {
  size_t count = 0;
  for (int fd = 0; fd < 256; ++fd) count += fcntl(fd, F_GETFD) == -1 ? 0 : 1;
  return count;
}

std::string_view TextOf(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A folder of the test's own, and no descriptor more at its end than at its start.
class HostKernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const base = std::getenv("TEST_TMPDIR");
    folder_ = std::string(base != nullptr ? base : "/tmp") + "/host_kernel_XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    fds_ = OpenFds();
  }
  void TearDown() override {
    EXPECT_EQ(OpenFds(), fds_);
    for (const std::string& path : files_) unlink(path.c_str());
    rmdir(folder_.c_str());
  }

  std::string Path(const std::string& name) {
    files_.push_back(folder_ + "/" + name);
    return files_.back();
  }
  std::string FileOf(size_t size) {
    const std::string path = Path(std::to_string(size));
    std::string text(size, '\0');
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
    FILE* const file = fopen(path.c_str(), "wb");
    EXPECT_EQ(fwrite(text.data(), 1, size, file), size);
    fclose(file);
    return path;
  }

  HostKernel kernel_;
  std::string folder_;

 private:
  std::vector<std::string> files_;
  size_t fds_ = 0;
};

TEST_F(HostKernelTest, ReadsFilesOfEverySizeUpToTheLimit) {
  struct Case {
    size_t size;
    size_t max_bytes;
    int error;
  };
  const Case cases[] = {
      {0, 0, 0},
      {0, 100, 0},
      {1, 0, EFBIG},
      {1, 1, 0},
      {2, 1, EFBIG},
      {16383, 1 << 20, 0},
      {16384, 1 << 20, 0},
      {16385, 1 << 20, 0},
      {16384, 16384, 0},
      {16385, 16384, EFBIG},
      {100000, 100000, 0},
      {100000, 99999, EFBIG},
      {100000, 65536, EFBIG},
      {3000000, SIZE_MAX, 0},
      {5, SIZE_MAX, 0},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(std::to_string(row.size) + " of at most " + std::to_string(row.max_bytes));
    const auto bytes = kernel_.ReadFile(FileOf(row.size), row.max_bytes);
    if (row.error != 0) {
      ASSERT_FALSE(bytes.has_value());
      EXPECT_EQ(bytes.error().value, row.error);
      continue;
    }
    ASSERT_TRUE(bytes.has_value()) << bytes.error().value;
    ASSERT_EQ(bytes->size(), row.size);
    size_t wrong = 0;
    for (size_t i = 0; i < row.size; ++i)
      wrong += static_cast<char>((*bytes)[i]) != static_cast<char>('a' + i % 23) ? 1 : 0;
    EXPECT_EQ(wrong, 0u);
  }
}

TEST_F(HostKernelTest, ReadsFilesWhoseSizeIsNotKnownBeforehand) {
  const auto status = kernel_.ReadFile("/proc/self/status", 1 << 20);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(TextOf(*status).substr(0, 6), "Name:\t");
  EXPECT_NE(TextOf(*status).find("\nPid:\t" + std::to_string(getpid()) + "\n"), std::string::npos);
  const auto cpus = kernel_.ReadFile("/sys/devices/system/cpu/possible", 4096);
  ASSERT_TRUE(cpus.has_value());
  EXPECT_EQ(TextOf(*cpus).substr(0, 1), "0");
}

TEST_F(HostKernelTest, RefusesAFileThatNeverEndsAtTheLimit) {
  const auto zeroes = kernel_.ReadFile("/dev/zero", 1 << 20);
  ASSERT_FALSE(zeroes.has_value());
  EXPECT_EQ(zeroes.error().value, EFBIG);
}

TEST_F(HostKernelTest, ReadsNoFolderAndNothingThatIsNotThere) {
  EXPECT_EQ(kernel_.ReadFile(folder_, 100).error().value, EISDIR);
  EXPECT_EQ(kernel_.ReadFile(folder_ + "/missing", 100).error().value, ENOENT);
  EXPECT_EQ(kernel_.ReadFile(FileOf(1) + "/below", 100).error().value, ENOTDIR);
  EXPECT_EQ(kernel_.ReadFile("", 100).error().value, ENOENT);
  EXPECT_EQ(kernel_.ReadFile(std::string(5000, 'x'), 100).error().value, ENAMETOOLONG);
}

TEST_F(HostKernelTest, DoesNotCutAPathAtItsNul) {
  const std::string path = FileOf(3);
  EXPECT_EQ(kernel_.ReadFile(path + std::string(1, '\0') + ".o", 100).error().value, EINVAL);
}

TEST_F(HostKernelTest, DoesNotWaitForeverForTheWriterOfAFifo) {
  const std::string path = Path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  // Would be killed here if opening or reading waited.
  alarm(30);
  const auto without_writer = kernel_.ReadFile(path, 100);
  ASSERT_TRUE(without_writer.has_value());
  EXPECT_TRUE(without_writer->empty());
  const int writer = open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  EXPECT_EQ(kernel_.ReadFile(path, 100).error().value, EAGAIN);
  close(writer);
  alarm(0);
}

TEST_F(HostKernelTest, TellsTheKernelsRelease) {
  utsname names{};
  ASSERT_EQ(uname(&names), 0);
  EXPECT_EQ(kernel_.Release().value(), names.release);
  EXPECT_GE(ParseRelease(names.release), (KernelVersion{3, 19}));
}

// Trap 29: some build systems and containers run under this personality.
TEST_F(HostKernelTest, TellsTheKernelsReleaseWhereUnameTellsAnother) {
  const std::string release = kernel_.Release().value();
  const int before = personality(0xffffffff);
  if (before < 0 || personality(static_cast<unsigned>(before) | UNAME26) < 0)
    GTEST_SKIP() << "the personality may not be changed here";
  utsname names{};
  EXPECT_EQ(uname(&names), 0);
  EXPECT_TRUE(std::string_view(names.release).starts_with("2.6.")) << names.release;
  EXPECT_EQ(kernel_.Release().value(), release);
  EXPECT_EQ(personality(static_cast<unsigned>(before)) & UNAME26, UNAME26);
}

TEST_F(HostKernelTest, GetsAndSetsResourceLimits) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_CORE, &before), 0);
  const auto limit = kernel_.GetResourceLimit(RLIMIT_CORE);
  ASSERT_TRUE(limit.has_value());
  EXPECT_EQ(limit->soft, before.rlim_cur);
  EXPECT_EQ(limit->hard, before.rlim_max);
  ASSERT_TRUE(kernel_.SetResourceLimit(RLIMIT_CORE, {.soft = 0, .hard = limit->hard}).has_value());
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_CORE, &after), 0);
  EXPECT_EQ(after.rlim_cur, 0u);
  EXPECT_EQ(after.rlim_max, before.rlim_max);
  EXPECT_TRUE(kernel_.SetResourceLimit(RLIMIT_CORE, *limit).has_value());
  EXPECT_EQ(kernel_.SetResourceLimit(RLIMIT_CORE, {.soft = 2, .hard = 1}).error().value, EINVAL);
  EXPECT_EQ(kernel_.GetResourceLimit(9999).error().value, EINVAL);
}

TEST_F(HostKernelTest, ClosesADescriptorOnceAndStaysSilentAboutAWrongOne) {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  kernel_.Close(fd);
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
  EXPECT_EQ(errno, EBADF);
  kernel_.Close(fd);
  kernel_.Close(-1);
}

TEST_F(HostKernelTest, LeavesErrnoAlone) {
  errno = 77;
  EXPECT_FALSE(kernel_.ReadFile("/missing", 100).has_value());
  EXPECT_EQ(errno, 77);
}

TEST_F(HostKernelTest, GivesTheKernelsAnswerToBpf) {
  // Without privilege EPERM comes first; with it the kernel looks for the descriptor.
  MapElemAttr attr{.map_fd = 999999};
  const auto answer = kernel_.Bpf(Command::kMapLookupElem, MutableBytesOf(attr), {});
  ASSERT_FALSE(answer.has_value());
  EXPECT_TRUE(answer.error().value == EBADF || answer.error().value == EPERM ||
              answer.error().value == ENOSYS)
      << answer.error().value;
}

TEST_F(HostKernelTest, WaitsUntilOneIsReadable) {
  std::array<int, 2> quiet{};
  std::array<int, 2> ready{};
  ASSERT_EQ(pipe(quiet.data()), 0);
  ASSERT_EQ(pipe(ready.data()), 0);
  ASSERT_EQ(write(ready[1], "x", 1), 1);
  std::array descriptors = {Pollable{quiet[0], true}, Pollable{ready[0]}, Pollable{-1, true}};
  EXPECT_EQ(kernel_.Wait(descriptors, std::nullopt).value(), 1u);
  EXPECT_FALSE(descriptors[0].readable);
  EXPECT_TRUE(descriptors[1].readable);
  EXPECT_FALSE(descriptors[2].readable);
  // The other end closed: reading tells.
  close(quiet[1]);
  EXPECT_EQ(kernel_.Wait(descriptors, milliseconds(0)).value(), 2u);
  EXPECT_TRUE(descriptors[0].readable);
  for (const int fd : {quiet[0], ready[0], ready[1]}) close(fd);
}

TEST_F(HostKernelTest, WaitsNoLongerThanTheTimeout) {
  std::array<int, 2> quiet{};
  ASSERT_EQ(pipe(quiet.data()), 0);
  std::array descriptors = {Pollable{quiet[0]}};
  for (const int timeout : {-5, 0, 30}) {
    SCOPED_TRACE(timeout);
    const auto start = steady_clock::now();
    EXPECT_EQ(kernel_.Wait(descriptors, milliseconds(timeout)).value(), 0u);
    EXPECT_GE(steady_clock::now() - start, milliseconds(timeout));
  }
  // Nothing to wait for is a plain pause.
  EXPECT_EQ(kernel_.Wait({}, milliseconds(1)).value(), 0u);
  close(quiet[0]);
  close(quiet[1]);
}

std::atomic<int> signals{0};

// Sends SIGALRM every millisecond, to a handler that does not restart system calls.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action{};
    action.sa_handler = [](int) { ++signals; };
    sigaction(SIGALRM, &action, &before_);
    const itimerval every = {.it_interval = {0, 1000}, .it_value = {0, 1000}};
    setitimer(ITIMER_REAL, &every, nullptr);
  }
  ~Interruptions() {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  struct sigaction before_{};
};

TEST_F(HostKernelTest, LetsASignalEndWait) {
  std::array<int, 2> quiet{};
  ASSERT_EQ(pipe(quiet.data()), 0);
  std::array descriptors = {Pollable{quiet[0]}};
  {
    const Interruptions interruptions;
    EXPECT_EQ(kernel_.Wait(descriptors, std::nullopt).error().value, EINTR);
  }
  close(quiet[0]);
  close(quiet[1]);
}

TEST_F(HostKernelTest, ReceivesOnThroughSignals) {
  const auto opened = kernel_.NetlinkOpen(NETLINK_ROUTE, 0);
  ASSERT_TRUE(opened.has_value());
  const Fd fd(kernel_, *opened);
  const pid_t child = fork();
  if (child == 0) {
    // Lets the parent wait through some signals (timers are not inherited), then makes the kernel
    // answer on the shared socket.
    usleep(20000);
    const nlmsghdr request = {.nlmsg_len = sizeof request,
                              .nlmsg_type = NLMSG_NOOP,
                              .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                              .nlmsg_seq = 7,
                              .nlmsg_pid = 0};
    _exit(send(fd.get(), &request, sizeof request, 0) == sizeof request ? 0 : 1);
  }
  ASSERT_GT(child, 0);
  std::array<std::byte, 100> buffer{};
  signals = 0;
  int status = 0;
  {
    const Interruptions interruptions;
    const auto size = kernel_.NetlinkReceive(fd.get(), buffer, ReceiveMode::kBlock);
    EXPECT_TRUE(size.has_value()) << size.error().value;
    EXPECT_GT(signals, 2);
    while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
    }
  }
  EXPECT_EQ(status, 0);
}

struct LinkRequest {
  nlmsghdr header;
  ifinfomsg link;
};

LinkRequest GetLoopback() {
  return {.header = {.nlmsg_len = sizeof(LinkRequest),
                     .nlmsg_type = RTM_GETLINK,
                     .nlmsg_flags = NLM_F_REQUEST,
                     .nlmsg_seq = 42,
                     .nlmsg_pid = 0},
          .link = {.ifi_index = 1}};
}

TEST_F(HostKernelTest, AsksTheKernelForALink) {
  const auto opened = kernel_.NetlinkOpen(NETLINK_ROUTE, 0);
  ASSERT_TRUE(opened.has_value()) << opened.error().value;
  const Fd fd(kernel_, *opened);
  EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);

  std::vector<std::byte> buffer(16384);
  EXPECT_EQ(kernel_.NetlinkReceive(fd.get(), buffer, ReceiveMode::kDontWait).error().value, EAGAIN);

  const LinkRequest request = GetLoopback();
  ASSERT_TRUE(kernel_.NetlinkSend(fd.get(), BytesOf(request)).has_value());
  const auto size = kernel_.NetlinkReceive(fd.get(), buffer, ReceiveMode::kBlock);
  ASSERT_TRUE(size.has_value());
  ASSERT_GE(*size, sizeof(LinkRequest));
  LinkRequest reply{};
  std::memcpy(&reply, buffer.data(), sizeof reply);
  EXPECT_EQ(reply.header.nlmsg_type, RTM_NEWLINK);
  EXPECT_EQ(reply.header.nlmsg_seq, 42u);
  EXPECT_EQ(reply.link.ifi_index, 1);
}

TEST_F(HostKernelTest, TellsTheFullLengthOfADatagramThatDoesNotFit) {
  const auto opened = kernel_.NetlinkOpen(NETLINK_ROUTE, 0);
  ASSERT_TRUE(opened.has_value());
  const Fd fd(kernel_, *opened);
  const LinkRequest request = GetLoopback();
  ASSERT_TRUE(kernel_.NetlinkSend(fd.get(), BytesOf(request)).has_value());
  std::array<std::byte, 20> small{};
  const auto size = kernel_.NetlinkReceive(fd.get(), small, ReceiveMode::kBlock);
  ASSERT_TRUE(size.has_value());
  EXPECT_GT(*size, small.size());
  uint32_t length = 0;
  std::memcpy(&length, small.data(), sizeof length);
  EXPECT_EQ(*size, length);
}

TEST_F(HostKernelTest, AsksForTheKernelsWordsOnErrors) {
  const auto opened = kernel_.NetlinkOpen(NETLINK_ROUTE, 0);
  ASSERT_TRUE(opened.has_value());
  const Fd fd(kernel_, *opened);
  for (const int option : {NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK}) {
    int on = 0;
    socklen_t size = sizeof on;
    ASSERT_EQ(getsockopt(fd.get(), SOL_NETLINK, option, &on, &size), 0) << option;
    EXPECT_EQ(on, 1) << option;
  }
}

TEST_F(HostKernelTest, JoinsGroups) {
  const auto opened = kernel_.NetlinkOpen(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_ROUTE);
  ASSERT_TRUE(opened.has_value());
  const Fd fd(kernel_, *opened);
  sockaddr_nl address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_EQ(address.nl_groups, static_cast<uint32_t>(RTMGRP_LINK | RTMGRP_IPV4_ROUTE));
}

TEST_F(HostKernelTest, SaysWhyNoDescriptorIsToBeHad) {
  EXPECT_EQ(kernel_.NetlinkOpen(9999, 0).error().value, EPROTONOSUPPORT);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto opened = kernel_.NetlinkOpen(NETLINK_ROUTE, 0);
  const auto read = kernel_.ReadFile("/proc/self/status", 100000);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().value, EMFILE);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().value, EMFILE);
}

TEST_F(HostKernelTest, ClosesTheNetlinkSocketThatMayNotJoinItsGroup) {
  const pid_t child = fork();
  if (child == 0) {
    // net/core/rtnetlink.c: rtnetlink_bind lets only CAP_NET_ADMIN join this group.
    constexpr uint32_t kMulticastRoutes = 1U << (RTNLGRP_IPV4_MROUTE_R - 1);
    // A sandbox may know no other user, but then has no say over the network either.
    const bool dropped = getuid() != 0 || setuid(65534) == 0;
    const size_t fds = OpenFds();
    const auto opened = kernel_.NetlinkOpen(NETLINK_ROUTE, kMulticastRoutes);
    if (opened.has_value()) _exit(dropped ? 1 : 2);
    if (opened.error().value != EPERM) _exit(3);
    _exit(OpenFds() == fds ? 0 : 4);
  }
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "CAP_NET_ADMIN cannot be given up here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// A datagram from another process to `port`, as far as we may send one.
bool SendFromElsewhere(uint32_t port, std::string_view text) {
  const int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  sockaddr_nl to{};
  to.nl_family = AF_NETLINK;
  to.nl_pid = port;
  const ssize_t sent =
      sendto(other, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  close(other);
  return sent == static_cast<ssize_t>(text.size());
}

TEST_F(HostKernelTest, SkipsWhatAnotherProcessSent) {
  const auto opened = kernel_.NetlinkOpen(NETLINK_ROUTE, 0);
  ASSERT_TRUE(opened.has_value());
  const Fd fd(kernel_, *opened);
  sockaddr_nl own{};
  socklen_t own_size = sizeof own;
  ASSERT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &own_size), 0);
  if (!SendFromElsewhere(own.nl_pid, "pretending"))
    GTEST_SKIP() << "sending to another process's netlink socket needs CAP_NET_ADMIN";
  std::vector<std::byte> buffer(16384);
  EXPECT_EQ(kernel_.NetlinkReceive(fd.get(), buffer, ReceiveMode::kDontWait).error().value, EAGAIN);
  ASSERT_TRUE(SendFromElsewhere(own.nl_pid, "pretending"));
  const LinkRequest request = GetLoopback();
  ASSERT_TRUE(kernel_.NetlinkSend(fd.get(), BytesOf(request)).has_value());
  const auto size = kernel_.NetlinkReceive(fd.get(), buffer, ReceiveMode::kBlock);
  ASSERT_TRUE(size.has_value());
  EXPECT_GT(*size, sizeof(LinkRequest));
}

}  // namespace
}  // namespace purebpf
