// The conversation with the kernel: recorded, replayed or told, as the options ask for. The static
// binary has none of it: see conversation_none.cc.
#ifndef PUREBPF_TOOLS_XCONNECT_CONVERSATION_H_
#define PUREBPF_TOOLS_XCONNECT_CONVERSATION_H_

#include "purebpf/bpf/function_ref.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/tools/xconnect/options.h"
#include "purebpf/tools/xconnect/report.h"

namespace purebpf::xconnect {

// Calls `run` with the kernel that the options ask for, `host` where they ask for nothing. The exit
// status: what `run` gives, but 1 where a fixture cannot be read or written, or where a replay does
// not go as recorded.
int Converse(Kernel& host, const Options& options, Report& report, FunctionRef<int(Kernel&)> run);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_CONVERSATION_H_
