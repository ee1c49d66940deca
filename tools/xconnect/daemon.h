// The event loop: signals, the file, the links.
#ifndef PUREBPF_TOOLS_XCONNECT_DAEMON_H_
#define PUREBPF_TOOLS_XCONNECT_DAEMON_H_

#include "purebpf/bpf/kernel.h"
#include "purebpf/tools/xconnect/options.h"
#include "purebpf/tools/xconnect/report.h"

namespace purebpf::xconnect {

// Runs until SIGTERM or SIGINT. The exit status: 0 when stopped with everything detached, 1 when it
// could not start, or something could not be detached.
int RunDaemon(Kernel& kernel, const Options& options, Report& report);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_DAEMON_H_
