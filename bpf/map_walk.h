// All elements of a map, one after the other, while others may change it.
//
//   MapWalk walk(map);
//   while (PUREBPF_TRY(walk.Next())) Use(walk.key(), walk.value());      // may delete walk.key()
//   if (walk.verdict() != MapWalk::Verdict::kExact) ...
//
// In batches where the kernel and the type have them (Linux 5.6), else by next key and look-up. It
// always ends.
#ifndef PUREBPF_BPF_MAP_WALK_H_
#define PUREBPF_BPF_MAP_WALK_H_

#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/map_batch.h"
#include "purebpf/bpf/typed_map.h"

namespace purebpf {

class MapWalk {
 public:
  enum class Verdict : uint8_t {
    // What was in the map all the while was given exactly once. (What came or went meanwhile may
    // have been given, or not.) Arrays, and hash kinds in batches.
    kExact,
    // The same as long as nobody else deleted: the kernel starts again at the first key where the
    // one that the walk stands at is gone, and does not say so.
    kExactUnlessDeleted,
    // It did start again: some were given more than once.
    kRepeated,
    // It started again too often: the walk was ended, and may have missed some.
    kIncomplete,
  };

  // Borrows `map`. `batch_bytes`: about how much room keys and values may take.
  explicit MapWalk(const Map& map, size_t batch_bytes = size_t{256} << 10);

  // On to the next element; false at the end.
  [[nodiscard]] Result<bool> Next();
  // Of the element that Next came to, until it is called again. The value has lookup_size() bytes.
  [[nodiscard]] Bytes key() const { return key_; }
  [[nodiscard]] Bytes value() const { return value_; }
  // Of the walk so far.
  [[nodiscard]] Verdict verdict() const { return verdict_; }

 private:
  enum class Way : uint8_t { kBatches, kKeys };

  Result<bool> NextBatch();
  Result<bool> NextByKey();
  // Reads what follows `after` into successor_.
  Result<void> Advance(Bytes after);
  void StartKeys();

  const Map& map_;
  Way way_ = Way::kBatches;
  Verdict verdict_;
  Bytes key_;
  Bytes value_;
  std::vector<std::byte> keys_;  // of the batch; by key: the current one, its successor, the first
  std::vector<std::byte> values_;  // of the batch; by key: the current one
  // In batches.
  BatchCursor cursor_;
  size_t room_;
  size_t filled_ = 0;
  size_t at_ = 0;
  // By key.
  bool has_successor_ = false;
  uint64_t steps_left_ = 0;
};

// All elements of a typed map.
template <MapKey K, MapValue V>
struct MapEntries {
  std::vector<std::pair<K, V>> entries;
  MapWalk::Verdict verdict = MapWalk::Verdict::kExact;
};

template <MapKey K, MapValue V>
[[nodiscard]] Result<MapEntries<K, V>> EntriesOf(const TypedMap<K, V>& map) {
  MapEntries<K, V> found;
  MapWalk walk(map.untyped());
  while (true) {
    auto more = walk.Next();
    if (!more) return std::unexpected(std::move(more).error());
    if (!*more) break;
    K key{};
    V value{};
    std::memcpy(&key, walk.key().data(), sizeof key);
    std::memcpy(&value, walk.value().data(), sizeof value);
    found.entries.emplace_back(key, value);
  }
  found.verdict = walk.verdict();
  return found;
}

}  // namespace purebpf

#endif  // PUREBPF_BPF_MAP_WALK_H_
