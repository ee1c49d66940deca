// purebpf record and purebpf replay: the conversation of another program with the kernel.
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/tools/purebpf/spawn.h"
#include "purebpf/tools/purebpf/verbs.h"

namespace purebpf::tool {
namespace {

constexpr size_t kMostReport = size_t{1} << 20;

// The name of the program that is recorded, and what that makes of it.
std::string FixtureOf(const std::string& program) {
  return program.substr(program.rfind('/') + 1) + ".fixture";
}

// A verb of this program, which is run as it is: `purebpf record -- load drop.o`.
bool IsOwnVerb(const std::vector<std::string>& command) {
  for (const Verb& verb : Verbs()) {
    const std::string_view first = verb.name.substr(0, verb.name.find(' '));
    if (command[0] == first) return true;
  }
  return false;
}

int RunOwn(Kernel& kernel, const std::vector<std::string>& command, std::string_view option,
           const std::string& file, Output& output) {
  std::vector<std::string_view> arguments{option, file};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return RunTool(kernel, arguments, output);
}

// A folder for what a program says of its replay; removed with it. mkdtemp(3) would bring glibc's
// stdio into the static binary, 400 KB.
class ReportFolder {
 public:
  explicit ReportFolder(Kernel& kernel) : kernel_(kernel) {
    const char* folder = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): no threads
    const std::string stem = std::string(folder != nullptr ? folder : "/tmp") + "/purebpf_replay_" +
                             std::to_string(getpid()) + "_";
    // A folder that is there already, whoever's it is, is never taken.
    for (int i = 0; i < kMostAttempts; ++i) {
      path_ = stem + std::to_string(i);
      const auto made = kernel_.MakeFolder(path_);
      error_ = made ? 0 : made.error().value;
      if (error_ != EEXIST) return;
    }
  }
  ReportFolder(const ReportFolder&) = delete;
  ReportFolder& operator=(const ReportFolder&) = delete;
  ~ReportFolder() {
    if (error_ != 0) return;
    // Either may be gone; what is left then is an empty folder.
    (void)kernel_.RemoveFile(file());
    (void)kernel_.RemoveFile(path_);
  }

  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file() const { return path_ + "/report"; }

 private:
  static constexpr int kMostAttempts = 100;

  Kernel& kernel_;
  std::string path_;
  int error_ = 0;
};

int CannotRun(const std::string& program, int error, Output& output) {
  output.Complain("purebpf: cannot run '" + Clean(program) + "': " + std::string(ErrnoName(error)) +
                  "\n");
  return kFailed;
}

}  // namespace

int RunRecord(Kernel& kernel, const Options& options, Output& output) {
  const std::vector<std::string>& command = options.files;
  const std::string file = options.output.empty() ? FixtureOf(command[0]) : options.output;
  if (IsOwnVerb(command)) return RunOwn(kernel, command, "--record", file, output);
  // Written under another name, so that a program that records nothing destroys nothing.
  const std::string written = AbsolutePath(file) + ".part";
  std::remove(written.c_str());
  const auto status = RunProgram(command, {{"PUREBPF_RECORD", written}});
  if (!status) return CannotRun(command[0], status.error(), output);
  if (std::rename(written.c_str(), file.c_str()) != 0) {
    const int error = errno;
    std::remove(written.c_str());
    output.Complain(error == ENOENT
                        ? "purebpf: '" + Clean(command[0]) +
                              "' recorded nothing: programs do that which take their kernel from "
                              "purebpf/bpf/testing/tool_kernel.h\n"
                        : "purebpf: cannot write '" + Clean(file) +
                              "': " + std::string(ErrnoName(error)) + "\n");
    return *status != 0 ? *status : kFailed;
  }
  return *status;
}

int RunReplay(Kernel& kernel, const Options& options, Output& output) {
  if (options.files.size() < 2) {
    output.Complain("purebpf: replay FILE -- PROGRAM: no program is named\n");
    return kUsage;
  }
  const std::string& file = options.files[0];
  const std::vector<std::string> command(options.files.begin() + 1, options.files.end());
  if (IsOwnVerb(command)) return RunOwn(kernel, command, "--replay", file, output);
  const ReportFolder folder(kernel);
  if (folder.error() != 0) {
    output.Complain("purebpf: cannot make a folder '" + Clean(folder.path()) +
                    "': " + std::string(ErrnoName(folder.error())) + "\n");
    return kFailed;
  }
  const auto status = RunProgram(
      command, {{"PUREBPF_REPLAY", AbsolutePath(file)}, {"PUREBPF_REPLAYED", folder.file()}});
  if (!status) return CannotRun(command[0], status.error(), output);
  if (*status != 0) return *status;
  // Ended well: it says that all went as recorded, or it has not looked.
  const auto report = kernel.ReadFile(folder.file(), kMostReport);
  if (!report) {
    output.Complain("purebpf: '" + Clean(command[0]) +
                    "' replayed nothing: programs do that which take their kernel from "
                    "purebpf/bpf/testing/tool_kernel.h and call its Finish() at their end\n");
    return kFailed;
  }
  if (report->empty()) return 0;
  output.Complain("purebpf: '" + Clean(command[0]) + "' did not go as recorded: ");
  output.Complain({reinterpret_cast<const char*>(report->data()), report->size()});
  return kFailed;
}

}  // namespace purebpf::tool
