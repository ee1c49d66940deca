// Errors of the CO-RE engine.
#ifndef PUREBPF_LOADER_INTERNAL_CORE_CORE_ERROR_H_
#define PUREBPF_LOADER_INTERNAL_CORE_CORE_ERROR_H_

#include <expected>
#include <string>
#include <utility>

#include "purebpf/bpf/error.h"

namespace purebpf::internal {

// Of operation "resolve CO-RE relocation".
[[gnu::cold]] std::unexpected<Error> CoreError(Code code, std::string detail,
                                               std::string hint = {});

[[gnu::cold]] inline std::unexpected<Error> CoreMalformed(std::string detail) {
  return CoreError(Code::kMalformed, std::move(detail));
}

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_CORE_CORE_ERROR_H_
