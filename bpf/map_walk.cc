#include "purebpf/bpf/map_walk.h"

#include <algorithm>
#include <cerrno>

#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

constexpr size_t kLeastRoom = 16;

// Which types' batches go by a position that no deletion moves: the number of a bucket
// (kernel/bpf/hashtab.c), an index (kernel/bpf/arraymap.c).
bool IsHash(MapType type) {
  switch (type) {
    case MapType::kHash:
    case MapType::kLruHash:
    case MapType::kPercpuHash:
    case MapType::kLruPercpuHash:
      return true;
    default:
      return false;
  }
}

bool IsArray(MapType type) {
  switch (type) {
    case MapType::kArray:
    case MapType::kPercpuArray:
    case MapType::kProgArray:
    case MapType::kPerfEventArray:
    case MapType::kCgroupArray:
    case MapType::kArrayOfMaps:
    case MapType::kDevmap:
    case MapType::kCpumap:
    case MapType::kXskmap:
    case MapType::kSockmap:
    case MapType::kReuseportSockarray:
      return true;
    default:
      return false;
  }
}

MapWalk::Verdict VerdictOf(MapType type, bool in_batches) {
  const bool exact = IsArray(type) || (in_batches && IsHash(type));
  return exact ? MapWalk::Verdict::kExact : MapWalk::Verdict::kExactUnlessDeleted;
}

}  // namespace

MapWalk::MapWalk(const Map& map, size_t batch_bytes)
    : map_(map), verdict_(VerdictOf(map.params().type, /*in_batches=*/true)) {
  const size_t element = std::max<size_t>(size_t{map.key_size()} + map.lookup_size(), 1);
  room_ = std::clamp<size_t>(batch_bytes / element, kLeastRoom,
                             std::max<size_t>(map.params().max_entries, kLeastRoom));
}

Result<bool> MapWalk::Next() { return way_ == Way::kBatches ? NextBatch() : NextByKey(); }

Result<bool> MapWalk::NextBatch() {
  const size_t key_size = map_.key_size();
  const size_t value_size = map_.lookup_size();
  while (at_ == filled_) {
    if (cursor_.done()) return false;
    keys_.resize(room_ * key_size);
    values_.resize(room_ * value_size);
    const bool first = filled_ == 0;
    auto got = MapBatch(map_).Lookup(cursor_, keys_, values_);
    if (got) {
      at_ = 0;
      filled_ = *got;
      // A kernel that gives nothing and does not say that this is the end would hold us for ever.
      if (filled_ == 0) return false;
      continue;
    }
    // The next bucket is larger than the room.
    if (got.error().sys_errno == ENOSPC && room_ < map_.params().max_entries) {
      room_ = std::min<size_t>(room_ * 2, map_.params().max_entries);
      continue;
    }
    const bool unsupported =
        got.error().code == Code::kUnsupported || got.error().code == Code::kInvalidArgument;
    if (!first || !unsupported) return std::unexpected(std::move(got).error());
    StartKeys();
    return NextByKey();
  }
  key_ = Bytes(keys_).subspan(at_ * key_size, key_size);
  value_ = Bytes(values_).subspan(at_ * value_size, value_size);
  ++at_;
  return true;
}

void MapWalk::StartKeys() {
  way_ = Way::kKeys;
  verdict_ = VerdictOf(map_.params().type, /*in_batches=*/false);
  keys_.resize(size_t{map_.key_size()} * 3);
  values_.resize(map_.lookup_size());
  // Twice round, and a little for what is added meanwhile.
  steps_left_ = uint64_t{map_.params().max_entries} * 2 + 64;
  at_ = filled_ = 0;
}

Result<void> MapWalk::Advance(Bytes after) {
  const size_t size = map_.key_size();
  const MutableBytes successor = MutableBytes(keys_).subspan(size, size);
  const MutableBytes first = MutableBytes(keys_).subspan(2 * size, size);
  const bool start = filled_ == 0;
  has_successor_ =
      PUREBPF_TRY(map_.NextKey(start ? std::nullopt : std::optional<Bytes>(after), successor));
  if (!has_successor_) return {};
  if (start) {
    std::ranges::copy(successor, first.begin());
    filled_ = 1;
  } else if (std::ranges::equal(successor, first)) {
    verdict_ = Verdict::kRepeated;
  }
  return {};
}

// The successor is asked for before an element is given out, so that its key may be deleted.
Result<bool> MapWalk::NextByKey() {
  const size_t size = map_.key_size();
  const MutableBytes current = MutableBytes(keys_).first(size);
  const MutableBytes successor = MutableBytes(keys_).subspan(size, size);
  if (filled_ == 0) PUREBPF_TRY(Advance({}));
  while (has_successor_) {
    if (steps_left_ == 0) {
      verdict_ = Verdict::kIncomplete;
      return false;
    }
    --steps_left_;
    std::ranges::copy(successor, current.begin());
    const bool there = PUREBPF_TRY(map_.Lookup(current, values_));
    PUREBPF_TRY(Advance(current));
    if (!there) continue;  // gone meanwhile
    key_ = current;
    value_ = values_;
    return true;
  }
  return false;
}

}  // namespace purebpf
