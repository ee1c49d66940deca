// purebpf btf dump: types as text, or as C.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_c_dump.h"
#include "purebpf/elf/btf_print.h"
#include "purebpf/loader/target_kernel.h"
#include "purebpf/tools/purebpf/json.h"
#include "purebpf/tools/purebpf/verbs.h"

namespace purebpf::tool {
namespace {

using elf::Btf;
using elf::BtfKind;
using elf::BtfType;
using elf::TypeId;

constexpr std::string_view kTypesFolder = "/sys/kernel/btf/";
constexpr size_t kMaxFile = size_t{256} << 20;
constexpr size_t kBatch = 64 * 1024;  // bytes that are written at once

// By BtfKind, as the kernel's documentation has them.
constexpr auto kKindNames = std::to_array<std::string_view>({
    "VOID", "INT",     "PTR",      "ARRAY",    "STRUCT",   "UNION",  "ENUM",
    "FWD",  "TYPEDEF", "VOLATILE", "CONST",    "RESTRICT", "FUNC",   "FUNC_PROTO",
    "VAR",  "DATASEC", "FLOAT",    "DECL_TAG", "TYPE_TAG", "ENUM64",
});

std::string_view KindName(BtfKind kind) {
  const auto index = static_cast<size_t>(kind);
  return index < kKindNames.size() ? kKindNames[index] : "UNKNOWN";
}

bool HasSize(BtfKind kind) {
  switch (kind) {
    case BtfKind::kInt:
    case BtfKind::kStruct:
    case BtfKind::kUnion:
    case BtfKind::kEnum:
    case BtfKind::kDatasec:
    case BtfKind::kFloat:
    case BtfKind::kEnum64:
      return true;
    default:
      return false;
  }
}

bool HasTarget(BtfKind kind) {
  switch (kind) {
    case BtfKind::kPtr:
    case BtfKind::kTypedef:
    case BtfKind::kVolatile:
    case BtfKind::kConst:
    case BtfKind::kRestrict:
    case BtfKind::kFunc:
    case BtfKind::kFuncProto:
    case BtfKind::kVar:
    case BtfKind::kDeclTag:
    case BtfKind::kTypeTag:
      return true;
    default:
      return false;
  }
}

uint32_t Number(TypeId id) { return static_cast<uint32_t>(id); }

std::string Value(const BtfType& type, uint64_t value) {
  const bool negative = type.kind_flag && static_cast<int64_t>(value) < 0;
  return negative ? "-" + Decimal(uint64_t{0} - value) : Decimal(value);
}

// What follows the common part, a line each.
std::string Elements(const Btf& btf, const BtfType& type) {
  std::string text;
  for (const auto& member : btf.Members(type)) {
    text += "    " + Clean(member.name.empty() ? "(anon)" : member.name) + "  type " +
            Decimal(Number(member.type)) + "  bit " + Decimal(member.bit_offset);
    if (member.bit_size != 0) text += "  width " + Decimal(member.bit_size);
    text += "  // " + elf::FormatType(btf, member.type) + "\n";
  }
  for (const auto& enumerator : btf.Enumerators(type)) {
    text += "    " + Clean(enumerator.name) + " = " + Value(type, enumerator.value) + "\n";
  }
  for (const auto& parameter : btf.Parameters(type)) {
    text += "    " + Clean(parameter.name.empty() ? "(anon)" : parameter.name) + "  type " +
            Decimal(Number(parameter.type)) + "\n";
  }
  for (const auto& variable : btf.Variables(type)) {
    text += "    type " + Decimal(Number(variable.variable)) + "  offset " +
            Decimal(variable.offset) + "  size " + Decimal(variable.size) + "\n";
  }
  return text;
}

std::string RawText(const Btf& btf, const BtfType& type) {
  std::string text = "[" + Decimal(Number(type.id)) + "] " + std::string(KindName(type.kind));
  if (!type.name.empty()) text += " " + Clean(type.name);
  if (HasSize(type.kind)) text += "  size " + Decimal(type.size);
  if (HasTarget(type.kind)) text += "  type " + Decimal(Number(type.target));
  if (type.kind == BtfKind::kInt) {
    const elf::BtfInt encoding = btf.Int(type);
    text += "  bits " + Decimal(encoding.bits);
    if (encoding.bit_offset != 0) text += "  offset " + Decimal(encoding.bit_offset);
    if (encoding.is_signed) text += "  signed";
    if (encoding.is_char) text += "  char";
    if (encoding.is_bool) text += "  bool";
  }
  if (type.kind == BtfKind::kArray) {
    const elf::BtfArray array = btf.Array(type);
    text += "  element " + Decimal(Number(array.element)) + "  index " +
            Decimal(Number(array.index)) + "  count " + Decimal(array.count);
  }
  if (type.kind == BtfKind::kFunc || type.kind == BtfKind::kVar) {
    static constexpr auto kLinkages =
        std::to_array<std::string_view>({"static", "global", "extern"});
    text += "  " + (type.linkage < kLinkages.size() ? std::string(kLinkages[type.linkage])
                                                    : "linkage " + Decimal(type.linkage));
  }
  if (type.kind == BtfKind::kFwd) text += type.kind_flag ? "  union" : "  struct";
  if (type.kind == BtfKind::kDeclTag && type.component >= 0) {
    text += "  component " + Decimal(static_cast<uint32_t>(type.component));
  }
  return text + "\n" + Elements(btf, type);
}

void WriteElements(JsonWriter& json, const Btf& btf, const BtfType& type) {
  const auto named = [&](std::string_view name) {
    json.BeginObject();
    json.Key("name").Text(name);
  };
  if (type.kind == BtfKind::kStruct || type.kind == BtfKind::kUnion) {
    json.Key("members").BeginArray();
    for (const auto& member : btf.Members(type)) {
      named(member.name);
      json.Key("type").Number(Number(member.type));
      json.Key("bit_offset").Number(member.bit_offset);
      json.Key("bit_size").Number(member.bit_size);
      json.EndObject();
    }
    json.EndArray();
  }
  if (type.kind == BtfKind::kEnum || type.kind == BtfKind::kEnum64) {
    json.Key("signed").Bool(type.kind_flag);
    json.Key("values").BeginArray();
    for (const auto& enumerator : btf.Enumerators(type)) {
      named(enumerator.name);
      if (type.kind_flag) {
        json.Key("value").Number(static_cast<int64_t>(enumerator.value));
      } else {
        json.Key("value").Number(enumerator.value);
      }
      json.EndObject();
    }
    json.EndArray();
  }
  if (type.kind == BtfKind::kFuncProto) {
    json.Key("parameters").BeginArray();
    for (const auto& parameter : btf.Parameters(type)) {
      named(parameter.name);
      json.Key("type").Number(Number(parameter.type));
      json.EndObject();
    }
    json.EndArray();
  }
  if (type.kind == BtfKind::kDatasec) {
    json.Key("variables").BeginArray();
    for (const auto& variable : btf.Variables(type)) {
      json.BeginObject();
      json.Key("type").Number(Number(variable.variable));
      json.Key("offset").Number(variable.offset);
      json.Key("size").Number(variable.size);
      json.EndObject();
    }
    json.EndArray();
  }
}

void WriteType(JsonWriter& json, const Btf& btf, const BtfType& type) {
  json.BeginObject();
  json.Key("id").Number(Number(type.id));
  json.Key("kind").Text(KindName(type.kind));
  json.Key("name").Text(type.name);
  if (HasSize(type.kind)) json.Key("size").Number(type.size);
  if (HasTarget(type.kind)) json.Key("type").Number(Number(type.target));
  if (type.kind == BtfKind::kInt) {
    const elf::BtfInt encoding = btf.Int(type);
    json.Key("bits").Number(encoding.bits);
    json.Key("bit_offset").Number(encoding.bit_offset);
    json.Key("signed").Bool(encoding.is_signed);
    json.Key("char").Bool(encoding.is_char);
    json.Key("bool").Bool(encoding.is_bool);
  }
  if (type.kind == BtfKind::kArray) {
    const elf::BtfArray array = btf.Array(type);
    json.Key("element").Number(Number(array.element));
    json.Key("index").Number(Number(array.index));
    json.Key("count").Number(array.count);
  }
  if (type.kind == BtfKind::kFunc || type.kind == BtfKind::kVar) {
    json.Key("linkage").Number(type.linkage);
  }
  if (type.kind == BtfKind::kFwd) json.Key("union").Bool(type.kind_flag);
  if (type.kind == BtfKind::kDeclTag) json.Key("component").Number(type.component);
  WriteElements(json, btf, type);
  json.EndObject();
}

int DumpRaw(const Btf& btf, Output& output) {
  std::string text;
  for (uint32_t id = btf.first_id(); id < btf.type_count(); ++id) {
    text += RawText(btf, btf.Type(TypeId{id}));
    if (text.size() < kBatch) continue;
    if (!output.Write(text)) return kFailed;
    text.clear();
  }
  return output.Write(text) ? kOk : kFailed;
}

// One object: what is asked for, and the types or the header in it.
int DumpJson(const Btf& btf, const Options& options, const std::string* header, Output& output) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Key("file").Text(options.files[0]);
  json.Key("open").Text("ok");
  if (header != nullptr) {
    json.Key("c").Text(*header);
  } else {
    json.Key("types").BeginArray();
    for (uint32_t id = btf.first_id(); id < btf.type_count(); ++id) {
      WriteType(json, btf, btf.Type(TypeId{id}));
      if (text.size() < kBatch) continue;
      if (!output.Write(text)) return kFailed;
      text.clear();
    }
    json.EndArray();
  }
  json.EndObject();
  text += '\n';
  return output.Write(text) ? kOk : kFailed;
}

// Types of a file, over those of another one where it is split. The kernel that is described by
// these files is who reads them.
struct Types {
  TargetKernel owner;
  const Btf* btf = nullptr;
};

Result<Types> OpenOver(Kernel& kernel, const std::string& path, const std::string& base) {
  const auto bytes = kernel.ReadFile(path, kMaxFile);
  if (!bytes) return std::unexpected(SystemError(bytes.error(), "read types", path));
  KernelSources sources{.btf_path = base};
  sources.modules.push_back({.name = path, .btf = *bytes});
  Types types{.owner = TargetKernel::FromFiles(kernel, std::move(sources))};
  const Btf* below = PUREBPF_TRY(types.owner.Types());
  const auto modules = types.owner.Modules();
  if (!modules.empty()) {
    types.btf = modules.front().types;
    return types;
  }
  const auto parsed = Btf::Parse(*bytes, below);
  return std::unexpected(Error{.code = Code::kMalformed,
                               .operation = "read types",
                               .object = path,
                               .detail = parsed ? "no types in it" : parsed.error().message});
}

Result<Types> Open(Kernel& kernel, const Options& options) {
  std::string path = options.files[0];
  // A name without '/' is the kernel's or a module's where the kernel has such types.
  if (path.find('/') == std::string::npos) {
    const auto known = kernel.ListFolder(std::string(kTypesFolder));
    if (path == "vmlinux" || (known && std::ranges::find(*known, path) != known->end())) {
      path.insert(0, kTypesFolder);
    }
  }
  const std::string vmlinux = std::string(kTypesFolder) + "vmlinux";
  if (!options.base.empty()) return OpenOver(kernel, path, options.base);
  if (path.starts_with(kTypesFolder) && path != vmlinux) return OpenOver(kernel, path, vmlinux);
  // The running kernel's can be in a file elsewhere.
  Types types{.owner = path == vmlinux
                           ? TargetKernel::Running(kernel)
                           : TargetKernel::FromFiles(kernel, KernelSources{.btf_path = path})};
  types.btf = PUREBPF_TRY(types.owner.Types());
  return types;
}

// The reader of a kernel's types does not look at each, and what is shown here is to be compiled.
Result<void> CheckAll(const Btf& btf, const Options& options) {
  const auto check = [](const Btf& types, const std::string& path) -> Result<void> {
    const auto checked = types.Check();
    if (checked) return {};
    return std::unexpected(Error{.code = Code::kMalformed,
                                 .operation = "read types",
                                 .object = path,
                                 .detail = checked.error().message});
  };
  if (btf.base() != nullptr) {
    PUREBPF_TRY(check(*btf.base(), options.base.empty() ? "vmlinux" : options.base));
  }
  return check(btf, options.files[0]);
}

int Fail(const Error& error, const Options& options, Output& output) {
  if (options.json) {
    std::string text;
    JsonWriter json(text);
    json.BeginObject();
    json.Key("file").Text(options.files[0]);
    json.Key("open");
    WriteError(json, error);
    json.EndObject();
    output.Write(text + "\n");
  } else {
    output.Complain("purebpf: " + ErrorText(error));
  }
  return kFailed;
}

}  // namespace

int RunBtfDump(Kernel& kernel, const Options& options, Output& output) {
  const auto opened = Open(kernel, options);
  if (!opened) return Fail(opened.error(), options, output);
  const Btf& btf = *opened->btf;
  if (const auto checked = CheckAll(btf, options); !checked) {
    return Fail(checked.error(), options, output);
  }
  if (options.format == DumpFormat::kRaw) {
    return options.json ? DumpJson(btf, options, nullptr, output) : DumpRaw(btf, output);
  }
  const auto header = elf::DumpC(btf);
  if (!header) {
    return Fail({.code = header.error().unsupported ? Code::kUnsupported : Code::kMalformed,
                 .operation = "write types as C",
                 .object = options.files[0],
                 .detail = header.error().message},
                options, output);
  }
  if (options.json) return DumpJson(btf, options, &*header, output);
  return output.Write(*header) ? kOk : kFailed;
}

}  // namespace purebpf::tool
