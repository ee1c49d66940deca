// What .BTF.ext says of instructions, attached to the functions that these belong to, and what
// declaration tags say of functions.
#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "purebpf/elf/btf_ext.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

constexpr size_t kMaxAccess = 512;  // "0:1:2": 64 levels, as many as anybody has nested
constexpr std::string_view kExceptionCallback = "exception_callback:";
constexpr std::string_view kContext = "arg:ctx";

// The records of one function, which come in a row.
template <typename Record>
struct Run {
  const elf::Section& section;
  const Extent& extent;  // of the function
  std::span<const Record> records;

  [[nodiscard]] uint32_t InsnOf(const Record& record) const {
    return static_cast<uint32_t>((record.offset - extent.begin) / sizeof(Insn));
  }
};

void Attach(Object& object, FunctionSpec& function, const Run<elf::CoreRelocation>& run) {
  MakeRoom(function.core, run.records.size());
  for (const elf::CoreRelocation& relocation : run.records) {
    if (relocation.offset % sizeof(Insn) != 0) {
      Note(function.problem, elf::Describe(run.section) + ": a CO-RE relocation at offset " +
                                 std::to_string(relocation.offset) +
                                 " is not at an instruction's start");
    } else if (relocation.access.size() > kMaxAccess) {
      Note(function.problem, Where(run.section, relocation.offset) +
                                 ": the CO-RE relocation's path has " +
                                 std::to_string(relocation.access.size()) +
                                 " bytes; the limit is " + std::to_string(kMaxAccess));
    } else if (object.Afford(relocation.access.size())) {
      function.core.push_back({.insn = run.InsnOf(relocation),
                               .type = static_cast<uint32_t>(relocation.type),
                               .access = std::string(relocation.access),
                               .kind = relocation.kind});
    }
  }
}

void Attach(Object&, FunctionSpec& function, const Run<elf::FuncInfo>& run) {
  MakeRoom(function.func_infos, run.records.size());
  for (const elf::FuncInfo& info : run.records)
    function.func_infos.push_back(
        {.insn = run.InsnOf(info), .type = static_cast<uint32_t>(info.type)});
}

void Attach(Object&, FunctionSpec& function, const Run<elf::LineInfo>& run) {
  constexpr uint32_t kColumnBits = 10;  // include/uapi/linux/btf.h: BPF_LINE_INFO_LINE_NUM
  MakeRoom(function.line_infos, run.records.size());
  for (const elf::LineInfo& info : run.records)
    function.line_infos.push_back({.insn = run.InsnOf(info),
                                   .file = info.file,
                                   .line = info.text,
                                   .line_column = info.line << kColumnBits | info.column});
}

// A linker keeps the records of a weak function that another one replaced: they are in no function.
template <typename Record>
void AttachRuns(Object& object, const elf::Section& section, std::span<const Record> records) {
  while (!records.empty()) {
    const Extent* extent = object.functions.At(section.index, records.front().offset);
    size_t count = 1;
    if (extent != nullptr) {
      while (count < records.size() && records[count].offset >= extent->begin &&
             records[count].offset < extent->end)
        ++count;
      Attach(object, object.spec.functions[extent->index],
             Run<Record>{section, *extent, records.first(count)});
    }
    records = records.subspan(count);
  }
}

template <typename Section, typename Record>
void AttachAll(Object& object, const std::vector<Section>& sections,
               std::vector<Record> Section::* records) {
  for (const Section& part : sections)
    if (const elf::Section* section = object.FindSection(part.section))
      AttachRuns(object, *section, std::span<const Record>(part.*records));
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

// Without them a program is only harder to debug: what is damaged is left out. Some of a function's
// records without the others would be refused by the kernel.
void ReadSources(Object& object, elf::Bytes bytes) {
  const auto functions = elf::ParseFuncInfo(bytes, *object.btf);
  const auto lines = elf::ParseLineInfo(bytes, *object.btf);
  if (functions) AttachAll(object, *functions, &elf::FuncSection::functions);
  if (lines) AttachAll(object, *lines, &elf::LineSection::lines);
}

// Compilers and linkers write them in order.
template <typename Info>
void Sort(std::vector<Info>& infos) {
  if (!std::ranges::is_sorted(infos, {}, &Info::insn))
    std::ranges::stable_sort(infos, {}, &Info::insn);
}

void Sort(FunctionSpec& function) {
  Sort(function.core);
  Sort(function.func_infos);
  Sort(function.line_infos);
}

// Functions by their names, of which static ones may share one.
class FunctionNames {
 public:
  explicit FunctionNames(std::vector<FunctionSpec>& functions) {
    for (FunctionSpec& function : functions) by_name_.emplace_back(function.name, &function);
    std::ranges::sort(by_name_);
  }

  [[nodiscard]] auto Find(std::string_view name) const {
    return std::ranges::equal_range(by_name_, name, {}, &Entry::first);
  }

 private:
  using Entry = std::pair<std::string_view, FunctionSpec*>;
  std::vector<Entry> by_name_;
};

// What is said of functions:
// "exception_callback:NAME" of a program's: where bpf_throw() goes on (Linux 6.7). Of two, none is
// taken: the kernel refuses such a program with a clear word.
// "arg:ctx" of a parameter: it is the program's context.
void ReadTags(Object& object) {
  std::optional<FunctionNames> names;
  std::vector<bool> seen(object.spec.functions.size());
  for (const elf::BtfType& tag : object.tags) {
    const bool context = tag.name == kContext && tag.component >= 0;
    if (!context && !tag.name.starts_with(kExceptionCallback)) continue;
    const elf::BtfType tagged = object.btf->Type(tag.target);
    if (tagged.kind != elf::BtfKind::kFunc) continue;
    if (!names) names.emplace(object.spec.functions);
    const auto same = names->Find(tagged.name);
    if (same.empty()) continue;
    FunctionSpec& function = *same.front().second;
    if (context) {
      function.contexts.push_back(static_cast<uint32_t>(tag.component));
      continue;
    }
    const std::string_view name = tag.name.substr(kExceptionCallback.size());
    if (!object.Afford(name.size())) return;
    const auto index = static_cast<size_t>(&function - object.spec.functions.data());
    function.exception_callback = seen[index] ? "" : name;
    seen[index] = true;
  }
}

}  // namespace

void ReadCodeInfos(Object& object) {
  if (object.btf) ReadTags(object);
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
  const auto core = elf::ParseCoreRelocations(*bytes, *object.btf);
  if (!core) return BlameAll(object, core.error().message);
  AttachAll(object, *core, &elf::CoreSection::relocations);
  ReadSources(object, *bytes);
  for (FunctionSpec& function : object.spec.functions) Sort(function);
}

}  // namespace purebpf::internal
