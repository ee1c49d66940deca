#include "purebpf/loader/internal/execute/execution.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_sanitize.h"
#include "purebpf/loader/internal/names.h"
#include "purebpf/loader/internal/plan/kernel_facts.h"

namespace purebpf::internal {

Execution::~Execution() {
  // Whoever ran to the end has none left.
  for (const std::string& path : pins_) (void)Map::Unpin(kernel_, path);
  for (const std::string& path : folders_) (void)kernel_.RemoveFile(path);
}

std::unexpected<Error> Execution::WrongPlan(std::string_view object, std::string detail) {
  return std::unexpected(Error{.code = Code::kInvalidArgument,
                               .operation = "execute plan",
                               .object = std::string(object),
                               .detail = std::move(detail),
                               .hint = "",
                               .log = ""});
}

const Map* Execution::MapOf(uint32_t step) const {
  if (step >= made_.size() || !made_[step].map) return nullptr;
  return &collection_.maps_[*made_[step].map].map;
}

const Program* Execution::ProgramOf(uint32_t step) const {
  if (step >= made_.size() || !made_[step].program) return nullptr;
  return &collection_.programs_[*made_[step].program];
}

// What is moved when a vector grows is moved through memory that the kernel's verifier has put out
// of the caches.
void Execution::MakeRoom() {
  size_t maps = 0;
  size_t programs = 0;
  for (const Step& step : plan_.steps) {
    maps += std::holds_alternative<CreateMapStep>(step) ? 1 : 0;
    programs += std::holds_alternative<LoadProgramStep>(step) ? 1 : 0;
  }
  collection_.maps_.reserve(maps);
  collection_.programs_.reserve(programs);
}

Result<Collection> Execution::Run() && {
  if (plan_.order != std::endian::native)
    return WrongPlan(plan_.name,
                     "it is for a kernel that is " + std::string(OrderName(plan_.order)));
  collection_.name_ = plan_.name;
  collection_.failures_ = std::move(plan_.failures);
  MakeRoom();
  for (uint32_t number = 0; number < plan_.steps.size(); ++number) {
    auto done = std::visit([&](auto& step) { return Do(step, number); }, plan_.steps[number]);
    if (!done && !LeaveOut(number, done.error()))
      return std::unexpected(std::move(done).error().Within(plan_.name));
  }
  collection_.variables_ = std::move(plan_.variables);
  pins_.clear();
  folders_.clear();
  return std::move(collection_);
}

bool Execution::LeaveOut(uint32_t number, const Error& error) {
  if (!plan_.partial) return false;
  const Step& step = plan_.steps[number];
  if (const auto* map = std::get_if<CreateMapStep>(&step)) {
    made_[number].failure = static_cast<uint32_t>(collection_.failures_.size());
    collection_.failures_.push_back({.program = "", .error = error, .map = map->name});
    return true;
  }
  const auto* program = std::get_if<LoadProgramStep>(&step);
  if (program == nullptr) return false;
  collection_.failures_.push_back({.program = program->params.name, .error = error, .map = ""});
  return true;
}

const Error* Execution::RefusedMap(uint32_t step) const {
  if (step >= made_.size() || !made_[step].failure) return nullptr;
  return &collection_.failures_[*made_[step].failure].error;
}

// Of an instance of struct_ops that has this program as a function: the error of its map, unless
// another instance has the program, too.
const Error* Execution::RefusedStructOps(uint32_t program) const {
  const Error* refused = nullptr;
  for (const Step& step : plan_.steps) {
    const auto* instance = std::get_if<StructOpsStep>(&step);
    if (instance == nullptr ||
        std::ranges::find(instance->members, program, &StructOpsStep::Member::step) ==
            instance->members.end())
      continue;
    const Error* own = RefusedMap(instance->map);
    if (own == nullptr) return nullptr;
    if (refused == nullptr) refused = own;
  }
  return refused;
}

// What a plan says of programs whose maps it cannot make, of those that the kernel refused.
Result<void> Execution::CheckNeeds(const LoadProgramStep& step, uint32_t number) const {
  if (!plan_.partial) return {};
  const Error* refused = nullptr;
  for (const MapSlot& slot : step.map_slots)
    if (refused == nullptr) refused = RefusedMap(slot.step);
  if (refused == nullptr && step.params.type == ProgType::kStructOps)
    refused = RefusedStructOps(number);
  if (refused == nullptr) return {};
  return std::unexpected(Error(*refused).Within("program '" + step.params.name + "'"));
}

// The memory of arenas that came to nothing.
void Execution::UnmapFrom(size_t first) {
  auto& mappings = collection_.mappings_;
  for (; mappings.size() > first; mappings.pop_back())
    mappings.back().kernel->UnmapMemory(mappings.back().memory);
}

// Refused types are no reason to fail: programs and maps are loaded without theirs, as on a kernel
// that knows none. A kernel that knows less of them gets what it knows.
Result<void> Execution::Do(LoadBtfStep& step, uint32_t) {
  types_ = step.btf;
  const BtfLoadOptions options{.token_fd = plan_.token_fd};
  auto loaded = BtfObject::Load(kernel_, step.btf, options);
  if (!loaded) {
    const auto version = AskVersion(kernel_);
    const auto btf = elf::Btf::Parse(step.btf);
    if (version && btf) {
      const auto features = elf::BtfFeatures::Of(*version);
      const auto sanitized = elf::SanitizeBtf(*btf, features);
      if (sanitized && *sanitized != step.btf) {
        auto again = BtfObject::Load(kernel_, *sanitized, options);
        if (again) loaded = std::move(again);
      }
    }
  }
  if (loaded) {
    btf_.emplace(std::move(*loaded));
    return {};
  }
  // In a partial load what needs them fails by itself, and says so.
  if (step.required && !plan_.partial) return std::unexpected(std::move(loaded).error());
  refused_types_ = loaded.error().ToString();
  return {};
}

// Where what is refused may have needed them.
void Execution::MentionRefusedTypes(Error& error) const {
  if (refused_types_.empty()) return;
  if (!error.detail.empty()) error.detail += "; ";
  error.detail += "tried without the object's types, which the kernel refused: " + refused_types_;
}

Result<void> Execution::Do(CreateMapStep& step, uint32_t number) {
  const size_t mappings = collection_.mappings_.size();
  auto map = MakeMap(step, made_[number]);
  if (!map) {
    UnmapFrom(mappings);
    Error error = std::move(map).error();
    const bool typed = step.types.key != 0 || step.types.value != 0;
    if (typed && error.sys_errno == EINVAL) MentionRefusedTypes(error);
    return std::unexpected(std::move(error));
  }
  made_[number].map = static_cast<uint32_t>(collection_.maps_.size());
  collection_.maps_.push_back({std::move(step.name), std::move(*map)});
  return {};
}

Result<void> Execution::Do(FillSlotStep& step, uint32_t number) {
  const Map* map = MapOf(step.map);
  const Map* inner = MapOf(step.target);
  const Program* program = ProgramOf(step.target);
  if (map == nullptr || (inner == nullptr && program == nullptr)) {
    if (plan_.partial) return {};  // one of them was left out
    return WrongPlan("step " + std::to_string(number),
                     "it fills a slot of step " + std::to_string(step.map) + " with step " +
                         std::to_string(step.target) + ", which did not make these");
  }
  // What a pinned map held is somebody's: maps stay, with what is in them. Programs are of the code
  // that was loaded last.
  if (inner != nullptr && made_[step.map].was_pinned) {
    uint32_t id = 0;
    if (PUREBPF_TRY(map->Lookup(BytesOf(step.key), MutableBytesOf(id)))) return {};
  }
  const int fd = inner != nullptr ? inner->fd() : program->fd();
  return map->Put(BytesOf(step.key), BytesOf(fd));
}

Result<void> Execution::Do(StructOpsStep& step, uint32_t number) {
  for (const StructOpsStep::Member& member : step.members) {
    const Program* program = ProgramOf(member.step);
    if (program == nullptr && plan_.partial) continue;
    const auto fd = static_cast<uint64_t>(program == nullptr ? 0 : program->fd());
    if (program == nullptr || member.offset > step.value.size() ||
        step.value.size() - member.offset < sizeof fd)
      return WrongPlan("step " + std::to_string(number),
                       "it puts step " + std::to_string(member.step) + " at offset " +
                           std::to_string(member.offset) + " of a value of " +
                           std::to_string(step.value.size()) +
                           " bytes: no such program, or no room");
    std::ranges::copy(BytesOf(fd), step.value.begin() + member.offset);
  }
  if (RefusedMap(step.map) != nullptr) return {};
  if (step.map >= made_.size() || !made_[step.map].map)
    return WrongPlan("step " + std::to_string(number),
                     "step " + std::to_string(step.map) + " made no map for it");
  collection_.struct_ops_.push_back(
      {collection_.maps_[*made_[step.map].map].name, std::move(step.value)});
  return {};
}

}  // namespace purebpf::internal
