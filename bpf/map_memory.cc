#include "purebpf/bpf/map_memory.h"

#include <cerrno>

#include "purebpf/bpf/page_size.h"
#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

constexpr std::string_view kMapMemory = "map the memory of map";

[[gnu::cold]] std::unexpected<Error> Invalid(std::string_view operation, const std::string& name,
                                             std::string detail) {
  return std::unexpected(Error{.code = Code::kInvalidArgument,
                               .operation = std::string(operation),
                               .object = name,
                               .detail = std::move(detail)});
}

Result<Mapping> MapPages(const Map& map, size_t size, Access access, uint64_t address) {
  const auto memory = map.kernel().MapMemory(map.fd(), size, 0, access, address);
  if (memory) return Mapping(map.kernel(), *memory);
  Error error = SystemError(memory.error(), kMapMemory, NameOf(map.params()));
  switch (memory.error().value) {
    case EPERM:
      error.hint = "it is frozen, or may not be written from user space: map it to be read";
      break;
    case ENODEV:
      error.code = Code::kUnsupported;
      error.hint = "maps of this type, or before Linux 5.5, have no memory to be mapped";
      break;
    case EEXIST:
      error.hint = "something else is mapped at its address";
      break;
    default:
      break;
  }
  return std::unexpected(std::move(error));
}

// Programs write such a variable at once, and so it is read.
template <typename Word>
bool CopyWord(std::byte* to, const std::byte* from, size_t size) {
  const auto address = reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from);
  if (size != sizeof(Word) || address % sizeof(Word) != 0) return false;
  Word word;
  __atomic_load(reinterpret_cast<const Word*>(from), &word, __ATOMIC_RELAXED);
  __atomic_store(reinterpret_cast<Word*>(to), &word, __ATOMIC_RELAXED);
  return true;
}

}  // namespace

void internal::CopyLive(std::byte* to, const std::byte* from, size_t size) {
  if (CopyWord<uint64_t>(to, from, size) || CopyWord<uint32_t>(to, from, size) ||
      CopyWord<uint16_t>(to, from, size))
    return;
  if (size != 0) std::memcpy(to, from, size);
}

Result<MapMemory> MapMemory::Of(const Map& map, Access access) {
  const MapParams& params = map.params();
  if (params.type == MapType::kArena) return OfArena(map);
  if (params.type != MapType::kArray || (params.flags & kMmapable) == 0)
    return Invalid(kMapMemory, NameOf(params),
                   "it is no array that was created with BPF_F_MMAPABLE");
  // kernel/bpf/arraymap.c: array_map_mmap.
  const uint64_t stride = (uint64_t{params.value_size} + 7) / 8 * 8;
  const uint64_t size = stride * params.max_entries;
  Mapping mapping = PUREBPF_TRY(MapPages(map, size, access, 0));
  return MapMemory(std::move(mapping), NameOf(params), size, stride, access);
}

Result<MapMemory> MapMemory::OfArena(const Map& arena) {
  const MapParams& params = arena.params();
  if (params.type != MapType::kArena) return Invalid(kMapMemory, NameOf(params), "it is no arena");
  const uint64_t page = PageSize(arena.kernel()).value_or(4096);
  const uint64_t size = page * params.max_entries;
  Mapping mapping = PUREBPF_TRY(MapPages(arena, size, Access::kReadWrite, params.map_extra));
  return MapMemory(std::move(mapping), NameOf(params), size, page, Access::kReadWrite);
}

Bytes MapMemory::bytes() const {
  const Bytes all = Bytes(mapping_.memory()).first(size_);
  mapping_.kernel().Look(all);
  return all;
}

Result<std::byte*> MapMemory::Place(size_t offset, size_t size, size_t alignment,
                                    bool write) const {
  const std::string_view operation = write ? "write memory of map" : "read memory of map";
  if (write && access_ == Access::kRead)
    return Invalid(operation, name_, "it is mapped to be read only");
  if (offset > size_ || size > size_ - offset)
    return Invalid(operation, name_,
                   std::to_string(size) + " bytes at " + std::to_string(offset) + " end past its " +
                       std::to_string(size_));
  if (offset % alignment != 0)
    return Invalid(
        operation, name_,
        "offset " + std::to_string(offset) + " is no multiple of " + std::to_string(alignment));
  std::byte* const place = mapping_.memory().data() + offset;
  if (!write) mapping_.kernel().Look({place, size});
  return place;
}

Result<void> MapMemory::Read(size_t offset, MutableBytes value) const {
  const std::byte* const from = PUREBPF_TRY(Place(offset, value.size(), 1, /*write=*/false));
  internal::CopyLive(value.data(), from, value.size());
  return {};
}

Result<void> MapMemory::Write(size_t offset, Bytes value) {
  std::byte* const to = PUREBPF_TRY(Place(offset, value.size(), 1, /*write=*/true));
  internal::CopyLive(to, value.data(), value.size());
  return {};
}

}  // namespace purebpf
