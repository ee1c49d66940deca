#include "purebpf/tools/skeleton/skeleton.h"

#include <bit>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/skeleton_version.h"
#include "purebpf/tools/skeleton/cpp_names.h"
#include "purebpf/tools/skeleton/cpp_types.h"
#include "purebpf/tools/skeleton/members.h"

namespace purebpf::skeleton {
namespace {

using elf::Concat;
using elf::Decimal;

// The names that the header itself has in the namespace.
constexpr std::string_view kOwnNames[] = {"Object",    "Maps",     "Programs", "Links",
                                          "Variables", "Skeleton", "Spec",     "Objects",
                                          "Load",      "Of",       "Variable", "Visit"};

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

  static void AppendMember(std::string& text, std::string_view type, const Member& member);
  template <typename M>
  static void AppendVisit(std::string& text, const std::vector<M>& members);
  void AppendTyped(std::string& text, const std::vector<TypedMember>& members) const;
  [[nodiscard]] std::string GuardName() const;
  [[nodiscard]] std::string Head() const;
  [[nodiscard]] std::string Types() const;
  [[nodiscard]] std::string Structs() const;
  [[nodiscard]] std::string Functions() const;
  [[nodiscard]] std::string Tail() const;
  [[nodiscard]] std::string Source(std::string_view object) const;

  const CollectionSpec& spec_;
  const elf::Btf* btf_;
  const SkeletonOptions& options_;
  Names names_;
  std::optional<CppTypes> types_;
  std::optional<Members> members_;
};

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

std::string Writer::Structs() const {
  std::string text =
      "// The maps: in a Spec what they will be, in Objects what was loaded.\n"
      "template <template <typename> typename Of>\nstruct Maps {\n";
  AppendTyped(text, members_->maps());
  text +=
      "\n// The programs.\n"
      "template <typename Of>\nstruct Programs {\n";
  for (const Member& program : members_->programs()) AppendMember(text, "Of", program);
  AppendVisit(text, members_->programs());
  text += "\n// What keeps them attached, see Objects::Attach().\nstruct Links {\n";
  for (const Member& link : members_->links())
    AppendMember(text, "std::optional<purebpf::Link>", link);
  AppendVisit(text, members_->links());
  text +=
      "\n// The global variables: in a Spec their initial values, in Objects those of the running\n"
      "// programs.\n"
      "template <template <typename> typename Variable>\nstruct Variables {\n";
  AppendTyped(text, members_->variables());
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
       "  using LinksOf = Links;\n"
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
  members_.emplace(spec_, btf_, types_ ? &*types_ : nullptr);
  PUREBPF_TRY(members_->Collect(options_.types));
  if (types_ && types_->exhausted())
    return std::unexpected(Error{
        .code = Code::kUnsupported,
        .operation = "write skeleton",
        .object = spec_.name,
        .detail = "its types nest, or repeat each other, so often that their text in C++ has more "
                  "than " +
                  std::to_string(kMaxGrowth) + " times their size"});
  const bool split = !options_.include.empty();
  SkeletonText text;
  text.header = Head() + Types() + Structs() + Functions();
  if (!split) text.header += "\n" + ObjectFunction(object, "inline ");
  text.header += Tail();
  if (split) text.source = Source(object);
  return text;
}

std::string Writer::GuardName() const {
  return Guard(options_.include.empty() ? options_.name_space + "_skel.h" : options_.include);
}

std::string Writer::Head() const {
  std::string text = Concat({"// BPF object '", CommentText(options_.name),
                             "' for C++. Generated by `purebpf gen skeleton`: do not edit.\n"});
  text += Concat({"#ifndef ", GuardName(), "\n#define ", GuardName(), "\n\n"});
  for (const std::string_view header : {"array", "cstddef", "cstdint", "optional", "span"})
    text += Concat({"#include <", header, ">\n"});
  text += Concat({"\n#include \"purebpf/loader/skeleton.h\"\n\n",
                  "static_assert(purebpf::kSkeletonVersion == ", Decimal(kSkeletonVersion), ",\n",
                  "              \"this header was generated by another version of purebpf: ",
                  "generate it again\");\n\n"});
  text +=
      "// C has struct members without a name, and longer literals.\n"
      "#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored \"-Wpedantic\"\n\n";
  text += Concat(
      {"namespace ", options_.name_space, " {\n\n", "// The object file, aligned to 8 bytes.\n",
       options_.include.empty() ? "inline " : "", "std::span<const std::byte> Object();\n\n"});
  return text;
}

std::string Writer::Tail() const {
  return Concat({"\n}  // namespace ", options_.name_space,
                 "\n\n#pragma GCC diagnostic pop\n\n#endif  // ", GuardName(), "\n"});
}

std::string Writer::Source(std::string_view object) const {
  return Concat({"// Generated by `purebpf gen skeleton`: do not edit.\n#include \"",
                 options_.include, "\"\n\nnamespace ", options_.name_space, " {\n\n",
                 ObjectFunction(object, ""), "\n}  // namespace ", options_.name_space, "\n"});
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
