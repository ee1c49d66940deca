#include "purebpf/bpf/typed_map.h"

#include <string>

namespace purebpf::internal {
namespace {

[[gnu::cold]] std::unexpected<Error> Unfit(const MapParams& params, std::string detail) {
  return std::unexpected(Error{.code = Code::kInvalidArgument,
                               .operation = "give C++ types to map",
                               .object = params.name,
                               .detail = std::move(detail)});
}

std::string Differ(std::string_view what, size_t found, uint32_t wanted) {
  return std::string(what) + " has " + std::to_string(found) + " bytes, the map's has " +
         std::to_string(wanted);
}

}  // namespace

Result<void> CheckTypes(const MapParams& params, size_t key_size, size_t value_size, bool per_cpu) {
  if (key_size != params.key_size)
    return Unfit(params, Differ("the key type", key_size, params.key_size));
  if (value_size != params.value_size)
    return Unfit(params, Differ("the value type", value_size, params.value_size));
  if (per_cpu != IsPerCpu(params.type))
    return Unfit(params, std::string(KernelSpelling(params.type)) +
                             (per_cpu ? " has one value for all CPUs: use TypedMap"
                                      : " has one value for each CPU: use PerCpuMap"));
  return {};
}

}  // namespace purebpf::internal
