// A function of a BPF program that is loaded: what freplace and fentry on a program are attached
// to.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_PROGRAM_FUNCTION_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_PROGRAM_FUNCTION_H_

#include <cstdint>
#include <string_view>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/loader/load_options.h"

namespace purebpf::internal {

// The id of the function in the types of the program that `target` names. kNotFound: it has no such
// function, or no types; otherwise as the kernel answers.
[[nodiscard]] Result<uint32_t> FunctionInProgram(Kernel& kernel, const AttachTarget& target,
                                                 std::string_view function);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_PROGRAM_FUNCTION_H_
