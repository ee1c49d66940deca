// Internal. Why the kernel refused a command, and what may be done about it: by tables of hints
// (bpf/explain_hints.h), one row a command, errno and circumstance.
#ifndef PUREBPF_BPF_EXPLAIN_H_
#define PUREBPF_BPF_EXPLAIN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/explain_hints.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/memlock.h"

namespace purebpf {

// What may be too new for a kernel: a type, or else the command itself.
struct Newcomer {
  std::string_view spelling;  // as the kernel's; empty where it is unknown here
  KernelVersion since;
};

// Of a Command, MapType, ProgType or LinkType.
template <typename E>
Newcomer NewcomerOf(E value) {
  return {KernelSpelling(value), Since(value)};
}

// A refused command, as far as hints depend on it.
struct Refusal {
  Command command = Command::kMapCreate;
  Errno error;
  Memlock memlock = Memlock::kNotCharged;
  Newcomer newcomer;
  bool with_token = false;
  // Commands on maps.
  MapType map_type = MapType::kUnspec;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t map_flags = 0;
  // BPF_PROG_LOAD.
  ProgType prog_type = ProgType::kUnspec;
  size_t insn_count = 0;
  // BPF_LINK_CREATE.
  LinkType link_type = LinkType::kUnspec;
};

// Fills the hint of `error`. Where the kernel is too old for the newcomer (its Release is read only
// when that is in question), the hint says since when it is there, and the code is kUnsupported.
void Explain(Kernel& kernel, std::span<const internal::HintRow> hints, const Refusal& refusal,
             Error& error);

}  // namespace purebpf

#endif  // PUREBPF_BPF_EXPLAIN_H_
