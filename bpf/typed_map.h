// Maps with C++ types for key and value. The sizes are checked once, when the map is given its
// types; the bytes are those of the BPF program's own structures.
#ifndef PUREBPF_BPF_TYPED_MAP_H_
#define PUREBPF_BPF_TYPED_MAP_H_

#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "purebpf/bpf/map.h"

namespace purebpf {

// A key is compared byte by byte in the kernel, so padding, which C++ leaves undefined, must not
// be.
template <typename K>
concept MapKey = std::is_trivially_copyable_v<K> && std::has_unique_object_representations_v<K>;

template <typename V>
concept MapValue = std::is_trivially_copyable_v<V> && std::is_default_constructible_v<V>;

namespace internal {
// kInvalidArgument with both sizes where they differ from the map's, or where `per_cpu` does not
// fit the map's type.
Result<void> CheckTypes(const MapParams& params, size_t key_size, size_t value_size, bool per_cpu);
}  // namespace internal

template <MapKey K, MapValue V>
class TypedMap {
 public:
  using Key = K;
  using Value = V;

  // kInvalidArgument where sizeof K or V is not the map's, or the map is per CPU.
  [[nodiscard]] static Result<TypedMap> From(Map map) {
    if (auto fits = Check(map.params()); !fits) return std::unexpected(std::move(fits).error());
    return TypedMap(std::move(map));
  }
  // From's check alone, before the map exists.
  static Result<void> Check(const MapParams& params) {
    return internal::CheckTypes(params, sizeof(K), sizeof(V), /*per_cpu=*/false);
  }

  [[nodiscard]] Result<std::optional<V>> Lookup(const K& key) const {
    V value{};
    auto found = map_.Lookup(BytesOf(key), MutableBytesOf(value));
    if (!found) return std::unexpected(std::move(found).error());
    return *found ? std::optional<V>(value) : std::nullopt;
  }
  Result<void> Put(const K& key, const V& value, PutFlag flag = PutFlag::kAny) const {
    return map_.Put(BytesOf(key), BytesOf(value), flag);
  }
  // False where it was not there.
  Result<bool> Delete(const K& key) const { return map_.Delete(BytesOf(key)); }
  // Takes the value out (Map::LookupAndDelete).
  [[nodiscard]] Result<std::optional<V>> LookupAndDelete(const K& key) const {
    V value{};
    auto found = map_.LookupAndDelete(BytesOf(key), MutableBytesOf(value));
    if (!found) return std::unexpected(std::move(found).error());
    return *found ? std::optional<V>(value) : std::nullopt;
  }
  // The key after `key`, the first for nullopt; nullopt after the last.
  [[nodiscard]] Result<std::optional<K>> NextKey(const std::optional<K>& key) const {
    K next{};
    auto found = map_.NextKey(key ? std::optional<Bytes>(BytesOf(*key)) : std::nullopt,
                              MutableBytesOf(next));
    if (!found) return std::unexpected(std::move(found).error());
    return *found ? std::optional<K>(next) : std::nullopt;
  }

  [[nodiscard]] const Map& untyped() const { return map_; }
  [[nodiscard]] int fd() const { return map_.fd(); }

 private:
  explicit TypedMap(Map map) : map_(std::move(map)) {}
  Map map_;
};

// A map with one value for each possible CPU.
template <MapKey K, MapValue V>
class PerCpuMap {
 public:
  using Key = K;
  using Value = V;

  // kInvalidArgument where sizeof K or V is not the map's, or the map is not per CPU.
  [[nodiscard]] static Result<PerCpuMap> From(Map map) {
    if (auto fits = Check(map.params()); !fits) return std::unexpected(std::move(fits).error());
    return PerCpuMap(std::move(map));
  }
  // From's check alone, before the map exists.
  static Result<void> Check(const MapParams& params) {
    return internal::CheckTypes(params, sizeof(K), sizeof(V), /*per_cpu=*/true);
  }

  // The values, one for each possible CPU in order of their numbers.
  [[nodiscard]] Result<std::optional<std::vector<V>>> Lookup(const K& key) const {
    std::vector<std::byte> slots(map_.lookup_size());
    auto found = map_.Lookup(BytesOf(key), slots);
    if (!found) return std::unexpected(std::move(found).error());
    if (!*found) return std::optional<std::vector<V>>();
    std::vector<V> values(map_.cpus());
    for (size_t cpu = 0; cpu < values.size(); ++cpu)
      std::memcpy(&values[cpu], slots.data() + cpu * kStride, sizeof(V));
    return values;
  }
  // One value for each possible CPU: as many as cpus() says, or kInvalidArgument.
  Result<void> Put(const K& key, std::span<const V> values, PutFlag flag = PutFlag::kAny) const {
    std::vector<std::byte> slots(values.size() * kStride);
    for (size_t cpu = 0; cpu < values.size(); ++cpu)
      std::memcpy(slots.data() + cpu * kStride, &values[cpu], sizeof(V));
    return map_.Put(BytesOf(key), slots, flag);
  }
  // False where it was not there.
  Result<bool> Delete(const K& key) const { return map_.Delete(BytesOf(key)); }

  [[nodiscard]] uint32_t cpus() const { return map_.cpus(); }
  [[nodiscard]] const Map& untyped() const { return map_; }
  [[nodiscard]] int fd() const { return map_.fd(); }

 private:
  static constexpr size_t kStride = (sizeof(V) + 7) / 8 * 8;
  explicit PerCpuMap(Map map) : map_(std::move(map)) {}
  Map map_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_TYPED_MAP_H_
