#include <algorithm>
#include <cstring>

#include "purebpf/bpf/cpus.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/map_fit.h"
#include "purebpf/loader/load_plan.h"

namespace purebpf {
namespace {

// include/uapi/linux/auxvec.h: AT_PAGESZ. The file is pairs of words that the kernel gave the
// process when it started.
std::optional<uint32_t> PageSize(Kernel& kernel) {
  constexpr unsigned long kPageSize = 6;
  const auto bytes = kernel.ReadFile("/proc/self/auxv", size_t{64} << 10);
  if (!bytes) return std::nullopt;
  unsigned long pair[2];
  for (size_t at = 0; at + sizeof pair <= bytes->size(); at += sizeof pair) {
    std::memcpy(pair, bytes->data() + at, sizeof pair);
    if (pair[0] == kPageSize && pair[1] != 0 && pair[1] <= (1U << 30))
      return static_cast<uint32_t>(pair[1]);
  }
  return std::nullopt;
}

template <typename Predicate>
bool AnyMap(const CollectionSpec& spec, Predicate predicate) {
  return std::ranges::any_of(spec.maps, [&](const MapSpec& map) { return predicate(map.params); });
}

}  // namespace

Result<TargetKernel> TargetKernel::Of(Kernel& kernel, const CollectionSpec& spec) {
  TargetKernel target;
  // A container without /proc keeps the commonest page; the kernel refuses what does not fit it.
  if (AnyMap(spec, internal::DependsOnPageSize))
    target.page_size = PageSize(kernel).value_or(target.page_size);
  if (AnyMap(spec, internal::DependsOnCpus))
    target.possible_cpus = PUREBPF_TRY(PossibleCpus(kernel));
  return target;
}

}  // namespace purebpf
