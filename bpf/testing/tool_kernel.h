// The kernel of a program that can record and replay itself: which one, its options say.
//
//   HostKernel host;
//   auto tool = ToolKernel::Open(host, {.record = options.record, .about = "load drop.o"});
//   if (!tool) ...
//   int status = Run(tool->kernel());
//   if (auto ended = tool->Finish(); !ended) ...             // the fixture is written here
#ifndef PUREBPF_BPF_TESTING_TOOL_KERNEL_H_
#define PUREBPF_BPF_TESTING_TOOL_KERNEL_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf::testing {

class RecordingKernel;
class ReplayKernel;
class TraceKernel;

struct ToolKernelOptions {
  std::string record;                           // a file to be written; empty: none
  std::string replay;                           // a file to answer from; empty: none
  std::function<void(std::string_view)> trace;  // is given each call; empty: none
  std::string about;                            // one line for what is recorded
  std::string record_again;                     // the command for that, for what a replay reports
  bool types_are_free = false;                  // RecordingOptions
  std::string replayed;                         // a file for what Finish finds; empty: none
};

// What `purebpf record -- PROGRAM` and `purebpf replay FILE -- PROGRAM` ask of PROGRAM: the
// environment's PUREBPF_RECORD or PUREBPF_REPLAY, a file's name, where the options name none. Both
// are taken out of the environment, so that what PROGRAM itself starts does not write to the same
// file. So is PUREBPF_REPLAYED, a file into which Finish writes what did not go as recorded: that
// it is there shows bpf_replay_test that there was a replay. To be called before there are threads.
void AddEnvironment(ToolKernelOptions& options);

class ToolKernel {
 public:
  // Borrows `host`, which must outlive it: it reads and writes the files, and is the kernel where
  // none is replayed. kInvalidArgument: both recorded and replayed. A fixture that cannot be read,
  // or is none, as ReplayKernel::FromFile says.
  [[nodiscard]] static Result<ToolKernel> Open(Kernel& host, const ToolKernelOptions& options);
  ToolKernel(ToolKernel&&) noexcept;
  ToolKernel& operator=(ToolKernel&&) noexcept;
  ~ToolKernel();

  [[nodiscard]] Kernel& kernel() const { return *kernel_; }

  // Writes what was recorded; says what of a replay did not go as recorded (kConflict, and its log
  // is the report). Descriptors may be open: a process that ends closes them.
  Result<void> Finish() const;

 private:
  explicit ToolKernel(Kernel& host);

  Kernel* host_;
  Kernel* kernel_;  // the outermost
  std::string record_;
  std::string replayed_;
  std::unique_ptr<ReplayKernel> replay_;
  std::unique_ptr<TraceKernel> trace_;
  std::unique_ptr<RecordingKernel> recorder_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_TOOL_KERNEL_H_
