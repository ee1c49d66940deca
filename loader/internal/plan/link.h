// A program and all that it calls as one piece of code, laid out as the reference implementation
// does it, so that equal objects give the kernel equal instructions.
//
//   the program | the first function that it calls | the first that that one calls | ...
//
// Each function is there once, behind what was there when the first call of it was met; depth
// first, in the order of the calls. The callback for exceptions comes last unless something takes
// its address before.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_LINK_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_LINK_H_

#include <cstdint>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/program.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/plan/spec_index.h"

namespace purebpf::internal {

// kernel/bpf/verifier.c: no program has more functions (BPF_MAX_SUBPROGS), nor more instructions
// (BPF_COMPLEXITY_LIMIT_INSNS), so that nothing is lost where a hostile object is told so.
inline constexpr size_t kMaxPieces = 256;
inline constexpr size_t kMaxInsns = 1'000'000;

struct Piece {
  uint32_t function = 0;  // into CollectionSpec::functions
  uint32_t begin = 0;     // its first instruction, in the whole

  bool operator==(const Piece&) const = default;
};

// The pieces of the program whose body is `function`. kMalformed: a reference to a function or an
// instruction that is not there, a function with a problem, an exception callback that is not
// there; kUnsupported: a function that calls itself, and more than the kernel takes.
[[nodiscard]] Result<std::vector<Piece>> Arrange(const CollectionSpec& spec, const SpecIndex& index,
                                                 uint32_t function);

// How many references their functions have.
[[nodiscard]] size_t CountReferences(const CollectionSpec& spec, const std::vector<Piece>& pieces);

struct LinkedCode {
  std::vector<Insn> insns;
  // Of the whole, as the kernel takes them. Empty unless every piece has some: it wants all or
  // none.
  InfoRecords func_info;
  InfoRecords line_info;
};

// The pieces put together: calls and addresses of functions lead to where they are now.
[[nodiscard]] LinkedCode Assemble(const CollectionSpec& spec, const std::vector<Piece>& pieces);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_LINK_H_
