// Maps: created, opened from a pin, or taken from the caller; filled and frozen.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/execute/execution.h"
#include "purebpf/loader/internal/plan/kernel_facts.h"
#include "purebpf/loader/internal/plan/map_plan.h"

namespace purebpf::internal {
namespace {

bool IsZero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{}; });
}

uint32_t PageSizeOf(Kernel& kernel) {
  constexpr uint32_t kCommonest = 4096;
  return AskPageSize(kernel).value_or(kCommonest);
}

std::string_view FolderOf(std::string_view path) {
  return path.substr(0, std::max<size_t>(path.rfind('/'), 1));
}

}  // namespace

Result<Map> Execution::MakeMap(CreateMapStep& step, Made& made) {
  if (step.replacement_fd >= 0) {
    const auto second = kernel_.Duplicate(step.replacement_fd);
    if (!second)
      return std::unexpected(SystemError(second.error(), "use map in place of", step.name));
    return Map::FromFd(kernel_, *second);
  }
  if (step.pin_path.empty()) return CreateMap(step);
  // Another loader may pin its map between our look and our pin: theirs is then the map.
  constexpr int kAttempts = 3;
  const size_t mappings = collection_.mappings_.size();
  for (int attempt = 1;; ++attempt) {
    UnmapFrom(mappings);
    auto pinned = PUREBPF_TRY(OpenPinned(step));
    made.was_pinned = pinned.has_value();
    if (pinned) return std::move(*pinned);
    Map map = PUREBPF_TRY(CreateMap(step));
    auto done = PinMap(map, step.pin_path);
    if (done) return map;
    if (done.error().sys_errno != EEXIST || attempt == kAttempts)
      return std::unexpected(std::move(done).error());
  }
}

Result<std::optional<Map>> Execution::OpenPinned(const CreateMapStep& step) {
  auto map = Map::FromPin(kernel_, step.pin_path);
  if (!map) {
    if (map.error().code == Code::kNotFound) return std::optional<Map>();
    return std::unexpected(std::move(map).error());
  }
  const std::string difference = Difference(step.params, map->params());
  if (!difference.empty())
    return std::unexpected(
        Error{.code = Code::kConflict,
              .operation = "use pinned map",
              .object = step.name,
              .detail = step.pin_path + " is another map: " + difference,
              .hint = "remove the pin if nobody needs what is in it, or change the definition",
              .log = ""});
  return std::optional<Map>(std::move(*map));
}

Result<void> Execution::PinMap(const Map& map, const std::string& path) {
  auto pinned = map.Pin(path);
  if (!pinned && pinned.error().sys_errno == ENOENT) {
    // One level: what is above is the administrator's.
    const std::string folder(FolderOf(path));
    const auto made = kernel_.MakeFolder(folder);
    if (made || made.error() == Errno{EEXIST}) pinned = map.Pin(path);
    // Not kept for nothing, where the load goes on without the map.
    if (made && !pinned) (void)kernel_.RemoveFile(folder);
    if (made && pinned) folders_.push_back(folder);
  }
  if (!pinned) return pinned;
  pins_.push_back(path);
  return {};
}

Result<Map> Execution::CreateMap(const CreateMapStep& step) {
  MapParams params = step.params;  // which may be tried again
  params.token_fd = plan_.token_fd;
  if (btf_) {
    params.btf_fd = btf_->fd();
    params.btf_key_type_id = step.types.key;
    params.btf_value_type_id = step.types.value;
  }
  std::optional<Map> inner;
  if (step.inner) {
    MapParams inner_params = step.inner->params;
    inner_params.token_fd = plan_.token_fd;
    if (btf_) {
      inner_params.btf_fd = btf_->fd();
      inner_params.btf_key_type_id = step.inner->types.key;
      inner_params.btf_value_type_id = step.inner->types.value;
    }
    auto made = Map::Create(kernel_, inner_params);
    if (!made) return std::unexpected(std::move(made).error().Within(step.name));
    inner.emplace(std::move(*made));
    params.inner_map_fd = inner->fd();
  }
  if (step.struct_ops) {
    params.btf_vmlinux_value_type_id = step.struct_ops->value_type;
    if (step.struct_ops->module)
      params.value_type_btf_obj_fd = PUREBPF_TRY(ModuleFd(*step.struct_ops->module));
  }
  auto map = Map::Create(kernel_, params);
  // Memory that can be mapped is a convenience: Linux 5.5.
  const bool data = params.type == MapType::kArray && (params.flags & kMmapable) != 0;
  if (!map && data && map.error().sys_errno == EINVAL) {
    params.flags &= ~uint32_t{kMmapable};
    map = Map::Create(kernel_, params);
  }
  if (!map) return map;
  PUREBPF_TRY(Fill(step, *map));
  return map;
}

// An arena has its address in this process's memory before a program that uses it is loaded
// (kernel/bpf/arena.c), and keeps it. Its globals stand at its start.
Result<void> Execution::FillArena(const CreateMapStep& step, const Map& map) {
  const MapParams& params = map.params();
  const uint64_t size = uint64_t{params.max_entries} * PageSizeOf(kernel_);
  if (step.contents.size() > size)
    return WrongPlan(step.name, "the plan has " + std::to_string(step.contents.size()) +
                                    " bytes for an arena of " + std::to_string(size));
  const auto memory = kernel_.MapMemory(map.fd(), size, 0, Access::kReadWrite, params.map_extra);
  if (!memory)
    return std::unexpected(SystemError(memory.error(), "map memory of arena", step.name));
  collection_.mappings_.push_back({step.name, &kernel_, *memory});
  std::ranges::copy(step.contents, memory->begin());
  return {};
}

Result<void> Execution::Fill(const CreateMapStep& step, const Map& map) {
  if (map.params().type == MapType::kArena) {
    PUREBPF_TRY(FillArena(step, map));
  } else if (!IsZero(step.contents)) {
    const size_t size = map.value_size();
    if (size == 0 || map.key_size() != sizeof(uint32_t))
      return WrongPlan(step.name, "the plan has contents for a map that takes none");
    std::vector<std::byte> value(size);
    uint32_t key = 0;
    for (size_t at = 0; at < step.contents.size(); at += size, ++key) {
      const Bytes part =
          Bytes(step.contents).subspan(at, std::min(size, step.contents.size() - at));
      std::fill(std::ranges::copy(part, value.begin()).out, value.end(), std::byte{});
      PUREBPF_TRY(map.Put(BytesOf(key), value));
    }
  }
  if (!step.freeze) return {};
  // Before Linux 5.2 there is no freezing, and nothing depends on it.
  auto frozen = map.Freeze();
  if (!frozen && frozen.error().sys_errno == EINVAL) return {};
  return frozen;
}

}  // namespace purebpf::internal
