// Objects with CO-RE relocations, and the kernel's types to resolve them against, made from a
// number: the same graph of types twice, with differences as between kernel versions (renamed,
// moved, widened, missing) sprinkled over the object's side.
#ifndef PUREBPF_TESTS_DIFFERENTIAL_CORE_CASES_H_
#define PUREBPF_TESTS_DIFFERENTIAL_CORE_CASES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace purebpf::testing {

struct CoreCase {
  // Each of its programs ("p0", "p1", ...; all in section "raw_tp/x") has one relocation, at its
  // first instruction.
  std::vector<std::byte> object;
  std::vector<std::byte> kernel;  // BTF
};

CoreCase MakeCoreCase(uint64_t seed);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_DIFFERENTIAL_CORE_CASES_H_
