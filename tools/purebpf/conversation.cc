#include "purebpf/tools/purebpf/conversation.h"

#include "purebpf/bpf/testing/tool_kernel.h"

namespace purebpf::tool {

int Converse(Kernel& host, const Options& options, const std::string& about, Output& output,
             FunctionRef<int(Kernel&)> run) {
  testing::ToolKernelOptions wanted{
      .record = options.record, .replay = options.replay, .trace = {}, .about = about};
  testing::AddEnvironment(wanted);
  wanted.record_again = about + " --record " + wanted.replay;
  if (options.trace) wanted.trace = [&](std::string_view text) { output.Complain(text); };
  const Result<testing::ToolKernel> tool = testing::ToolKernel::Open(host, wanted);
  if (!tool) {
    output.Complain("purebpf: " + ErrorText(tool.error()));
    return kFailed;
  }
  const int status = run(tool->kernel());
  const Result<void> ended = tool->Finish();
  if (ended) return status;
  output.Complain("purebpf: " + ErrorText(ended.error()));
  return kFailed;
}

}  // namespace purebpf::tool
