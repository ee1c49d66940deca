#include "purebpf/tools/skeleton/members.h"

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/try.h"
#include "purebpf/elf/text.h"
#include "purebpf/tools/skeleton/cpp_names.h"

namespace purebpf::skeleton {
namespace {

using elf::Concat;
using elf::Decimal;

std::string BytesType(uint64_t size) {
  switch (size) {
    case 1:
      return "uint8_t";
    case 2:
      return "uint16_t";
    case 4:
      return "uint32_t";
    case 8:
      return "uint64_t";
    default:
      return Concat({"std::array<std::byte, ", Decimal(size), ">"});
  }
}

// "lru_hash, 64 entries"
std::string Describe(const MapSpec& map) {
  if (map.origin != MapOrigin::kDefinition && map.origin != MapOrigin::kStructOps)
    return Concat({Decimal(map.params.value_size), " bytes"});
  std::string_view type = KernelSpelling(map.params.type);
  constexpr std::string_view kPrefix = "BPF_MAP_TYPE_";
  if (type.starts_with(kPrefix)) type.remove_prefix(kPrefix.size());
  std::string text(type);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const uint32_t entries = map.params.max_entries;
  if (entries != 0) text += Concat({", ", Decimal(entries), entries == 1 ? " entry" : " entries"});
  return text;
}

Names MemberNames() {
  Names names;
  for (const std::string_view own : {"Of", "Variable", "Visit", "visit"}) (void)names.Take(own);
  return names;
}

}  // namespace

Result<void> Members::Collect(const std::vector<std::string>& wanted) {
  Announce(wanted);
  AddMaps();
  AddPrograms();
  AddLinks();
  AddVariables();
  return AddTypes(wanted);
}

// Visible ones alone: two static variables may have one name, and the kernel maps no section that
// has nothing else.
bool Members::IsWanted(const VariableSpec& variable) const {
  const MapSpec* const map = spec_.FindMap(variable.map);
  return !variable.local && variable.size != 0 && map != nullptr &&
         map->origin == MapOrigin::kData && spec_.FindVariable(variable.name) == &variable;
}

void Members::Announce(const std::vector<std::string>& wanted) {
  if (types_ == nullptr) return;
  for (const MapSpec& map : spec_.maps) {
    if (map.origin != MapOrigin::kDefinition) continue;
    types_->Announce(elf::TypeId{map.key_type}, CppTypes::Use::kKey);
    types_->Announce(elf::TypeId{map.value_type}, CppTypes::Use::kValue);
  }
  for (const VariableSpec& variable : spec_.variables)
    if (IsWanted(variable)) types_->Announce(elf::TypeId{variable.type}, CppTypes::Use::kValue);
  for (const std::string& name : wanted)
    for (const elf::TypeId id : Named(name)) types_->Announce(id, CppTypes::Use::kValue);
}

std::vector<elf::TypeId> Members::Named(std::string_view name) const {
  std::vector<elf::TypeId> found;
  for (const elf::BtfKind kind : {elf::BtfKind::kStruct, elf::BtfKind::kUnion, elf::BtfKind::kEnum,
                                  elf::BtfKind::kEnum64, elf::BtfKind::kTypedef})
    if (const auto type = btf_->Find(kind, name)) found.push_back(type->id);
  return found;
}

Result<void> Members::AddTypes(const std::vector<std::string>& wanted) {
  for (const std::string& name : wanted) {
    bool defined = false;
    if (btf_ != nullptr) {
      for (const elf::TypeId id : Named(name)) {
        const auto size = btf_->SizeOf(id);
        defined = (size && types_->Define(id, *size, name)) || defined;
      }
    }
    if (!defined)
      return std::unexpected(
          Error{.code = Code::kNotFound,
                .operation = "write skeleton",
                .object = spec_.name,
                .detail = "its types have no struct, union, enum or typedef '" + name + "'",
                .hint = "a type is there where a map, a global variable or a function's "
                        "parameter is of it"});
  }
  return {};
}

std::optional<TypedMember::Type> Members::Type(uint32_t id, uint64_t size, std::string_view hint) {
  if (types_ == nullptr || id == 0) return std::nullopt;
  const elf::TypeId type{id};
  if (!types_->Define(type, size, hint)) return std::nullopt;
  return TypedMember::Type{.id = type};
}

// What its definition says that a ring buffer holds. Records lie at multiples of 8 bytes.
std::optional<TypedMember::Type> Members::RecordOf(const MapSpec& map, std::string_view hint) {
  if (btf_ == nullptr || map.value_type == 0) return std::nullopt;
  const auto size = btf_->SizeOf(elf::TypeId{map.value_type});
  if (!size || types_->AlignOf(elf::TypeId{map.value_type}) > 8) return std::nullopt;
  return Type(map.value_type, *size, hint);
}

void Members::AddMap(const MapSpec& map, TypedMember member) {
  const MapParams& params = map.params;
  member.after = ">";
  if (map.origin == MapOrigin::kStructOps) {
    member.before = "Of<purebpf::StructOpsMap";
  } else if (map.origin != MapOrigin::kDefinition) {
    member.before = "Of<purebpf::DataMap";
  } else if (params.type == MapType::kRingbuf && map.problem.empty()) {
    member.before = "Of<purebpf::Map";
    if (auto record = RecordOf(map, Concat({member.cpp, "_record"}))) {
      member.before = "Of<purebpf::RingMap<";
      member.after = ">>";
      member.types.push_back(*record);
    }
  } else if (params.key_size == 0 || params.value_size == 0 || !map.problem.empty()) {
    member.before = "Of<purebpf::Map";
  } else {
    member.before = IsPerCpu(params.type) ? "Of<purebpf::PerCpuMap<" : "Of<purebpf::TypedMap<";
    member.after = ">>";
    auto key = Type(map.key_type, params.key_size, Concat({member.cpp, "_key"}));
    if (key && !types_->IsKey(key->id)) {
      key.reset();
      member.comment += ", key of bytes: its type has some without meaning";
    }
    auto value = Type(map.value_type, params.value_size, Concat({member.cpp, "_value"}));
    member.types.push_back(key.value_or(TypedMember::Type{.plain = BytesType(params.key_size)}));
    member.types.push_back(
        value.value_or(TypedMember::Type{.plain = BytesType(params.value_size)}));
  }
  maps_.push_back(std::move(member));
}

void Members::AddMaps() {
  Names names = MemberNames();
  for (const MapSpec& map : spec_.maps) {
    if (spec_.FindMap(map.name) != &map) continue;
    // ".rodata.str1.1" is rodata_str1_1.
    const std::string_view name(map.name);
    TypedMember member;
    member.name = map.name;
    member.cpp = names.Take(name.starts_with('.') ? name.substr(1) : name);
    member.comment = Describe(map);
    AddMap(map, std::move(member));
  }
}

void Members::AddPrograms() {
  Names names = MemberNames();
  for (const ProgramSpec& program : spec_.programs) {
    if (spec_.FindProgram(program.name) != &program) continue;
    programs_.push_back({.name = program.name,
                         .cpp = names.Take(program.name),
                         .comment = Concat({"SEC(\"", program.section, "\")"})});
  }
}

void Members::AddLinks() {
  Names names = MemberNames();
  for (const Member& program : programs_)
    links_.push_back({.name = program.name, .cpp = names.Take(program.name), .comment = ""});
  for (const TypedMember& map : maps_) {
    const MapSpec* const spec = spec_.FindMap(map.name);
    if (spec->origin == MapOrigin::kStructOps)
      links_.push_back({.name = map.name, .cpp = names.Take(map.name), .comment = ""});
  }
}

void Members::AddVariables() {
  Names names = MemberNames();
  for (const VariableSpec& variable : spec_.variables) {
    if (!IsWanted(variable)) continue;
    TypedMember member;
    member.name = variable.name;
    member.cpp = names.Take(variable.name);
    member.comment = variable.map;
    member.before = variable.constant ? "Variable<const " : "Variable<";
    member.after = ">";
    auto type = Type(variable.type, variable.size, member.cpp);
    member.types.push_back(type.value_or(TypedMember::Type{.plain = BytesType(variable.size)}));
    variables_.push_back(std::move(member));
  }
}

}  // namespace purebpf::skeleton
