// For the static binary, which is to stay small: a recorder knows every command of bpf(2) by name.
#include <unistd.h>

#include "purebpf/tools/xconnect/conversation.h"

namespace purebpf::xconnect {

int Converse(Kernel& host, const Options& options, Report&, FunctionRef<int(Kernel&)> run) {
  if (options.record.empty() && options.replay.empty() && !options.trace) return run(host);
  WriteAll(STDERR_FILENO,
           "xconnect: this static build is without --record, --replay and --trace\n");
  return 2;
}

}  // namespace purebpf::xconnect
