#include "purebpf/tests/tools/xconnect_process.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace purebpf::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
constexpr milliseconds kPatience{10'000};

bool EnterRoot(const std::string& root) {
  if (root.empty()) return true;
  return unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         chroot(root.c_str()) == 0 && chdir("/") == 0;
}

// From the bounding set: what a program that root starts does not get.
bool KeepOnly(const std::optional<uint64_t>& capabilities) {
  if (!capabilities) return true;
  for (unsigned each = 0; each < 64 && prctl(PR_CAPBSET_READ, each) >= 0; ++each)
    if ((*capabilities >> each & 1U) == 0 && prctl(PR_CAPBSET_DROP, each) != 0) return false;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

[[noreturn]] void RunChild(char* const* argv, const Container& container, int output) {
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (!EnterRoot(container.root) || !KeepOnly(container.capabilities)) _exit(126);
  execv(argv[0], argv);
  _exit(127);
}

}  // namespace

XconnectProcess::XconnectProcess(const std::string& program, std::vector<std::string> arguments,
                                 const Container& container) {
  arguments.insert(arguments.begin(), program);
  // What starts a program of another machine; see test:aarch64 in .bazelrc.
  if (const char* under = std::getenv("PUREBPF_RUN_UNDER"); under != nullptr)
    arguments.insert(arguments.begin(), under);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::array<int, 2> pipe_fds{};
  if (pipe2(pipe_fds.data(), O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipe";
    return;
  }
  pid_ = fork();
  if (pid_ == 0) RunChild(argv.data(), container, pipe_fds[1]);
  if (pid_ < 0) ADD_FAILURE() << "no process";
  close(pipe_fds[1]);
  fd_ = pipe_fds[0];
}

XconnectProcess::~XconnectProcess() {
  CloseOutput();
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool XconnectProcess::ReadSome(milliseconds timeout) {
  if (fd_ < 0) return false;
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  const auto wait = static_cast<int>(std::max<int64_t>(timeout.count(), 0));
  if (poll(&readable, 1, wait) == 0) return true;
  std::array<char, 4096> chunk{};
  const ssize_t size = read(fd_, chunk.data(), chunk.size());
  if (size <= 0) return false;
  output_.append(chunk.data(), static_cast<size_t>(size));
  return true;
}

::testing::AssertionResult XconnectProcess::Await(std::string_view words) {
  const auto deadline = Clock::now() + kPatience;
  bool more = true;
  while (true) {
    for (size_t end = 0; (end = output_.find('\n', cursor_)) != std::string::npos;) {
      const std::string line = output_.substr(cursor_, end - cursor_);
      cursor_ = end + 1;
      if (line.contains(words)) return ::testing::AssertionSuccess();
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (!more || left.count() <= 0)
      return ::testing::AssertionFailure() << "no line with \"" << words << "\"; it said:\n"
                                           << output_;
    more = ReadSome(left);
  }
}

bool XconnectProcess::Says(std::string_view words, milliseconds quiet) {
  const auto deadline = Clock::now() + quiet;
  while (!output_.contains(words)) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    const size_t before = output_.size();
    if (!ReadSome(left)) return output_.contains(words);
    if (left.count() <= 0 && output_.size() == before) return false;
  }
  return true;
}

void XconnectProcess::Signal(int number) const { kill(pid_, number); }

int XconnectProcess::Wait() {
  const auto deadline = Clock::now() + kPatience;
  while (ReadSome(milliseconds(10)) && Clock::now() < deadline) {
  }
  for (int status = 0; Clock::now() < deadline;) {
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    std::this_thread::sleep_for(milliseconds(1));
  }
  return -1;
}

void XconnectProcess::CloseOutput() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

std::string BinaryFromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  std::array<char, PATH_MAX> path{};
  // Absolute: tests change folders and roots.
  if (value == nullptr || realpath(value, path.data()) == nullptr) {
    ADD_FAILURE() << "the environment variable " << name << " names no program";
    return "";
  }
  return path.data();
}

}  // namespace purebpf::testing
