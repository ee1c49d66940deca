// How planning says no.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_REFUSED_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_REFUSED_H_

#include <expected>
#include <string>

#include "purebpf/bpf/error.h"

namespace purebpf::internal {

// An Error of operation "plan loading".
[[gnu::cold]] std::unexpected<Error> Refused(Code code, std::string object, std::string detail,
                                             std::string hint = "");

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_REFUSED_H_
