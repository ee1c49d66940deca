#include "purebpf/bpf/testing/trace_kernel.h"

#include <utility>

#include "purebpf/bpf/testing/answers.h"
#include "purebpf/bpf/testing/conversation.h"

namespace purebpf::testing {

TraceKernel::TraceKernel(Kernel& next, Sink sink) : TraceKernel(next, std::move(sink), next) {}

TraceKernel::TraceKernel(Kernel& next, Sink sink, Kernel& aside)
    : DescribingKernel(next, true, aside), sink_(std::move(sink)) {}

void TraceKernel::Said(Call call) { sink_(WriteCall(call)); }

void TraceKernel::SaidOpenFile(Call call, Bytes contents) {
  call.outputs.push_back({"size", internal::Decimal(contents.size())});
  Said(std::move(call));
}

void TraceKernel::SaidCloseFile(const std::string&, Bytes, FunctionRef<std::vector<std::byte>()>) {}

}  // namespace purebpf::testing
