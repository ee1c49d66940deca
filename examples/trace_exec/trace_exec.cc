// trace_exec [PARENT]: a line for each program that is begun, or that children of PARENT begin.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "examples/trace_exec/executions.skel.h"
#include "purebpf/bpf/try.h"

namespace {

void Print(const executions::execution& execution) {
  std::printf("%8" PRIu32 " %8" PRIu32 " %6" PRIu32 "  %-16s %s\n", execution.pid, execution.parent,
              execution.uid, execution.name, execution.file);
}

purebpf::Result<> Run(uint32_t parent) {
  auto spec = PUREBPF_TRY(executions::Spec::Read());
  spec.variables.only_parent = parent;  // a constant for the verifier
  auto objects = PUREBPF_TRY(executions::Load(spec));
  auto records = PUREBPF_TRY(objects.maps.executions->Open());
  // To the tracepoint that its section names, until this process ends, however it does.
  PUREBPF_TRY(objects.Attach());
  std::printf("%8s %8s %6s  %-16s %s\n", "pid", "parent", "uid", "name", "file");
  for (uint64_t lost = 0;;) {
    PUREBPF_TRY(records.Consume(Print));
    if (objects.variables.lost != lost) {  // read from the program's memory, without a call
      std::printf("%" PRIu64 " records were lost\n", objects.variables.lost - lost);
      lost = objects.variables.lost;
    }
    std::fflush(stdout);
    PUREBPF_TRY(records.Wait());
  }
}

}  // namespace

int main(int argc, char** argv) {
  char* end = nullptr;
  const unsigned long parent = argc == 2 ? std::strtoul(argv[1], &end, 10) : 0;
  if (argc > 2 || (argc == 2 && (*end != '\0' || parent == 0 || parent > UINT32_MAX)))
    return std::fprintf(stderr, "usage: trace_exec [PARENT]\n"), 2;
  const auto done = Run(static_cast<uint32_t>(parent));
  if (!done) std::fprintf(stderr, "trace_exec: %s\n", done.error().ToString().c_str());
  return 1;
}
