// --check: what would be done, without doing it.
#ifndef PUREBPF_TOOLS_XCONNECT_CHECK_H_
#define PUREBPF_TOOLS_XCONNECT_CHECK_H_

#include "purebpf/bpf/kernel.h"
#include "purebpf/tools/xconnect/options.h"
#include "purebpf/tools/xconnect/report.h"

namespace purebpf::xconnect {

// The exit status: 0 where xconnect would start, 1 where the file is bad or something is in the
// way. Needs no privilege; without, it cannot tell whose an attached program is.
int RunCheck(Kernel& kernel, const Options& options, Report& report);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_CHECK_H_
