// purebpf: looks at, plans, loads and checks BPF object files. See README.md beside this file.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string_view>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tools/purebpf/output.h"
#include "purebpf/tools/purebpf/verbs.h"

// Started with its standard descriptors closed, a map would get their numbers, and lines for people
// would be written to it.
static void HoldStandardDescriptors() {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = dup(fd);
  if (fd > STDERR_FILENO) close(fd);
}

int main(int argc, char** argv) {
  HoldStandardDescriptors();
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  purebpf::HostKernel kernel;
  purebpf::tool::FdOutput output(STDOUT_FILENO, STDERR_FILENO);
  return purebpf::tool::RunTool(kernel, arguments, output);
}
