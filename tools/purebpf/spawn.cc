#include "purebpf/tools/purebpf/spawn.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <vector>

namespace purebpf::tool {
namespace {

// Signals that this process ignores meanwhile, and the started one does not.
class SignalsIgnored {
 public:
  SignalsIgnored()
      : interrupt_(std::signal(SIGINT, SIG_IGN)), quit_(std::signal(SIGQUIT, SIG_IGN)) {}
  SignalsIgnored(const SignalsIgnored&) = delete;
  SignalsIgnored& operator=(const SignalsIgnored&) = delete;
  ~SignalsIgnored() {
    std::signal(SIGINT, interrupt_);
    std::signal(SIGQUIT, quit_);
  }

 private:
  using Handler = void (*)(int);
  Handler interrupt_;
  Handler quit_;
};

int Spawn(pid_t& child, char* const* arguments) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGQUIT, SIGPIPE}) sigaddset(&signals, signal);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(&child, arguments[0], nullptr, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  return error;
}

}  // namespace

std::expected<int, int> RunProgram(std::span<const std::string> command,
                                   const std::vector<Variable>& variables) {
  std::vector<std::string> words(command.begin(), command.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // NOLINTBEGIN(concurrency-mt-unsafe): there are no threads
  for (const Variable& variable : variables)
    if (setenv(variable.name, variable.value.c_str(), 1) != 0) return std::unexpected(errno);
  const SignalsIgnored ignored;
  pid_t child = 0;
  const int error = Spawn(child, arguments.data());
  for (const Variable& variable : variables) unsetenv(variable.name);
  // NOLINTEND(concurrency-mt-unsafe)
  if (error != 0) return std::unexpected(error);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return std::unexpected(errno);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string AbsolutePath(const std::string& path) {
  if (path.starts_with('/')) return path;
  std::array<char, PATH_MAX> folder{};
  if (getcwd(folder.data(), folder.size()) == nullptr) return path;
  return std::string(folder.data()) + "/" + path;
}

}  // namespace purebpf::tool
