#include "purebpf/loader/collection_spec.h"

#include <algorithm>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/file.h"
#include "purebpf/loader/internal/parse.h"

namespace purebpf {
namespace internal {

Error ParseFailure(elf::ParseError error) {
  return Error{.code = error.unsupported ? Code::kUnsupported : Code::kMalformed,
               .operation = "parse object",
               .detail = std::move(error.message)};
}

std::unexpected<Error> Malformed(std::string detail) {
  return std::unexpected(
      Error{.code = Code::kMalformed, .operation = "parse object", .detail = std::move(detail)});
}

}  // namespace internal

namespace {

constexpr size_t kMaxFileSize = size_t{256} << 20;

// The object's name: what a path has after its last folder and before ".o".
std::string_view BaseName(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
  if (path.size() > 2 && path.ends_with(".o")) path.remove_suffix(2);
  return path;
}

// All maps, ordered by (section, offset).
Result<std::vector<internal::PlacedMap>> ParseMaps(const elf::File& file) {
  std::vector<internal::PlacedMap> all;
  for (const elf::Section& section : file.sections()) {
    const bool legacy = internal::IsLegacyMapSection(section.name);
    if (!legacy && section.name != ".maps") continue;
    if (section.type != elf::SectionType::kProgbits) continue;
    auto maps = PUREBPF_TRY(legacy ? internal::ParseLegacyMaps(file, section)
                                   : internal::ParseBtfMaps(file, section));
    std::ranges::move(maps, std::back_inserter(all));
  }
  return all;
}

Result<std::string> ParseLicense(const elf::File& file) {
  const elf::Section* section = file.FindSection("license");
  if (section == nullptr || section->contents.empty()) return std::string();
  const auto text = elf::StringAt(section->contents, 0);
  if (!text)
    return internal::Malformed(elf::Describe(*section) + " is no string: no NUL in its " +
                               std::to_string(section->contents.size()) + " bytes");
  return std::string(*text);
}

Result<uint32_t> ParseVersion(const elf::File& file) {
  const elf::Section* section = file.FindSection("version");
  if (section == nullptr) return 0;
  elf::ByteReader reader(section->contents, file.order());
  const uint32_t version = reader.U32();
  if (!reader.ok() || reader.remaining() != 0)
    return internal::Malformed(elf::Describe(*section) + " has " +
                               std::to_string(section->contents.size()) +
                               " bytes; a kernel version has 4");
  return version;
}

Result<CollectionSpec> ParseFile(const elf::File& file) {
  CollectionSpec spec;
  spec.order = file.order();
  spec.license = PUREBPF_TRY(ParseLicense(file));
  spec.kern_version = PUREBPF_TRY(ParseVersion(file));
  auto maps = PUREBPF_TRY(ParseMaps(file));
  spec.programs = PUREBPF_TRY(internal::ParsePrograms(file, maps));
  for (internal::PlacedMap& map : maps) spec.maps.push_back(std::move(map.spec));
  return spec;
}

template <typename Specs>
auto* FindByName(Specs& specs, std::string_view name) {
  const auto found =
      std::ranges::find(specs, name, [](const auto& spec) { return std::string_view(spec.name); });
  return found == specs.end() ? nullptr : &*found;
}

}  // namespace

Result<CollectionSpec> CollectionSpec::Parse(Bytes object, std::string_view name) {
  auto file = elf::File::Parse(object);
  if (!file) return std::unexpected(internal::ParseFailure(std::move(file).error()).Within(name));
  auto spec = ParseFile(*file);
  if (!spec) return std::unexpected(std::move(spec).error().Within(name));
  spec->name = name;
  return spec;
}

Result<CollectionSpec> CollectionSpec::FromFile(Kernel& kernel, const std::string& path) {
  const auto bytes = kernel.ReadFile(path, kMaxFileSize);
  if (!bytes) return std::unexpected(SystemError(bytes.error(), "read object", path));
  auto spec = Parse(*bytes, path);
  if (spec) spec->name = BaseName(path);
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

}  // namespace purebpf
