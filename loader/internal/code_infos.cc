// What .BTF.ext says of instructions, attached to the functions that these belong to.
#include <algorithm>
#include <utility>

#include "purebpf/elf/btf_ext.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

constexpr size_t kMaxAccess = 512;  // "0:1:2": 64 levels, as many as anybody has nested

void Attach(Object& object, const elf::Section& section, const elf::CoreRelocation& relocation) {
  const Extent* extent = object.functions.At(section.index, relocation.offset);
  // A linker keeps the records of a weak function that another one replaced.
  if (extent == nullptr) return;
  FunctionSpec& function = object.spec.functions[extent->index];
  if (relocation.offset % sizeof(Insn) != 0) {
    Note(function.problem, elf::Describe(section) + ": a CO-RE relocation at offset " +
                               std::to_string(relocation.offset) +
                               " is not at an instruction's start");
    return;
  }
  if (relocation.access.size() > kMaxAccess) {
    Note(function.problem, Where(section, relocation.offset) +
                               ": the CO-RE relocation's path has " +
                               std::to_string(relocation.access.size()) + " bytes; the limit is " +
                               std::to_string(kMaxAccess));
    return;
  }
  if (!object.Afford(relocation.access.size())) return;
  function.core.push_back(
      {.insn = static_cast<uint32_t>((relocation.offset - extent->begin) / sizeof(Insn)),
       .type = static_cast<uint32_t>(relocation.type),
       .access = std::string(relocation.access),
       .kind = relocation.kind});
}

// Every function would be loaded as if it depended on no kernel's layout.
void BlameAll(Object& object, const std::string& what) {
  for (FunctionSpec& function : object.spec.functions) Note(function.problem, what);
}

// Whether there are CO-RE relocations, without a look at them.
bool HasCore(elf::Bytes bytes, std::endian order) {
  constexpr uint32_t kHeaderWithCore = 32;
  elf::ByteReader reader(bytes, order);
  reader.U32();  // magic, version, flags
  const uint32_t header = reader.U32();
  reader.Take(5 * sizeof(uint32_t));  // functions, lines, and where CO-RE relocations are
  return header >= kHeaderWithCore && reader.U32() != 0;
}

}  // namespace

void ReadCodeInfos(Object& object) {
  const elf::Section* section = object.FindSection(".BTF.ext");
  if (section == nullptr || section->size == 0) return;
  const auto bytes = section->Contents();
  if (!bytes) return BlameAll(object, bytes.error().message);
  if (!object.btf) {
    if (!object.spec.btf_problem.empty() && HasCore(*bytes, object.file.order()))
      BlameAll(object,
               "depends on the kernel's layout (CO-RE), but the object's types are "
               "damaged: " +
                   object.spec.btf_problem);
    return;
  }
  const auto sections = elf::ParseCoreRelocations(*bytes, *object.btf);
  if (!sections) return BlameAll(object, sections.error().message);
  for (const elf::CoreSection& records : *sections) {
    const elf::Section* code = object.FindSection(records.section);
    if (code == nullptr) continue;
    for (const elf::CoreRelocation& relocation : records.relocations)
      Attach(object, *code, relocation);
  }
  for (FunctionSpec& function : object.spec.functions)
    std::ranges::stable_sort(function.core, {}, &CoreReference::insn);
}

}  // namespace purebpf::internal
