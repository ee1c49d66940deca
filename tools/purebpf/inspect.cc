// purebpf inspect: what an object file holds.
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "purebpf/bpf/abi.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_print.h"
#include "purebpf/elf/file.h"
#include "purebpf/tools/purebpf/json.h"
#include "purebpf/tools/purebpf/object_file.h"
#include "purebpf/tools/purebpf/verbs.h"

namespace purebpf::tool {
namespace {

// What one object has to say, with what its numbers refer to.
struct View {
  const elf::File& file;
  const CollectionSpec& spec;
  const elf::Btf* btf;  // null where it has none
};

std::string_view SectionTypeName(elf::SectionType type) {
  switch (type) {
    case elf::SectionType::kNull:
      return "null";
    case elf::SectionType::kProgbits:
      return "progbits";
    case elf::SectionType::kSymtab:
      return "symtab";
    case elf::SectionType::kStrtab:
      return "strtab";
    case elf::SectionType::kRela:
      return "rela";
    case elf::SectionType::kNote:
      return "note";
    case elf::SectionType::kNobits:
      return "nobits";
    case elf::SectionType::kRel:
      return "rel";
    case elf::SectionType::kGroup:
      return "group";
    case elf::SectionType::kSymtabShndx:
      return "symtab_shndx";
  }
  return "other";
}

std::string FlagsText(const elf::Section& section) {
  std::string text;
  const auto add = [&](elf::SectionFlag flag, std::string_view word) {
    if (!section.Has(flag)) return;
    if (!text.empty()) text += ' ';
    text += word;
  };
  add(elf::SectionFlag::kAlloc, "alloc");
  add(elf::SectionFlag::kWrite, "write");
  add(elf::SectionFlag::kExecInstr, "exec");
  add(elf::SectionFlag::kMerge, "merge");
  add(elf::SectionFlag::kStrings, "strings");
  add(elf::SectionFlag::kCompressed, "compressed");
  return text;
}

// "BPF_MAP_TYPE_HASH", or the number where there is no such name.
template <typename Enum>
std::string Spelling(Enum value) {
  const std::string_view name = KernelSpelling(value);
  return name.empty() ? Decimal(static_cast<uint32_t>(value)) : std::string(name);
}

std::string_view ExternKindName(ExternKind kind) {
  switch (kind) {
    case ExternKind::kKconfig:
      return "kernel option";
    case ExternKind::kVariable:
      return "kernel variable";
    case ExternKind::kAddress:
      return "kernel symbol";
    case ExternKind::kFunction:
      return "kernel function";
    case ExternKind::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::string TypeText(const View& view, uint32_t type, std::string_view name = {}) {
  if (view.btf == nullptr || type == 0) return "";
  return elf::FormatType(*view.btf, elf::TypeId{type}, name);
}

// What an instruction refers to: "map 'counts'".
std::string ReferenceText(const View& view, const Reference& reference) {
  const CollectionSpec& spec = view.spec;
  const auto map = [&] {
    return reference.target < spec.maps.size() ? spec.maps[reference.target].name : "?";
  };
  const auto function = [&] {
    return reference.target < spec.functions.size() ? spec.functions[reference.target].name : "?";
  };
  const auto offset = [&] {
    return reference.offset < 0 ? "-" + Hex(uint64_t{0} - static_cast<uint64_t>(reference.offset))
                                : Hex(static_cast<uint64_t>(reference.offset));
  };
  switch (reference.kind) {
    case ReferenceKind::kMap:
      return "map '" + map() + "'";
    case ReferenceKind::kData:
    case ReferenceKind::kArena:
      return "'" + map() + "' + " + offset();
    case ReferenceKind::kFunctionCall:
      return "calls '" + function() + "'";
    case ReferenceKind::kFunctionAddress:
      return "address of '" + function() + "'";
    case ReferenceKind::kExtern:
      if (reference.target >= spec.externs.size()) return "extern";
      return std::string(ExternKindName(spec.externs[reference.target].kind)) + " '" +
             spec.externs[reference.target].name + "'";
  }
  return "";
}

// By enum bpf_core_relo_kind.
constexpr auto kCoreKinds = std::to_array<std::string_view>({
    "offset of",
    "size of",
    "existence of",
    "sign of",
    "left shift for",
    "right shift for",
    "local id of",
    "kernel's id of",
    "existence of",
    "size of",
    "existence of",
    "value of",
    "match of",
});

std::string CoreText(const View& view, const CoreReference& core) {
  std::string text = core.kind < kCoreKinds.size() ? std::string(kCoreKinds[core.kind])
                                                   : "kind " + Decimal(core.kind) + " of";
  text += ' ';
  if (view.btf == nullptr) return text + "type " + Decimal(core.type) + " " + core.access;
  return text + elf::FormatAccess(*view.btf, elf::TypeId{core.type}, core.access);
}

std::string SectionsText(const View& view) {
  Table table;
  for (const elf::Section& section : view.file.sections()) {
    if (section.index == 0) continue;
    table.Add({Decimal(section.index), Clean(section.name),
               std::string(SectionTypeName(section.type)), Hex(section.size), FlagsText(section)});
  }
  return table.Text("    ");
}

std::string MapsText(const View& view) {
  Table table;
  for (const MapSpec& map : view.spec.maps) {
    std::string more = "section " + Clean(map.section);
    if (map.params.flags != 0) more += ", flags " + Hex(map.params.flags);
    if (map.params.map_extra != 0) more += ", extra " + Hex(map.params.map_extra);
    if (map.pinning == Pinning::kByName) more += ", pinned by name";
    if (!map.inner.empty()) more += ", holds " + Spelling(map.inner[0].params.type);
    if (!map.slots.empty()) more += ", " + Decimal(map.slots.size()) + " slots";
    if (map.freeze) more += ", frozen";
    if (!map.autocreate) more += ", only when named";
    if (const std::string key = TypeText(view, map.key_type); !key.empty()) more += ", " + key;
    if (const std::string value = TypeText(view, map.value_type); !value.empty()) {
      more += (map.key_type != 0 ? " -> " : ", ") + value;
    }
    if (!map.problem.empty()) more += "; cannot be created: " + Clean(map.problem);
    table.Add({Clean(map.name), Spelling(map.params.type), "key " + Decimal(map.params.key_size),
               "value " + Decimal(map.params.value_size),
               "entries " + Decimal(map.params.max_entries), more});
  }
  return table.Text("    ");
}

std::string ProgramsText(const View& view) {
  Table table;
  for (const ProgramSpec& program : view.spec.programs) {
    const FunctionSpec& code = view.spec.CodeOf(program);
    std::string more = Decimal(code.insns.size()) + " instructions";
    if (program.attach_type != AttachType{0}) more += ", " + Spelling(program.attach_type);
    if (!program.attach_to.empty()) more += ", for " + Clean(program.attach_to);
    if (program.flags != 0) more += ", flags " + Hex(program.flags);
    if (!program.autoload) more += ", only when named";
    table.Add(
        {Clean(program.name), "section " + Clean(program.section), Spelling(program.type), more});
  }
  return table.Text("    ");
}

std::string FunctionsText(const View& view) {
  Table table;
  for (const FunctionSpec& function : view.spec.functions) {
    table.Add({Clean(function.name), "section " + Clean(function.section),
               function.weak     ? "weak"
               : function.global ? "global"
                                 : "static",
               Decimal(function.insns.size()) + " instructions"});
  }
  return table.Text("    ");
}

std::string VariablesText(const View& view) {
  Table table;
  for (const VariableSpec& variable : view.spec.variables) {
    std::string type = TypeText(view, variable.type, variable.name);
    table.Add({Clean(variable.map) + " + " + Hex(variable.offset), "size " + Decimal(variable.size),
               type.empty() ? Clean(variable.name) : type});
  }
  return table.Text("    ");
}

std::string ExternsText(const View& view) {
  Table table;
  for (const ExternSpec& external : view.spec.externs) {
    std::string type = TypeText(view, external.type, external.name);
    table.Add({std::string(ExternKindName(external.kind)) + (external.weak ? ", weak" : ""),
               type.empty() ? Clean(external.name) : type});
  }
  return table.Text("    ");
}

std::string RelocationsText(const View& view) {
  Table table;
  for (const FunctionSpec& function : view.spec.functions) {
    for (const Reference& reference : function.references) {
      table.Add({Clean(function.name) + " + " + Decimal(reference.insn),
                 Clean(ReferenceText(view, reference))});
    }
  }
  return table.Text("    ");
}

std::string CoreRelocationsText(const View& view) {
  Table table;
  for (const FunctionSpec& function : view.spec.functions) {
    for (const CoreReference& core : function.core) {
      table.Add({Clean(function.name) + " + " + Decimal(core.insn), CoreText(view, core)});
    }
  }
  return table.Text("    ");
}

std::string ToText(const std::string& path, const View& view) {
  struct Part {
    std::string_view title;
    std::string (*text)(const View&);
  };
  static constexpr auto kParts = std::to_array<Part>({
      {"sections (number, name, type, size, flags)", &SectionsText},
      {"maps", &MapsText},
      {"programs", &ProgramsText},
      {"functions", &FunctionsText},
      {"variables", &VariablesText},
      {"externs", &ExternsText},
      {"relocations (function + instruction)", &RelocationsText},
      {"CO-RE relocations (function + instruction)", &CoreRelocationsText},
  });
  std::string text = Clean(path) + ": ";
  text += view.file.order() == std::endian::little ? "little-endian" : "big-endian";
  text +=
      view.spec.license.empty() ? ", no license" : ", license \"" + Clean(view.spec.license) + "\"";
  if (view.spec.kern_version != 0) text += ", version " + Hex(view.spec.kern_version);
  if (view.btf != nullptr) text += ", " + Decimal(view.btf->type_count() - 1) + " types";
  if (!view.spec.btf_problem.empty()) text += ", types unusable: " + Clean(view.spec.btf_problem);
  text += '\n';
  for (const Part& part : kParts) {
    const std::string lines = part.text(view);
    if (!lines.empty()) text.append("  ").append(part.title).append(":\n").append(lines);
  }
  return text;
}

void WriteSections(JsonWriter& json, const View& view) {
  json.Key("sections").BeginArray();
  for (const elf::Section& section : view.file.sections()) {
    if (section.index == 0) continue;
    json.BeginObject();
    json.Key("index").Number(section.index);
    json.Key("name").Text(section.name);
    json.Key("type").Number(static_cast<uint32_t>(section.type));
    json.Key("flags").Number(section.flags);
    json.Key("size").Number(section.size);
    json.EndObject();
  }
  json.EndArray();
}

void WriteMap(JsonWriter& json, const View& view, const MapSpec& map) {
  json.BeginObject();
  json.Key("name").Text(map.name);
  json.Key("section").Text(map.section);
  json.Key("type").Number(static_cast<uint32_t>(map.params.type));
  json.Key("key_size").Number(map.params.key_size);
  json.Key("value_size").Number(map.params.value_size);
  json.Key("max_entries").Number(map.params.max_entries);
  json.Key("map_flags").Number(map.params.flags);
  json.Key("map_extra").Number(map.params.map_extra);
  json.Key("pinned").Bool(map.pinning == Pinning::kByName);
  json.Key("frozen").Bool(map.freeze);
  json.Key("autocreate").Bool(map.autocreate);
  json.Key("key").Text(TypeText(view, map.key_type));
  json.Key("value").Text(TypeText(view, map.value_type));
  json.Key("inner").BeginArray();
  for (const MapSpec& inner : map.inner) WriteMap(json, view, inner);
  json.EndArray();
  json.Key("slots").BeginArray();
  for (const SlotSpec& slot : map.slots) {
    json.BeginObject();
    json.Key("index").Number(slot.index);
    json.Key(slot.program ? "program" : "map").Text(slot.target);
    json.EndObject();
  }
  json.EndArray();
  json.Key("problem").Text(map.problem);
  json.EndObject();
}

void WritePrograms(JsonWriter& json, const View& view) {
  json.Key("programs").BeginArray();
  for (const ProgramSpec& program : view.spec.programs) {
    json.BeginObject();
    json.Key("name").Text(program.name);
    json.Key("section").Text(program.section);
    json.Key("type").Number(static_cast<uint32_t>(program.type));
    json.Key("attach_type").Number(static_cast<uint32_t>(program.attach_type));
    json.Key("flags").Number(program.flags);
    json.Key("attach_to").Text(program.attach_to);
    json.Key("autoload").Bool(program.autoload);
    json.Key("function").Number(program.function);
    json.EndObject();
  }
  json.EndArray();
}

void WriteFunctions(JsonWriter& json, const View& view) {
  json.Key("functions").BeginArray();
  for (const FunctionSpec& function : view.spec.functions) {
    json.BeginObject();
    json.Key("name").Text(function.name);
    json.Key("section").Text(function.section);
    json.Key("global").Bool(function.global);
    json.Key("weak").Bool(function.weak);
    json.Key("insn_cnt").Number(function.insns.size());
    json.Key("relocations").BeginArray();
    for (const Reference& reference : function.references) {
      json.BeginObject();
      json.Key("insn").Number(reference.insn);
      json.Key("to").Text(ReferenceText(view, reference));
      json.EndObject();
    }
    json.EndArray();
    json.Key("core").BeginArray();
    for (const CoreReference& core : function.core) {
      json.BeginObject();
      json.Key("insn").Number(core.insn);
      json.Key("kind").Number(core.kind);
      json.Key("type").Number(core.type);
      json.Key("access").Text(core.access);
      json.Key("what").Text(CoreText(view, core));
      json.EndObject();
    }
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
}

void WriteNames(JsonWriter& json, const View& view) {
  json.Key("variables").BeginArray();
  for (const VariableSpec& variable : view.spec.variables) {
    json.BeginObject();
    json.Key("name").Text(variable.name);
    json.Key("map").Text(variable.map);
    json.Key("offset").Number(variable.offset);
    json.Key("size").Number(variable.size);
    json.Key("type").Text(TypeText(view, variable.type));
    json.Key("constant").Bool(variable.constant);
    json.Key("static").Bool(variable.local);
    json.EndObject();
  }
  json.EndArray();
  json.Key("externs").BeginArray();
  for (const ExternSpec& external : view.spec.externs) {
    json.BeginObject();
    json.Key("name").Text(external.name);
    json.Key("kind").Text(ExternKindName(external.kind));
    json.Key("weak").Bool(external.weak);
    json.Key("type").Text(TypeText(view, external.type));
    json.EndObject();
  }
  json.EndArray();
}

std::string ToJson(const std::string& path, const View& view) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Key("file").Text(path);
  json.Key("open").Text("ok");
  json.Key("little_endian").Bool(view.file.order() == std::endian::little);
  json.Key("license").Text(view.spec.license);
  json.Key("version").Number(view.spec.kern_version);
  json.Key("btf_problem").Text(view.spec.btf_problem);
  WriteSections(json, view);
  json.Key("maps").BeginArray();
  for (const MapSpec& map : view.spec.maps) WriteMap(json, view, map);
  json.EndArray();
  WritePrograms(json, view);
  WriteFunctions(json, view);
  WriteNames(json, view);
  json.EndObject();
  return text + "\n";
}

Result<std::string> Inspect(Kernel& kernel, const std::string& path, bool as_json) {
  const auto object = OpenObject(kernel, path);
  if (!object) return std::unexpected(object.error());
  // The object was read from the same bytes, so that neither can fail.
  const auto file = elf::File::Parse(object->bytes);
  const auto btf = elf::Btf::Parse(object->spec.btf);
  if (!file) {
    return std::unexpected(Error{.code = Code::kMalformed,
                                 .operation = "read object",
                                 .object = path,
                                 .detail = file.error().message});
  }
  const View view{.file = *file, .spec = object->spec, .btf = btf ? &*btf : nullptr};
  return as_json ? ToJson(path, view) : ToText(path, view);
}

}  // namespace

int RunInspect(Kernel& kernel, const Options& options, Output& output) {
  int status = kOk;
  for (const std::string& path : options.files) {
    const auto text = Inspect(kernel, path, options.json);
    if (text) {
      if (!output.Write(*text)) return kFailed;
      continue;
    }
    status = kFailed;
    if (options.json) {
      std::string line;
      JsonWriter json(line);
      json.BeginObject();
      json.Key("file").Text(path);
      json.Key("open");
      WriteError(json, text.error());
      json.EndObject();
      if (!output.Write(line + "\n")) return kFailed;
    } else {
      output.Complain("purebpf: " + Clean(path) + ": " + ErrorText(text.error()));
    }
  }
  return status;
}

}  // namespace purebpf::tool
