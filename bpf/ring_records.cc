#include "purebpf/bpf/ring_records.h"

#include <string>

namespace purebpf::internal {

std::unexpected<Error> ShortRecord(size_t found, size_t wanted) {
  return std::unexpected(Error{.code = Code::kMalformed,
                               .operation = "read ring buffer",
                               .detail = "a record has " + std::to_string(found) +
                                         " bytes, its type " + std::to_string(wanted),
                               .hint = "read records of several types by untyped()"});
}

Result<void> CheckRing(const MapParams& params) {
  if (params.type == MapType::kRingbuf) return {};
  return std::unexpected(Error{.code = Code::kInvalidArgument,
                               .operation = "give C++ types to map",
                               .object = params.name,
                               .detail = std::string(KernelSpelling(params.type)) +
                                         " has no records: it is no ring buffer"});
}

}  // namespace purebpf::internal
