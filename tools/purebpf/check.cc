// purebpf check: whether objects fit kernels that are not here.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/btf.h"
#include "purebpf/loader/kconfig.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/planner.h"
#include "purebpf/loader/target_kernel.h"
#include "purebpf/tools/purebpf/check_report.h"
#include "purebpf/tools/purebpf/kernel_files.h"
#include "purebpf/tools/purebpf/program_check.h"
#include "purebpf/tools/purebpf/reach.h"
#include "purebpf/tools/purebpf/verbs.h"

namespace purebpf::tool {
namespace {

// An object, and what is found out of it, kernel by kernel.
struct CheckedObject {
  ObjectCheck check;
  std::optional<CollectionSpec> spec;  // where it could be opened
  std::vector<OpenVariable> open;
  std::vector<uint32_t> options;  // externs that are not weak
};

std::vector<CheckedObject> OpenObjects(Kernel& kernel, const std::vector<std::string>& paths) {
  std::vector<CheckedObject> objects;
  objects.reserve(paths.size());
  for (const std::string& path : paths) {
    CheckedObject& object = objects.emplace_back();
    object.check.file = path;
    auto spec = CollectionSpec::FromFile(kernel, path);
    if (!spec) {
      object.check.open_error = std::move(spec).error();
      continue;
    }
    object.spec = std::move(*spec);
    object.open = OpenVariables(*object.spec);
    for (uint32_t i = 0; i < object.spec->externs.size(); ++i) {
      const ExternSpec& external = object.spec->externs[i];
      if (external.kind == ExternKind::kKconfig && !external.weak) object.options.push_back(i);
    }
  }
  return objects;
}

// Of a kernel whose configuration is not known, options are taken to be unset, and what is read
// from them to be unknown.
void AskForOptions(CheckedObject& object, bool known) {
  for (const uint32_t index : object.options) object.spec->externs[index].weak = !known;
}

// A whole number, as far as types say it.
bool IsNumber(const CollectionSpec& spec, const VariableSpec& variable) {
  const auto btf = elf::Btf::Index(spec.btf);
  const auto type = btf ? btf->Resolve(elf::TypeId{variable.type}) : elf::BtfType{};
  const bool named =
      type && (type->kind == elf::BtfKind::kInt || type->kind == elf::BtfKind::kEnum ||
               type->kind == elf::BtfKind::kEnum64);
  return named && variable.size <= sizeof(uint64_t) && std::has_single_bit(variable.size);
}

// In the object's order, as a kernel option's number would be; nothing where `size` bytes (1, 2, 4
// or 8) do not hold it, with a sign where it has one.
std::optional<std::vector<std::byte>> Encode(const SetVariable& set, uint32_t size,
                                             std::endian order) {
  const std::string number =
      set.negative ? "-" + std::to_string(0 - *set.value) : std::to_string(*set.value);
  std::vector<std::byte> bytes(size);
  const ConfigType type{.kind = ConfigKind::kInt, .size = size, .is_signed = set.negative};
  if (!EncodeConfig(set.name, number, type, bytes, order)) return std::nullopt;
  return bytes;
}

// Gives the variable its value in all objects that have it. Empty, or why that makes no sense.
std::string Give(const SetVariable& set, std::vector<CheckedObject>& objects) {
  bool found = false;
  bool unread = false;
  for (CheckedObject& object : objects) {
    unread = unread || !object.spec;
    const VariableSpec* variable = object.spec ? object.spec->FindVariable(set.name) : nullptr;
    if (variable == nullptr || !variable->constant) continue;
    found = true;
    std::erase_if(object.open, [&](const OpenVariable& open) { return open.name == set.name; });
    if (!set.value) continue;
    const std::string named = "--set: '" + set.name + "' of " + object.check.file;
    if (!IsNumber(*object.spec, *variable)) return named + " is not a number";
    const auto bytes = Encode(set, variable->size, object.spec->order);
    if (!bytes || !object.spec->SetVariable(set.name, *bytes))
      return named + " has " + std::to_string(variable->size) +
             " bytes, which do not hold that number";
  }
  return found || unread ? "" : "--set: no object has a constant '" + set.name + "'";
}

KernelCheck CheckOn(TargetKernel& target, const CheckedObject& object, const std::string& btf,
                    const KernelKnowledge& known) {
  KernelCheck check{.btf = btf};
  const CollectionSpec& spec = *object.spec;
  const LoadOptions options{.default_max_entries = 1, .pin_root = ""};
  Planner planner(spec, target, options);
  if (target.Order() != spec.order) {
    // Said once, not of every program.
    check.open_error = planner.Plan().error().Within(btf);
    return check;
  }
  for (uint32_t i = 0; i < spec.programs.size(); ++i) {
    if (spec.programs[i].autoload)
      check.programs.push_back(CheckProgram(spec, i, planner, known, object.open));
  }
  return check;
}

// Whether its verifier remembers which global functions are called, by the type that it does it
// with. (include/linux/bpf.h: struct bpf_func_info_aux)
bool SkipsUncalledFunctions(const elf::Btf& types) {
  const auto found = types.Find(elf::BtfKind::kStruct, "bpf_func_info_aux");
  if (!found) return false;
  return std::ranges::any_of(types.Members(*found),
                             [](const elf::BtfMember& member) { return member.name == "called"; });
}

// Kernels one after the other, each opened once for all objects: it is the largest thing here by
// far (a vmlinux is held in memory as a whole), so no two of them are open at a time.
class KernelList {
 public:
  KernelList(Kernel& kernel, const Options& options, std::vector<CheckedObject>& objects,
             Output& output)
      : kernel_(kernel), options_(options), objects_(objects), output_(output) {
    // BTF does not say where symbols are: all have an address that is not known. Of all objects, as
    // a symbol that a kernel has twice is refused.
    std::set<std::string> symbols;
    for (const CheckedObject& object : objects_) {
      if (!object.spec) continue;
      for (const ExternSpec& external : object.spec->externs)
        if (external.kind == ExternKind::kAddress) symbols.insert(external.name);
    }
    for (const std::string& symbol : symbols)
      kallsyms_ += Hex(kUnknownImmediate).substr(2) + " T " + symbol + "\n";
    if (kallsyms_.empty()) kallsyms_ = "0 T _\n";
  }

  // False where it names no kernel.
  bool Check(const std::string& path) {
    const size_t before = kernels_;
    EachKernel(kernel_, path, [this](const KernelFiles& files) { CheckFiles(files); });
    if (kernels_ > before) return true;
    output_.Complain("purebpf: no file with BTF in " + Clean(path) + "\n");
    return false;
  }

  [[nodiscard]] size_t kernels() const { return kernels_; }

 private:
  void CheckFiles(const KernelFiles& files) {
    KernelKnowledge known;
    KernelSources sources{.btf_path = files.btf, .modules = files.modules, .kallsyms = kallsyms_};
    const std::string& kconfig = options_.kconfig.empty() ? files.kconfig : options_.kconfig;
    auto configured = ReadConfig(kconfig, sources, known);
    TargetKernel target = TargetKernel::FromFiles(kernel_, std::move(sources));
    const auto types = target.Types();
    if (!types && files.listed && types.error().code == Code::kNotFound &&
        types.error().sys_errno == 0 && !IsEmpty(files.btf)) {
      output_.Complain("purebpf: left out: " + Clean(types.error().object) + ": " +
                       Clean(types.error().detail) + "\n");
      return;
    }
    ++kernels_;
    if (!types) {
      Error error = types.error();
      if (error.code == Code::kMalformed && error.hint.empty())
        error.hint = "a module's types are read beside its kernel's 'vmlinux', in a folder";
      return Fail(files.btf, error);
    }
    if (!configured) return Fail(files.btf, std::move(configured).error());
    known.skips_uncalled_functions = SkipsUncalledFunctions(**types);
    for (CheckedObject& object : objects_) {
      if (!object.spec) continue;
      AskForOptions(object, known.options);
      object.check.kernels.push_back(CheckOn(target, object, files.btf, known));
    }
    FailWhatIsNoModule(files, target);
  }

  // As a copy that failed: not what lies beside kernels on purpose.
  bool IsEmpty(const std::string& path) {
    const auto file = kernel_.ReadFile(path, 0);
    return file && file->empty();
  }

  Result<void> ReadConfig(const std::string& path, KernelSources& sources, KernelKnowledge& known) {
    constexpr const char* kAnyRelease = "5.0.0";  // what follows from it is not looked at
    constexpr size_t kMaxConfig = size_t{16} << 20;
    sources.release = kAnyRelease;
    sources.kconfig = "# unknown\n";
    if (path.empty()) return {};
    const auto file = kernel_.ReadFile(path, kMaxConfig);
    if (!file)
      return std::unexpected(SystemError(file.error(), "read the kernel's configuration", path));
    auto config = KernelConfig::ParseFile(*file);
    if (!config) return std::unexpected(std::move(config).error().Within(path));
    known.options = true;
    sources.kconfig_path = path;
    if (config->Release()) {
      known.version = true;
      sources.release.clear();
    }
    return {};
  }

  // Of no object: it hinders all.
  void Fail(const std::string& btf, const Error& error) {
    for (CheckedObject& object : objects_)
      if (object.spec) object.check.kernels.push_back({.btf = btf, .open_error = error});
  }

  // A module that the kernel does not have, as far as objects are concerned, because its types are
  // damaged or another kernel's.
  void FailWhatIsNoModule(const KernelFiles& files, TargetKernel& target) {
    const std::string folder = files.btf.substr(0, files.btf.rfind('/') + 1);
    for (const ModuleBtf& module : files.modules) {
      const bool taken = std::ranges::any_of(
          target.Modules(), [&](const KernelModule& other) { return other.name == module.name; });
      if (taken) continue;
      Fail(folder + module.name, {.code = Code::kMalformed,
                                  .operation = "read kernel types",
                                  .object = folder + module.name,
                                  .detail = "they are neither a kernel's nor those of a module "
                                            "over " +
                                            files.btf});
    }
  }

  Kernel& kernel_;
  const Options& options_;
  std::vector<CheckedObject>& objects_;
  Output& output_;
  std::string kallsyms_;
  size_t kernels_ = 0;
};

}  // namespace

int RunCheck(Kernel& kernel, const Options& options, Output& output) {
  std::vector<CheckedObject> objects = OpenObjects(kernel, options.files);
  for (const SetVariable& set : options.set) {
    const std::string problem = Give(set, objects);
    if (problem.empty()) continue;
    output.Complain("purebpf: " + Clean(problem) + "\n");
    return kUsage;
  }
  KernelList list(kernel, options, objects, output);
  int status = kOk;
  for (const std::string& path : options.btf)
    if (!list.Check(path)) status = kFailed;
  if (list.kernels() == 0) return kFailed;
  if (!options.kconfig.empty() && list.kernels() > 1) {
    output.Complain("purebpf: --kconfig is of one kernel, and --btf names " +
                    Decimal(list.kernels()) + "\n");
    return kUsage;
  }
  for (const CheckedObject& object : objects) {
    if (!object.check.Ok()) status = kFailed;
    if (!output.Write(options.json ? ToJson(object.check) : ToText(object.check))) return kFailed;
  }
  return status;
}

}  // namespace purebpf::tool
