// The test behind bpf_replay_test's `binary`: runs a program with a fixture in the kernel's place.
//
//   replay_runner PROGRAM [ARGUMENT...]
//
// From the environment: PUREBPF_FIXTURE, the fixture; PUREBPF_EXIT_STATUS, how the program is to
// end; PUREBPF_OUTPUT, a file that has what it is to print, where that matters.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace {

// NOLINTBEGIN(concurrency-mt-unsafe): there are no threads

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<std::string> Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

int Fail(const std::string& what) {
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  return 1;
}

// With its output in `output`. The exit status; 128 and the signal's number where one ended it.
int Run(char** command, const std::string& output) {
  const pid_t child = fork();
  if (child < 0) return 127;
  if (child == 0) {
    const int fd = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) _exit(127);
    execv(command[0], command);
    std::fprintf(stderr, "%s: %s\n", command[0], std::strerror(errno));
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Bazel's for this test, or, where it is run by hand, one of its own that is removed with it.
class Folder {
 public:
  Folder() : path_(Variable("TEST_TMPDIR")) {
    if (!path_.empty()) return;
    const std::string parent = Variable("TMPDIR");
    path_ = (parent.empty() ? "/tmp" : parent) + "/replay_runner_XXXXXX";
    own_ = mkdtemp(path_.data()) != nullptr;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    if (!own_) return;
    for (const char* name : {"output", "replayed"}) std::remove((path_ + "/" + name).c_str());
    rmdir(path_.c_str());
  }

  [[nodiscard]] std::string File(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  bool own_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return Fail("usage: replay_runner PROGRAM [ARGUMENT...]");
  const std::string fixture = Variable("PUREBPF_FIXTURE");
  const Folder folder;
  const std::string output = folder.File("output");
  const std::string replayed = folder.File("replayed");
  std::remove(replayed.c_str());
  setenv("PUREBPF_REPLAY", fixture.c_str(), 1);
  setenv("PUREBPF_REPLAYED", replayed.c_str(), 1);

  const int status = Run(argv + 1, output);
  const std::string printed = Contents(output).value_or("");
  std::fwrite(printed.data(), 1, printed.size(), stdout);
  std::fflush(stdout);

  const std::optional<std::string> report = Contents(replayed);
  if (!report)
    return Fail("the program replayed nothing, and ended with " + std::to_string(status) +
                ": its kernel has to come from purebpf/bpf/testing/tool_kernel.h, and Finish() to "
                "be called at its end");
  if (!report->empty()) return Fail("it did not go as recorded: " + *report);
  const int wanted = std::atoi(Variable("PUREBPF_EXIT_STATUS").c_str());
  if (status != wanted)
    return Fail("it ended with " + std::to_string(status) + ", not " + std::to_string(wanted));
  const std::string expected = Variable("PUREBPF_OUTPUT");
  if (!expected.empty() && Contents(expected) != printed)
    return Fail("it printed something else than " + expected + ":\n" +
                Contents(expected).value_or("(no such file)"));
  return 0;
}

// NOLINTEND(concurrency-mt-unsafe)
