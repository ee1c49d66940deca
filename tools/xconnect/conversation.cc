#include "purebpf/tools/xconnect/conversation.h"

#include <unistd.h>

#include <string_view>

#include "purebpf/bpf/testing/tool_kernel.h"
#include "purebpf/tools/xconnect/event.h"

namespace purebpf::xconnect {

int Converse(Kernel& host, const Options& options, Report& report, FunctionRef<int(Kernel&)> run) {
  testing::ToolKernelOptions wanted{
      .record = options.record,
      .replay = options.replay,
      .trace = {},
      .about = "xconnect --config " + options.config,
      .record_again = "xconnect --config " + options.config + " --record " + options.replay};
  testing::AddEnvironment(wanted);
  if (options.trace) wanted.trace = [](std::string_view text) { WriteAll(STDERR_FILENO, text); };
  const Result<testing::ToolKernel> tool = testing::ToolKernel::Open(host, wanted);
  if (!tool) {
    report.Tell(Failed(tool.error()));
    return 1;
  }
  const int status = run(tool->kernel());
  const Result<void> ended = tool->Finish();
  if (ended) return status;
  report.Tell(Failed(ended.error()));
  if (!ended.error().log.empty()) WriteAll(STDERR_FILENO, ended.error().log);
  return 1;
}

}  // namespace purebpf::xconnect
