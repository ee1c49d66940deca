#include "purebpf/bpf/testing/tool_kernel.h"

#include <cstdlib>
#include <span>
#include <utility>

#include "purebpf/bpf/testing/recording_kernel.h"
#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/bpf/testing/trace_kernel.h"
#include "purebpf/bpf/try.h"

namespace purebpf::testing {
namespace {

std::string TakeVariable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): see the header
  std::string taken = value == nullptr ? "" : value;
  unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  return taken;
}

}  // namespace

void AddEnvironment(ToolKernelOptions& options) {
  std::string record = TakeVariable("PUREBPF_RECORD");
  std::string replay = TakeVariable("PUREBPF_REPLAY");
  std::string replayed = TakeVariable("PUREBPF_REPLAYED");
  if (!options.record.empty() || !options.replay.empty()) return;
  if (!replay.empty()) {
    options.replay = std::move(replay);
    options.replayed = std::move(replayed);
  } else {
    options.record = std::move(record);
  }
}

ToolKernel::ToolKernel(Kernel& host) : host_(&host), kernel_(&host) {}

Result<ToolKernel> ToolKernel::Open(Kernel& host, const ToolKernelOptions& options) {
  if (!options.record.empty() && !options.replay.empty())
    return std::unexpected(Error{.code = Code::kInvalidArgument,
                                 .operation = "record",
                                 .object = options.record,
                                 .detail = "nothing is recorded of a replay"});
  ToolKernel tool(host);
  tool.record_ = options.record;
  tool.replayed_ = options.replayed;
  if (!options.replay.empty()) {
    ReplayKernel replay = PUREBPF_TRY(ReplayKernel::FromFile(
        host, options.replay, {.record_again = options.record_again, .may_leave_open = true}));
    tool.replay_ = std::make_unique<ReplayKernel>(std::move(replay));
    tool.kernel_ = tool.replay_.get();
  }
  if (!options.record.empty()) {
    tool.recorder_ = std::make_unique<RecordingKernel>(
        *tool.kernel_,
        RecordingOptions{.about = options.about, .types_are_free = options.types_are_free});
    tool.kernel_ = tool.recorder_.get();
  }
  if (options.trace) {
    tool.trace_ = std::make_unique<TraceKernel>(*tool.kernel_, options.trace, host);
    tool.kernel_ = tool.trace_.get();
  }
  return tool;
}

ToolKernel::ToolKernel(ToolKernel&&) noexcept = default;
ToolKernel& ToolKernel::operator=(ToolKernel&&) noexcept = default;
ToolKernel::~ToolKernel() = default;

Result<void> ToolKernel::Finish() const {
  if (recorder_ != nullptr) PUREBPF_TRY(recorder_->Save(*host_, record_));
  if (replay_ == nullptr) return {};
  if (!replayed_.empty()) {
    const std::string report = replay_->Report();
    const auto written =
        host_->WriteFile(replayed_, std::as_bytes(std::span(report)), WriteMode::kReplace);
    if (!written) return std::unexpected(SystemError(written.error(), "write report", replayed_));
  }
  return replay_->Finish();
}

}  // namespace purebpf::testing
