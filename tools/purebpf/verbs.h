// What the tool can do: one row a verb.
#ifndef PUREBPF_TOOLS_PUREBPF_VERBS_H_
#define PUREBPF_TOOLS_PUREBPF_VERBS_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "purebpf/bpf/kernel.h"
#include "purebpf/tools/purebpf/options.h"
#include "purebpf/tools/purebpf/output.h"

namespace purebpf::tool {

struct Verb {
  std::string_view name;     // "btf dump": one word or two
  std::string_view summary;  // one line
  std::string_view help;
  uint32_t options;  // OptionBit
  bool one_file;
  int (*run)(Kernel& kernel, const Options& options, Output& output);
};

std::span<const Verb> Verbs();

// The program: arguments without its name, to an exit code.
int RunTool(Kernel& kernel, std::span<const std::string_view> arguments, Output& output);

int RunInspect(Kernel& kernel, const Options& options, Output& output);
int RunBtfDump(Kernel& kernel, const Options& options, Output& output);
int RunPlan(Kernel& kernel, const Options& options, Output& output);
int RunLoad(Kernel& kernel, const Options& options, Output& output);
int RunRecord(Kernel& kernel, const Options& options, Output& output);
int RunReplay(Kernel& kernel, const Options& options, Output& output);
int RunGenSkeleton(Kernel& kernel, const Options& options, Output& output);
int RunCheck(Kernel& kernel, const Options& options, Output& output);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_VERBS_H_
