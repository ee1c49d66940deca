#include "purebpf/bpf/testing/memory.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace purebpf::testing::internal {
namespace {

constexpr size_t kPage = 4096;
// Beyond this a mapping is not compared as a whole: an arena may have 4 GiB.
constexpr size_t kMostCompared = size_t{64} << 20;
constexpr std::string_view kHead = "memory";

// How many bytes at the end of a mapping the kernel has mapped twice (kernel/bpf/ringbuf.c:
// bpf_ringbuf_area_alloc): a whole ring's data.
size_t MirrorOf(const MapFacts* map, size_t size) {
  if (map == nullptr || (map->type != MapType::kRingbuf && map->type != MapType::kUserRingbuf))
    return 0;
  const size_t data = map->max_entries;
  return data != 0 && size > 2 * data ? data : 0;
}

bool Contains(MutableBytes outer, Bytes inner) {
  return inner.data() >= outer.data() && inner.data() + inner.size() <= outer.data() + outer.size();
}

// Calls `use` with each range that differs: near ones together, so that a record is one.
template <typename Use>
void ForEachChange(Bytes before, Bytes after, Use use) {
  constexpr size_t kNear = 16;
  size_t at = 0;
  while (true) {
    while (at < after.size() && before[at] == after[at]) ++at;
    if (at == after.size()) return;
    size_t end = at + 1;
    for (size_t i = end; i < after.size() && i < end + kNear; ++i)
      if (before[i] != after[i]) end = i + 1;
    use(at, end - at);
    at = end;
  }
}

// The same bytes where they are mapped the second time, or the first.
void Mirror(const Mapping& mapping, size_t offset, size_t size) {
  const size_t start = mapping.seen.size() - 2 * mapping.mirror;
  for (size_t i = offset; mapping.mirror != 0 && i < offset + size; ++i) {
    if (i < start) continue;
    const size_t other = i - start < mapping.mirror ? i + mapping.mirror : i - mapping.mirror;
    mapping.seen[other] = mapping.seen[i];
  }
}

}  // namespace

Pages::Pages(size_t size) : memory_(size + kPage), size_(size) {
  const size_t over = reinterpret_cast<uintptr_t>(memory_.data()) % kPage;
  start_ = memory_.data() + (over == 0 ? 0 : kPage - over);
}

Mapping& Mappings::Record(MutableBytes real, Access access, const MapFacts* map) {
  auto mapping = std::make_unique<Mapping>();
  mapping->token = "mem:" + Decimal(++last_);
  mapping->access = access;
  mapping->mirror = MirrorOf(map, real.size());
  mapping->real = real;
  mapping->seen = real;
  if (access == Access::kRead && real.size() <= kMostCompared) {
    mapping->copy = std::make_unique<Pages>(real.size());
    mapping->seen = mapping->copy->bytes();
  } else if (real.size() <= kMostCompared) {
    mapping->before.resize(real.size());
  }
  return *mappings_.emplace_back(std::move(mapping));
}

Mapping* Mappings::Replay(std::string token, size_t size, Access access, const MapFacts* map) {
  if (size > kMostCompared || FindToken(token) != nullptr) return nullptr;
  auto mapping = std::make_unique<Mapping>();
  mapping->token = std::move(token);
  mapping->access = access;
  mapping->mirror = MirrorOf(map, size);
  mapping->copy = std::make_unique<Pages>(size);
  mapping->seen = mapping->copy->bytes();
  if (access == Access::kReadWrite) mapping->before.resize(size);
  return mappings_.emplace_back(std::move(mapping)).get();
}

Mapping* Mappings::Find(Bytes memory) {
  for (const auto& mapping : mappings_)
    if (Contains(mapping->seen, memory)) return mapping.get();
  return nullptr;
}

Mapping* Mappings::FindToken(std::string_view token) {
  for (const auto& mapping : mappings_)
    if (mapping->token == token) return mapping.get();
  return nullptr;
}

void Mappings::Remove(Bytes memory) {
  std::erase_if(mappings_,
                [&](const auto& mapping) { return mapping->seen.data() == memory.data(); });
}

void Mappings::Note(Context& context, Mapping& mapping, Bytes range, std::vector<Block>& blocks) {
  size_t begin = static_cast<size_t>(range.data() - mapping.seen.data());
  size_t size = range.size();
  const bool writable = mapping.access == Access::kReadWrite;
  if (writable) {
    begin = 0;
    size = mapping.before.size();
  } else if (mapping.copy == nullptr) {
    return;
  }
  const MutableBytes before =
      (writable ? MutableBytes(mapping.before) : mapping.seen).subspan(begin, size);
  // Once: the kernel may write meanwhile.
  const Bytes real = Bytes(mapping.real).subspan(begin, size);
  const std::vector<std::byte> now(real.begin(), real.end());
  ForEachChange(before, now, [&](size_t at, size_t length) {
    const Bytes changed = Bytes(now).subspan(at, length);
    blocks.push_back(
        {.answered = true,
         .head = std::string(kHead),
         .fields = {{"at", PlaceText(mapping, Bytes(mapping.seen).subspan(begin + at))},
                    {"bytes", BytesText(context, changed)}}});
    std::ranges::copy(changed, before.begin() + static_cast<ptrdiff_t>(at));
    if (!writable) Mirror(mapping, begin + at, length);
  });
}

void Mappings::NoteWritable(Context& context, std::vector<Block>& blocks) {
  for (const auto& mapping : mappings_)
    if (mapping->access == Access::kReadWrite) Note(context, *mapping, mapping->seen, blocks);
}

bool Mappings::Apply(Context& context, const Call& call, std::string& wrong) {
  for (const Block& block : call.blocks) {
    if (!block.answered || block.head != kHead) continue;
    const Field* const at = FindField(block.fields, "at");
    const Field* const value = FindField(block.fields, "bytes");
    wrong = "memory at=" + (at != nullptr ? at->value : "");
    const std::optional<Place> place = at != nullptr ? ParsePlace(at->value) : std::nullopt;
    Mapping* const mapping = place ? FindToken(place->token) : nullptr;
    std::vector<std::byte> bytes;
    if (mapping == nullptr || value == nullptr || !ReadBytes(context, value->value, bytes) ||
        place->offset > mapping->seen.size() || bytes.size() > mapping->seen.size() - place->offset)
      return false;
    const MutableBytes seen = mapping->seen.subspan(place->offset, bytes.size());
    if (mapping->access == Access::kReadWrite) {
      // What is not as it was, the caller wrote: the same, or it goes another way than recorded.
      const MutableBytes before =
          MutableBytes(mapping->before).subspan(place->offset, bytes.size());
      for (size_t i = 0; i < bytes.size(); ++i) {
        if (seen[i] == before[i] || seen[i] == bytes[i]) continue;
        wrong += ": the caller wrote hex:" + HexOf(seen) + " there, and hex:" + HexOf(bytes) +
                 " was recorded";
        return false;
      }
      std::ranges::copy(bytes, before.begin());
    }
    std::ranges::copy(bytes, seen.begin());
    Mirror(*mapping, place->offset, bytes.size());
  }
  wrong.clear();
  return true;
}

std::optional<Place> ParsePlace(std::string_view text) {
  const size_t plus = text.find('+');
  Place place{.token = text.substr(0, plus)};
  if (plus == std::string_view::npos) return place;
  const std::optional<uint64_t> offset = ParseNumber(text.substr(plus + 1));
  if (!offset) return std::nullopt;
  place.offset = *offset;
  return place;
}

std::string PlaceText(const Mapping& mapping, Bytes memory) {
  const auto offset = static_cast<size_t>(memory.data() - mapping.seen.data());
  return offset == 0 ? mapping.token : mapping.token + "+" + Decimal(offset);
}

}  // namespace purebpf::testing::internal
