// A Kernel that hands every call on to another and tells what is said, as it is said: a strace that
// knows bpf(2), rtnetlink, perf_event_open(2) and the ioctls down to each field, in the words of a
// fixture.
//
//   HostKernel host;
//   TraceKernel kernel(host, [](std::string_view text) { std::fwrite(...); });
//
// Of bytes that are too many for a line only the beginning is told.
// Not thread-safe: one call at a time.
#ifndef PUREBPF_BPF_TESTING_TRACE_KERNEL_H_
#define PUREBPF_BPF_TESTING_TRACE_KERNEL_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/testing/describing_kernel.h"

namespace purebpf::testing {

class TraceKernel final : public DescribingKernel {
 public:
  // Is given each call when it is answered: one line or more, each with its end.
  using Sink = std::function<void(std::string_view text)>;

  // Borrows `next`, which must outlive it.
  TraceKernel(Kernel& next, Sink sink);
  // `aside` is asked what this wants to know for itself, as RecordingOptions has it.
  TraceKernel(Kernel& next, Sink sink, Kernel& aside);

 private:
  void Said(Call call) override;
  void SaidOpenFile(Call call, Bytes contents) override;
  void SaidCloseFile(const std::string& view, Bytes contents,
                     FunctionRef<std::vector<std::byte>()> reduce) override;

  Sink sink_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_TRACE_KERNEL_H_
