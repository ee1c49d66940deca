#include "purebpf/tools/skeleton/skeleton.h"

#include <bit>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/skeleton_version.h"
#include "purebpf/tools/skeleton/cpp_names.h"
#include "purebpf/tools/skeleton/cpp_types.h"

namespace purebpf::skeleton {
namespace {

using elf::Concat;
using elf::Decimal;

// One member of Maps, Programs or Variables.
struct Member {
  std::string name;     // in the object
  std::string cpp;      // in C++
  std::string comment;  // behind it
};

// A member with a type of its own, which is spelled when the names of all members are known.
struct TypedMember : Member {
  std::string before;  // "Of<purebpf::TypedMap<"
  struct Type {
    elf::TypeId id = elf::TypeId::kVoid;
    std::string plain;  // where the object says nothing of it
  };
  std::vector<Type> types;
  std::string after;  // ">>"
};

// The names that the header itself has in the namespace.
constexpr std::string_view kOwnNames[] = {"Object",   "Maps", "Programs", "Variables",
                                          "Skeleton", "Spec", "Objects",  "Load"};

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
  for (const std::string_view own : {"Of", "Visit"}) (void)names.Take(own);
  return names;
}

class Writer {
 public:
  Writer(const CollectionSpec& spec, const elf::Btf* btf, const SkeletonOptions& options)
      : spec_(spec), btf_(btf), options_(options) {
    for (const std::string_view name : kOwnNames) (void)names_.Take(name);
    if (btf_ != nullptr) types_.emplace(*btf_, names_, kMaxGrowth * spec.btf.size() + kMinBudget);
  }

  Result<SkeletonText> Write(std::string_view object);

 private:
  // How much longer than BTF its text may be.
  static constexpr uint64_t kMaxGrowth = 64;
  static constexpr uint64_t kMinBudget = 64 * 1024;  // bytes

  [[nodiscard]] bool IsWanted(const VariableSpec& variable) const;
  void Announce();
  void AddMaps();
  void AddMap(const MapSpec& map, TypedMember member);
  void AddPrograms();
  void AddVariables();
  std::optional<TypedMember::Type> Type(uint32_t id, uint64_t size, std::string_view hint);

  static void AppendMember(std::string& text, std::string_view type, const Member& member);
  template <typename M>
  static void AppendVisit(std::string& text, const std::vector<M>& members);
  void AppendTyped(std::string& text, const std::vector<TypedMember>& members) const;
  [[nodiscard]] std::string Types() const;
  [[nodiscard]] std::string Members() const;
  [[nodiscard]] std::string Functions() const;

  const CollectionSpec& spec_;
  const elf::Btf* btf_;
  const SkeletonOptions& options_;
  Names names_;
  std::optional<CppTypes> types_;
  std::vector<TypedMember> maps_;
  std::vector<Member> programs_;
  std::vector<TypedMember> variables_;
};

// Visible ones alone: two static variables may have one name, and the kernel maps no section that
// has nothing else.
bool Writer::IsWanted(const VariableSpec& variable) const {
  const MapSpec* const map = spec_.FindMap(variable.map);
  return !variable.local && variable.size != 0 && map != nullptr &&
         map->origin == MapOrigin::kData && spec_.FindVariable(variable.name) == &variable;
}

void Writer::Announce() {
  if (!types_) return;
  for (const MapSpec& map : spec_.maps) {
    if (map.origin != MapOrigin::kDefinition) continue;
    types_->Announce(elf::TypeId{map.key_type});
    types_->Announce(elf::TypeId{map.value_type});
  }
  for (const VariableSpec& variable : spec_.variables)
    if (IsWanted(variable)) types_->Announce(elf::TypeId{variable.type});
}

std::optional<TypedMember::Type> Writer::Type(uint32_t id, uint64_t size, std::string_view hint) {
  if (!types_ || id == 0) return std::nullopt;
  const elf::TypeId type{id};
  if (!types_->Define(type, size, hint)) return std::nullopt;
  return TypedMember::Type{.id = type};
}

void Writer::AddMap(const MapSpec& map, TypedMember member) {
  const MapParams& params = map.params;
  member.after = ">";
  if (map.origin == MapOrigin::kStructOps) {
    member.before = "Of<purebpf::StructOpsMap";
  } else if (map.origin != MapOrigin::kDefinition) {
    member.before = "Of<purebpf::DataMap";
  } else if (params.key_size == 0 || params.value_size == 0 || !map.problem.empty() ||
             params.type == MapType::kRingbuf) {
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

void Writer::AddMaps() {
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

void Writer::AddPrograms() {
  Names names = MemberNames();
  for (const ProgramSpec& program : spec_.programs) {
    if (spec_.FindProgram(program.name) != &program) continue;
    programs_.push_back({.name = program.name,
                         .cpp = names.Take(program.name),
                         .comment = Concat({"SEC(\"", program.section, "\")"})});
  }
}

void Writer::AddVariables() {
  Names names = MemberNames();
  for (const VariableSpec& variable : spec_.variables) {
    if (!IsWanted(variable)) continue;
    TypedMember member;
    member.name = variable.name;
    member.cpp = names.Take(variable.name);
    member.comment = variable.map;
    member.before = variable.constant ? "Of<const " : "Of<";
    member.after = ">";
    auto type = Type(variable.type, variable.size, member.cpp);
    member.types.push_back(type.value_or(TypedMember::Type{.plain = BytesType(variable.size)}));
    variables_.push_back(std::move(member));
  }
}

void Writer::AppendMember(std::string& text, std::string_view type, const Member& member) {
  text += Concat({"  ", type, " ", member.cpp, "{};"});
  if (!member.comment.empty()) text += Concat({"  // ", CommentText(member.comment)});
  text += '\n';
}

template <typename M>
void Writer::AppendVisit(std::string& text, const std::vector<M>& members) {
  if (members.empty()) {
    text += "  void Visit(auto&&) {}\n};\n";
    return;
  }
  text += "\n  void Visit(auto&& visit) {\n";
  for (const M& member : members)
    text += Concat({"    visit(", Literal(member.name), ", ", member.cpp, ");\n"});
  text += "  }\n};\n";
}

void Writer::AppendTyped(std::string& text, const std::vector<TypedMember>& members) const {
  std::set<std::string> hidden;
  for (const TypedMember& member : members) hidden.insert(member.cpp);
  for (const TypedMember& member : members) {
    std::string type = member.before;
    for (size_t i = 0; i < member.types.size(); ++i) {
      const TypedMember::Type& one = member.types[i];
      if (i != 0) type += ", ";
      type += one.plain.empty() ? types_->Spell(one.id, hidden) : one.plain;
    }
    AppendMember(text, type + member.after, member);
  }
  AppendVisit(text, members);
}

std::string Writer::Types() const {
  if (!types_ || types_->definitions().empty()) return "";
  return Concat(
      {"// The object's types. Padding is a member and zero, so that keys are compared "
       "whole.\n\n",
       types_->definitions(), types_->checks(), types_->checks().empty() ? "" : "\n"});
}

std::string Writer::Members() const {
  std::string text =
      "// The maps: in a Spec what they will be, in Objects what was loaded.\n"
      "template <template <typename> typename Of>\nstruct Maps {\n";
  AppendTyped(text, maps_);
  text +=
      "\n// The programs.\n"
      "template <typename Of>\nstruct Programs {\n";
  for (const Member& program : programs_) AppendMember(text, "Of", program);
  AppendVisit(text, programs_);
  text +=
      "\n// The global variables: in a Spec their initial values, in Objects those of the running\n"
      "// programs.\n"
      "template <template <typename> typename Of>\nstruct Variables {\n";
  AppendTyped(text, variables_);
  return text;
}

constexpr std::string_view kFunctions = R"(
using Spec = purebpf::SkeletonSpec<Skeleton>;
using Objects = purebpf::SkeletonObjects<Skeleton>;

// Loads the object, all or nothing: into the running kernel, or through `kernel`.
[[nodiscard]] inline purebpf::Result<Objects> Load(const purebpf::LoadOptions& options = {}) {
  return purebpf::LoadSkeleton<Skeleton>(purebpf::RunningKernel(), options);
}
[[nodiscard]] inline purebpf::Result<Objects> Load(const Spec& spec,
                                                   const purebpf::LoadOptions& options = {}) {
  return Objects::Load(purebpf::RunningKernel(), spec, options);
}
[[nodiscard]] inline purebpf::Result<Objects> Load(purebpf::Kernel& kernel,
                                                   const purebpf::LoadOptions& options = {}) {
  return purebpf::LoadSkeleton<Skeleton>(kernel, options);
}
[[nodiscard]] inline purebpf::Result<Objects> Load(purebpf::Kernel& kernel, const Spec& spec,
                                                   const purebpf::LoadOptions& options = {}) {
  return Objects::Load(kernel, spec, options);
}
)";

std::string Writer::Functions() const {
  return Concat(
      {"\n// For loader/skeleton.h.\nstruct Skeleton {\n"
       "  static constexpr const char* kName = ",
       Literal(options_.name),
       ";\n  static std::span<const std::byte> Bytes() { return Object(); }\n"
       "  template <template <typename> typename Of>\n  using MapsOf = Maps<Of>;\n"
       "  template <typename Of>\n  using ProgramsOf = Programs<Of>;\n"
       "  template <template <typename> typename Of>\n"
       "  using VariablesOf = Variables<Of>;\n};\n",
       kFunctions});
}

std::string ObjectFunction(std::string_view object, std::string_view qualifier) {
  const std::string size = Decimal(object.size());
  std::string text = Concat({qualifier,
                             "std::span<const std::byte> Object() {\n"
                             "  alignas(8) static constexpr char kObject[",
                             size, " + 1] =\n"});
  AppendBytes(object, "      ", text);
  text += Concat({";\n  return std::as_bytes(std::span(kObject, ", size, "));\n}\n"});
  return text;
}

Result<SkeletonText> Writer::Write(std::string_view object) {
  Announce();
  AddMaps();
  AddPrograms();
  AddVariables();
  if (types_ && types_->exhausted())
    return std::unexpected(Error{
        .code = Code::kUnsupported,
        .operation = "write skeleton",
        .object = spec_.name,
        .detail = "its types nest, or repeat each other, so often that their text in C++ has more "
                  "than " +
                  std::to_string(kMaxGrowth) + " times their size"});
  const std::string& space = options_.name_space;
  const std::string guard =
      options_.include.empty() ? Guard(space + "_skel.h") : Guard(options_.include);
  const std::string version = Decimal(kSkeletonVersion);
  const bool split = !options_.include.empty();
  SkeletonText text;
  text.header = Concat(
      {"// BPF object '",
       CommentText(options_.name),
       "' for C++. Generated by `purebpf gen skeleton`: do not edit.\n#ifndef ",
       guard,
       "\n#define ",
       guard,
       "\n\n#include <array>\n#include <cstddef>\n#include <cstdint>\n#include <span>\n\n"
       "#include \"purebpf/loader/skeleton.h\"\n\nstatic_assert(purebpf::kSkeletonVersion == ",
       version,
       ",\n              \"this header was generated by another version of purebpf: generate it "
       "again\");\n\n"
       "// C has struct members without a name, and longer literals.\n"
       "#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored \"-Wpedantic\"\n\nnamespace ",
       space,
       " {\n\n// The object file, aligned to 8 bytes.\n",
       split ? "" : "inline ",
       "std::span<const std::byte> Object();\n\n",
       Types(),
       Members(),
       Functions(),
       "\n",
       split ? std::string() : ObjectFunction(object, "inline "),
       "\n}  // namespace ",
       space,
       "\n\n#pragma GCC diagnostic pop\n\n#endif  // ",
       guard,
       "\n"});
  if (split)
    text.source = Concat({"// Generated by `purebpf gen skeleton`: do not edit.\n#include ", "\"",
                          options_.include, "\"\n\nnamespace ", space, " {\n\n",
                          ObjectFunction(object, ""), "\n}  // namespace ", space, "\n"});
  return text;
}

std::unexpected<Error> Refused(const SkeletonOptions& options, Code code, std::string detail) {
  return std::unexpected(Error{.code = code,
                               .operation = "write skeleton",
                               .object = options.name,
                               .detail = std::move(detail)});
}

}  // namespace

std::string SkeletonName(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  for (const std::string_view suffix : {".o", ".bpf"})
    if (path.ends_with(suffix)) path.remove_suffix(suffix.size());
  return std::string(path);
}

Result<SkeletonText> WriteSkeleton(Bytes object, const SkeletonOptions& asked) {
  SkeletonOptions options = asked;
  if (options.name_space.empty()) options.name_space = Identifier(options.name);
  if (!IsNamespace(options.name_space))
    return Refused(options, Code::kInvalidArgument,
                   "'" + options.name_space + "' is no namespace of C++");
  const CollectionSpec spec = PUREBPF_TRY(CollectionSpec::Parse(object, options.name));
  if (spec.order != std::endian::native)
    return Refused(options, Code::kUnsupported, "it is of the other byte order");
  std::optional<elf::Btf> btf;
  if (!spec.btf.empty()) {
    auto parsed = elf::Btf::Parse(spec.btf);
    if (!parsed) return Refused(options, Code::kMalformed, std::move(parsed).error().message);
    btf.emplace(std::move(*parsed));
  }
  const std::string_view bytes(reinterpret_cast<const char*>(object.data()), object.size());
  return Writer(spec, btf ? &*btf : nullptr, options).Write(bytes);
}

}  // namespace purebpf::skeleton
