// The conversation with the kernel: recorded, replayed or told, as the options ask for.
#ifndef PUREBPF_TOOLS_PUREBPF_CONVERSATION_H_
#define PUREBPF_TOOLS_PUREBPF_CONVERSATION_H_

#include <string>

#include "purebpf/bpf/function_ref.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/tools/purebpf/options.h"
#include "purebpf/tools/purebpf/output.h"

namespace purebpf::tool {

// Calls `run` with the kernel that the options or, where they are silent, the environment
// (bpf/testing/tool_kernel.h) ask for; `host` where nobody asks. The exit status: what `run` gives,
// but kFailed where a fixture cannot be read or written, or where a replay does not go as recorded.
// `about` is the command line, for what is recorded.
int Converse(Kernel& host, const Options& options, const std::string& about, Output& output,
             FunctionRef<int(Kernel&)> run);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_CONVERSATION_H_
