#include "purebpf/loader/collection_spec.h"

#include <algorithm>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/error.h"
#include "purebpf/elf/file.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf {
namespace {

constexpr size_t kMaxFileSize = size_t{256} << 20;

[[gnu::cold]] Error ParseFailure(elf::ParseError error) {
  return Error{.code = error.unsupported ? Code::kUnsupported : Code::kMalformed,
               .operation = "parse object",
               .detail = std::move(error.message)};
}

// The object's name: what a path has after its last folder and before ".o".
std::string_view BaseName(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
  if (path.size() > 2 && path.ends_with(".o")) path.remove_suffix(2);
  return path;
}

// include/linux/license.h knows the words; bpf(2) takes 127 of their bytes.
void ReadLicense(internal::Object& object) {
  constexpr size_t kMaxLicense = 127;
  const elf::Section* section = object.FindSection("license");
  for (const elf::Section& other : object.file.sections())
    if (section == nullptr && other.name.starts_with("license")) section = &other;
  if (section == nullptr) return;
  const auto* text = reinterpret_cast<const char*>(section->contents.data());
  std::string_view license(text, std::min(section->contents.size(), kMaxLicense));
  object.spec.license = license.substr(0, license.find('\0'));
}

void ReadVersion(internal::Object& object) {
  const elf::Section* section = object.FindSection("version");
  if (section != nullptr)
    object.spec.kern_version = elf::ByteReader(section->contents, object.file.order()).U32();
}

// Nobody's sections share bytes, but the format allows it: each of a thousand sections could be the
// whole file. What is done for each section is then still bounded by the file's size.
Result<void> CheckOverlap(const elf::File& file, size_t size) {
  constexpr uint64_t kMaxTimes = 2;
  uint64_t total = 0;  // cannot overflow: below 2^32 sections of below 2^32 bytes
  for (const elf::Section& section : file.sections())
    if (section.type != elf::SectionType::kNobits) total += section.size;
  if (total / kMaxTimes <= size) return {};
  return std::unexpected(Error{.code = Code::kMalformed,
                               .operation = "parse object",
                               .detail = "its sections overlap: together they have " +
                                         std::to_string(total) + " bytes, the file has " +
                                         std::to_string(size)});
}

Result<CollectionSpec> ParseFile(Bytes bytes, std::string_view name) {
  auto parsed = elf::File::Parse(bytes);
  if (!parsed) return std::unexpected(ParseFailure(std::move(parsed).error()));
  const elf::File& file = *parsed;
  PUREBPF_TRY(CheckOverlap(file, bytes.size()));
  if (file.symbols().empty() && std::ranges::any_of(file.sections(), [](const elf::Section& s) {
        return s.Has(elf::SectionFlag::kExecInstr) && s.size != 0;
      }))
    return std::unexpected(Error{.code = Code::kMalformed,
                                 .operation = "parse object",
                                 .detail =
                                     "there is code, but no symbol table says what it is: the "
                                     "object was stripped",
                                 .hint = "strip it with -g (debug information) only"});
  internal::Object object(file, bytes.size(), name);
  ReadLicense(object);
  ReadVersion(object);
  ReadTypes(object);
  ReadExterns(object);
  ReadFunctions(object);
  ReadBtfMaps(object);
  ReadLegacyMaps(object);
  ReadDataMaps(object);
  ReadStructOps(object);
  ReadJumpTables(object);
  ReadReferences(object);
  ReadSlots(object);
  ReadCodeInfos(object);
  ReadPrograms(object);
  ReadVariables(object);
  FinishTypes(object);
  if (object.exhausted())
    return std::unexpected(
        Error{.code = Code::kMalformed,
              .operation = "parse object",
              .detail = "its sections and names overlap so much that what they say has more than " +
                        std::to_string(internal::kMaxCopies) + " times the file's " +
                        std::to_string(bytes.size()) + " bytes"});
  return std::move(object.spec);
}

template <typename Specs>
auto* FindByName(Specs& specs, std::string_view name) {
  const auto found =
      std::ranges::find(specs, name, [](const auto& spec) { return std::string_view(spec.name); });
  return found == specs.end() ? nullptr : &*found;
}

}  // namespace

Result<CollectionSpec> CollectionSpec::Parse(Bytes object, std::string_view name) {
  auto spec = ParseFile(object, name);
  if (!spec) return std::unexpected(std::move(spec).error().Within(name));
  return spec;
}

Result<CollectionSpec> CollectionSpec::FromFile(Kernel& kernel, const std::string& path) {
  const auto bytes = kernel.ReadFile(path, kMaxFileSize);
  if (!bytes) return std::unexpected(SystemError(bytes.error(), "read object", path));
  auto spec = ParseFile(*bytes, BaseName(path));
  if (!spec) return std::unexpected(std::move(spec).error().Within(path));
  return spec;
}

const MapSpec* CollectionSpec::FindMap(std::string_view map) const { return FindByName(maps, map); }
MapSpec* CollectionSpec::FindMap(std::string_view map) { return FindByName(maps, map); }
const ProgramSpec* CollectionSpec::FindProgram(std::string_view program) const {
  return FindByName(programs, program);
}
ProgramSpec* CollectionSpec::FindProgram(std::string_view program) {
  return FindByName(programs, program);
}

const FunctionSpec& CollectionSpec::CodeOf(const ProgramSpec& program) const {
  return functions[program.function];
}
FunctionSpec& CollectionSpec::CodeOf(const ProgramSpec& program) {
  return functions[program.function];
}

}  // namespace purebpf
