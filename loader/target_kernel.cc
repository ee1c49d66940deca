#include <cstring>

#include "purebpf/bpf/cpus.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/map_fit.h"
#include "purebpf/loader/internal/selection.h"
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
bool AnyMap(const CollectionSpec& spec, const internal::Selection& selected, Predicate predicate) {
  for (size_t i = 0; i < spec.maps.size(); ++i)
    if (selected.maps[i] && predicate(spec.maps[i].params)) return true;
  return false;
}

}  // namespace

Result<TargetKernel> TargetKernel::Of(Kernel& kernel, const CollectionSpec& spec,
                                      const LoadOptions& options) {
  TargetKernel target;
  const internal::NameIndex maps(spec.maps);
  const internal::Selection selected = PUREBPF_TRY(internal::Select(spec, maps, options));
  // A container without /proc keeps the commonest page; the kernel refuses what does not fit it.
  if (AnyMap(spec, selected, internal::DependsOnPageSize))
    target.page_size = PageSize(kernel).value_or(target.page_size);
  if (AnyMap(spec, selected, internal::DependsOnCpus))
    target.possible_cpus = PUREBPF_TRY(PossibleCpus(kernel));
  return target;
}

}  // namespace purebpf
