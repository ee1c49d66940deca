// What of an object is loaded, and how.
#ifndef PUREBPF_LOADER_LOAD_OPTIONS_H_
#define PUREBPF_LOADER_LOAD_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf {

// A map that is there already and takes the place of one of the object's.
struct MapReplacement {
  std::string map;  // MapSpec::name
  const Map* by =
      nullptr;  // borrowed until the object is loaded, which has its own descriptor then
};

struct MaxEntries {
  std::string map;  // MapSpec::name
  uint32_t max_entries = 0;
};

// What a program is made for, where its section does not say it all: freplace, and fentry and its
// like on a BPF program.
struct AttachTarget {
  std::string program;     // ProgramSpec::name
  std::string function;    // empty: what its section says
  uint32_t target_id = 0;  // the loaded program it is in; 0: of the kernel, or see below
  int target_fd = -1;      // the same by descriptor, borrowed until the object is loaded
};

struct LoadOptions {
  // Names of maps and programs; with those, what they need. Nothing: all maps, and all programs but
  // those of '?' sections.
  std::optional<std::vector<std::string>> only;
  // Names of programs and maps that are left out. References to such maps are poisoned: the
  // verifier drops them where they cannot be reached.
  std::vector<std::string> skip;
  // Loads what can be loaded instead of all or nothing: programs and maps that cannot, by the plan
  // or by the kernel, are left out, as are the programs that use such maps, and
  // Collection::failures() says why. A slot for what was left out stays empty.
  bool partial = false;

  std::vector<MapReplacement> replace;
  std::vector<MaxEntries> max_entries;
  // Of maps whose definition leaves the number of entries to user space (0), where their type needs
  // one. It does not where 0 has a meaning: a perf event array has one entry for each possible CPU.
  uint32_t default_max_entries = 0;

  // Where maps that are to be pinned by name are: on a BPF file system. Made where it is not there.
  // Those that are there already are used again, with what is in them: also with the maps in a map
  // of maps, while programs take the place of those before. Empty: nothing is pinned.
  std::string pin_root = "/sys/fs/bpf";

  std::vector<AttachTarget> attach_targets;
  // A BPF token (Linux 6.9), borrowed until the object is loaded; -1: none.
  int token_fd = -1;

  VerifierLog log;
  // Facts of the kernel that are not to be asked of it. (Load; a plan has its TargetKernel.)
  KernelSources kernel;
};

}  // namespace purebpf

#endif  // PUREBPF_LOADER_LOAD_OPTIONS_H_
