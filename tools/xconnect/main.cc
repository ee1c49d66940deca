// xconnect: cross-connects network interfaces by XDP. See README.md beside this file.
#include <fcntl.h>
#include <unistd.h>

#include <span>
#include <string>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tools/xconnect/check.h"
#include "purebpf/tools/xconnect/conversation.h"
#include "purebpf/tools/xconnect/daemon.h"
#include "purebpf/tools/xconnect/options.h"
#include "purebpf/tools/xconnect/report.h"

// Started with its standard descriptors closed, a socket would get their numbers, and lines for
// people would be written to it.
static void HoldStandardDescriptors() {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = dup(fd);
  if (fd > STDERR_FILENO) close(fd);
}

int main(int argc, char** argv) {
  using namespace purebpf::xconnect;
  HoldStandardDescriptors();
  const std::span<const char* const> arguments(argv, static_cast<size_t>(argc));
  const auto options = ParseOptions(arguments.subspan(arguments.empty() ? 0 : 1));
  if (!options) {
    WriteAll(STDERR_FILENO, "xconnect: " + options.error() + "\n\n" + std::string(kUsage));
    return 2;
  }
  purebpf::HostKernel host;
  LineReport report(options->format, STDOUT_FILENO, STDERR_FILENO);
  switch (options->task) {
    case Task::kHelp:
      WriteAll(STDOUT_FILENO, kUsage);
      return 0;
    case Task::kVersion:
      WriteAll(STDOUT_FILENO, kVersion);
      return 0;
    case Task::kCheck:
      return Converse(host, *options, report,
                      [&](purebpf::Kernel& kernel) { return RunCheck(kernel, *options, report); });
    case Task::kRun:
      return Converse(host, *options, report,
                      [&](purebpf::Kernel& kernel) { return RunDaemon(kernel, *options, report); });
  }
  return 2;
}
