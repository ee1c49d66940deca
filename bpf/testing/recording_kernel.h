// A Kernel that hands every call on to another and writes down what was said, as a fixture that
// ReplayKernel answers from.
//
//   HostKernel host;
//   RecordingKernel kernel(host, {.about = "load and attach drop.o"});
//   ... code under test, with `kernel` ...
//   kernel.Save(host, "drop.fixture");
//
// The descriptors and ids that it hands out are the real ones: only the text has tokens for them.
// Not thread-safe: one call at a time.
#ifndef PUREBPF_BPF_TESTING_RECORDING_KERNEL_H_
#define PUREBPF_BPF_TESTING_RECORDING_KERNEL_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/testing/describing_kernel.h"

namespace purebpf::testing {

struct RecordingOptions {
  std::string about;  // one line for the fixture's header
  // Who is asked what the recorder wants to know for itself (uname, /proc/self/fdinfo): where the
  // next kernel tells or fails calls, the one behind it. nullptr: the next.
  Kernel* aside = nullptr;
  // An object's own types (BTF) and the lines of its source are told as "~", which is not compared:
  // they change with the compiler, the file's name and every comment, and no instruction with them.
  bool types_are_free = false;
};

class RecordingKernel final : public DescribingKernel {
 public:
  // Borrows `next`, which must outlive it, and asks it for its release.
  explicit RecordingKernel(Kernel& next, const RecordingOptions& options = {});

  // Not known, as in a replay, so that both say the same.
  std::optional<uint64_t> Capabilities() override { return std::nullopt; }

  // A comment line above the next call: a step of the story.
  void Remark(std::string_view text);

  // What was said so far. A file that is still open is in it whole.
  [[nodiscard]] std::string Text() const;
  [[nodiscard]] size_t calls() const { return fixture_.calls.size(); }

  // Text() into the file at `path`, by way of `files`, which is not recorded.
  Result<void> Save(Kernel& files, const std::string& path) const;

 private:
  void Said(Call call) override;
  void SaidOpenFile(Call call, Bytes contents) override;
  void SaidCloseFile(const std::string& view, Bytes contents,
                     FunctionRef<std::vector<std::byte>()> reduce) override;

  bool types_are_free_;
  Fixture fixture_;
  std::vector<std::string> remarks_;  // above the next call
  // The calls whose contents are not there yet, by view.
  std::map<std::string, size_t> opened_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_RECORDING_KERNEL_H_
