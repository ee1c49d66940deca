#include "purebpf/bpf/map_errors.h"

#include <string_view>
#include <utility>

#include "purebpf/bpf/explain.h"

namespace purebpf {
namespace internal {
namespace {

std::string_view OperationOf(Command command) {
  switch (command) {
    case Command::kMapLookupElem:
      return "look up in map";
    case Command::kMapUpdateElem:
      return "put into map";
    case Command::kMapDeleteElem:
      return "delete from map";
    case Command::kMapLookupAndDeleteElem:
      return "take out of map";
    case Command::kMapGetNextKey:
      return "next key of map";
    case Command::kMapFreeze:
      return "freeze map";
    case Command::kMapLookupBatch:
      return "look up many in map";
    case Command::kMapLookupAndDeleteBatch:
      return "take many out of map";
    case Command::kMapUpdateBatch:
      return "put many into map";
    case Command::kMapDeleteBatch:
      return "delete many from map";
    default:
      return "create map";
  }
}

}  // namespace

Error MapInvalid(Command command, const MapParams& params, std::string detail) {
  return {.code = Code::kInvalidArgument,
          .operation = std::string(OperationOf(command)),
          .object = NameOf(params),
          .detail = std::move(detail)};
}

Error MapRefused(Kernel& kernel, Command command, const MapParams& params, Errno answer,
                 Memlock memlock, Newcomer newcomer) {
  Error error = SystemError(answer, OperationOf(command), NameOf(params));
  const bool create = command == Command::kMapCreate;
  Explain(kernel, internal::kMapHints,
          {.command = command,
           .error = answer,
           .memlock = memlock,
           .newcomer = create ? NewcomerOf(params.type) : newcomer,
           .with_token = create && params.token_fd >= 0,
           .map_type = params.type,
           .key_size = params.key_size,
           .value_size = params.value_size,
           .max_entries = params.max_entries,
           .map_flags = params.flags},
          error);
  return error;
}

uint64_t LookupSize(const MapParams& params, uint32_t cpus) {
  if (!IsPerCpu(params.type)) return params.value_size;
  return (uint64_t{params.value_size} + 7) / 8 * 8 * cpus;
}

}  // namespace internal

std::string NameOf(const MapParams& params) {
  if (!params.name.empty()) return params.name;
  const std::string_view type = KernelSpelling(params.type);
  if (!type.empty()) return std::string(type);
  return "map type " + std::to_string(static_cast<uint32_t>(params.type));
}

}  // namespace purebpf
