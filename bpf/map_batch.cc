#include "purebpf/bpf/map_batch.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/map_errors.h"
#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

constexpr int kEnotsupp = 524;

// The kernel does not know the command (before Linux 5.6), or the type has no such operation.
bool IsUnknown(Errno answer) {
  return answer == Errno{EINVAL} || answer == Errno{kEnotsupp} || answer == Errno{EOPNOTSUPP};
}

SysResult<int> Issue(const Map& map, Command command, MapBatchAttr& attr, Bytes keys,
                     Bytes values) {
  attr.map_fd = static_cast<uint32_t>(map.fd());
  return BpfCall(command, attr)
      .In(&MapBatchAttr::keys, keys)
      .In(&MapBatchAttr::values, values)
      .Issue(map.kernel());
}

}  // namespace

std::unexpected<Error> MapBatch::Refused(Command command, Errno answer) const {
  return std::unexpected(internal::MapRefused(map_.kernel(), command, map_.params(), answer,
                                              Memlock::kNotCharged, NewcomerOf(command)));
}

Result<size_t> MapBatch::CountOf(Command command, size_t key_bytes,
                                 std::optional<size_t> value_bytes) const {
  const size_t key_size = map_.key_size();
  const size_t value_size = map_.lookup_size();
  const size_t count = key_size == 0 ? 0 : key_bytes / key_size;
  const bool whole = key_size != 0 && key_bytes % key_size == 0 && count <= UINT32_MAX;
  const bool fits =
      !value_bytes ||
      (value_size != 0 && *value_bytes / value_size == count && *value_bytes % value_size == 0) ||
      (value_size == 0 && *value_bytes == 0);
  if (whole && fits) return count;
  std::string detail = "the keys have " + std::to_string(key_bytes) + " bytes";
  if (value_bytes) detail += ", the values " + std::to_string(*value_bytes);
  detail += "; an element has " + std::to_string(key_size) + " and " + std::to_string(value_size);
  return std::unexpected(internal::MapInvalid(command, map_.params(), std::move(detail)));
}

Result<size_t> MapBatch::Read(Command command, BatchCursor& cursor, MutableBytes keys,
                              MutableBytes values) const {
  const size_t room = PUREBPF_TRY(CountOf(command, keys.size(), values.size()));
  if (cursor.map_fd_ >= 0 && cursor.map_fd_ != map_.fd())
    return std::unexpected(
        internal::MapInvalid(command, map_.params(), "the cursor is one of another map"));
  if (cursor.done_ || room == 0) return 0;
  cursor.map_fd_ = map_.fd();
  // The number of a bucket (u32) or a key, as the map's type likes.
  cursor.next_.resize(std::max<size_t>(map_.key_size(), sizeof(uint32_t)));
  MapBatchAttr attr{.count = static_cast<uint32_t>(room),
                    .map_fd = static_cast<uint32_t>(map_.fd())};
  const auto answer = BpfCall(command, attr)
                          .In(&MapBatchAttr::in_batch, cursor.position_)
                          .Out(&MapBatchAttr::out_batch, cursor.next_)
                          .Out(&MapBatchAttr::keys, keys)
                          .Out(&MapBatchAttr::values, values)
                          .Issue(map_.kernel());
  const size_t found = std::min<size_t>(attr.count, room);
  if (!answer && answer.error() != Errno{ENOENT}) return Refused(command, answer.error());
  cursor.done_ = !answer;
  cursor.position_.swap(cursor.next_);
  return found;
}

Result<size_t> MapBatch::Lookup(BatchCursor& cursor, MutableBytes keys, MutableBytes values) const {
  return Read(Command::kMapLookupBatch, cursor, keys, values);
}

Result<size_t> MapBatch::LookupAndDelete(BatchCursor& cursor, MutableBytes keys,
                                         MutableBytes values) const {
  return Read(Command::kMapLookupAndDeleteBatch, cursor, keys, values);
}

Result<void> MapBatch::Put(Bytes keys, Bytes values) const {
  constexpr Command kCommand = Command::kMapUpdateBatch;
  const size_t count = PUREBPF_TRY(CountOf(kCommand, keys.size(), values.size()));
  if (count == 0) return {};
  MapBatchAttr attr{.count = static_cast<uint32_t>(count)};
  const auto answer = Issue(map_, kCommand, attr, keys, values);
  if (answer) return {};
  size_t done = std::min<size_t>(attr.count, count);
  if (!IsUnknown(answer.error())) {
    auto refused = Refused(kCommand, answer.error());
    refused.error().detail = std::to_string(done) + " of " + std::to_string(count) + " were put";
    return refused;
  }
  // An unknown command leaves the count as it was.
  const size_t key_size = map_.key_size();
  const size_t value_size = map_.lookup_size();
  for (done = 0; done < count; ++done) {
    auto put = map_.Put(keys.subspan(done * key_size, key_size),
                        values.subspan(done * value_size, value_size));
    if (put) continue;
    put.error().detail = std::to_string(done) + " of " + std::to_string(count) + " were put";
    return put;
  }
  return {};
}

Result<size_t> MapBatch::Delete(Bytes keys) const {
  constexpr Command kCommand = Command::kMapDeleteBatch;
  const size_t key_size = map_.key_size();
  (void)PUREBPF_TRY(CountOf(kCommand, keys.size(), std::nullopt));
  size_t deleted = 0;
  bool known = false;
  while (!keys.empty()) {
    const size_t left = keys.size() / key_size;
    MapBatchAttr attr{.count = static_cast<uint32_t>(left)};
    const auto answer = Issue(map_, kCommand, attr, keys, {});
    if (answer) return deleted + left;
    if (answer.error() == Errno{ENOENT}) {
      // kernel/bpf/syscall.c: generic_map_delete_batch ends at the first that is not there.
      const size_t done = std::min<size_t>(attr.count, left - 1);
      deleted += done;
      keys = keys.subspan((done + 1) * key_size);
      known = true;
      continue;
    }
    if (known || !IsUnknown(answer.error())) return Refused(kCommand, answer.error());
    for (; !keys.empty(); keys = keys.subspan(key_size))
      deleted += PUREBPF_TRY(map_.Delete(keys.first(key_size))) ? 1 : 0;
  }
  return deleted;
}

}  // namespace purebpf
