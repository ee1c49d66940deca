// purebpf check: whether objects fit kernels that are not here.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/planner.h"
#include "purebpf/loader/target_kernel.h"
#include "purebpf/tools/purebpf/check_report.h"
#include "purebpf/tools/purebpf/object_file.h"
#include "purebpf/tools/purebpf/reach.h"
#include "purebpf/tools/purebpf/verbs.h"

namespace purebpf::tool {
namespace {

// How many CO-RE relocations and kernel functions a program and the functions that it calls have.
struct Needs {
  size_t core = 0;
  size_t functions = 0;
};

Needs NeedsOf(const CollectionSpec& spec, uint32_t function) {
  Needs needs;
  std::vector<bool> seen(spec.functions.size());
  std::vector<uint32_t> pending{function};
  while (!pending.empty()) {
    const uint32_t next = pending.back();
    pending.pop_back();
    if (next >= seen.size() || seen[next]) continue;
    seen[next] = true;
    needs.core += spec.functions[next].core.size();
    for (const Reference& reference : spec.functions[next].references) {
      if (reference.kind == ReferenceKind::kFunctionCall ||
          reference.kind == ReferenceKind::kFunctionAddress) {
        pending.push_back(reference.target);
      }
      if (reference.kind == ReferenceKind::kExtern && reference.target < spec.externs.size() &&
          spec.externs[reference.target].kind == ExternKind::kFunction) {
        ++needs.functions;
      }
    }
  }
  return needs;
}

// BTF says nothing of a kernel's options and of where its symbols are. Nothing here may depend on
// them: options are taken to be unset, and what is read from them to be unknown; symbols to have an
// address that is not known.
void WithoutTheUnknown(CollectionSpec& spec, std::set<std::string>& symbols) {
  for (ExternSpec& external : spec.externs) {
    if (external.kind == ExternKind::kKconfig) external.weak = true;
    if (external.kind == ExternKind::kAddress) symbols.insert(external.name);
  }
}

std::vector<FrozenAddress> FrozenAddresses(const CollectionSpec& spec, const LoadPlan& plan,
                                           const LoadProgramStep& program) {
  std::vector<FrozenAddress> addresses;
  for (const MapSlot& slot : program.map_slots) {
    const auto* map = std::get_if<CreateMapStep>(&plan.steps[slot.step]);
    if (map == nullptr || !map->freeze) continue;
    if (spec.maps[map->map].origin == MapOrigin::kKconfig) continue;
    addresses.push_back(
        {.insn = slot.insn, .value = map->contents, .size = map->params.value_size});
  }
  std::ranges::sort(addresses, {}, &FrozenAddress::insn);
  return addresses;
}

ProgramCheck CheckProgram(const CollectionSpec& spec, uint32_t index, Planner& planner) {
  const ProgramSpec& program = spec.programs[index];
  const Needs needs = NeedsOf(spec, program.function);
  ProgramCheck check{.name = program.name,
                     .section = program.section,
                     .core = needs.core,
                     .functions = needs.functions};
  const auto plan = planner.PlanAlone(index);
  if (!plan) {
    check.plan_error = plan.error();
    return check;
  }
  for (const Step& step : plan->steps) {
    const auto* load = std::get_if<LoadProgramStep>(&step);
    if (load == nullptr) continue;
    const auto frozen = FrozenAddresses(spec, *plan, *load);
    const auto reached = ReachableInsns(load->params.insns, frozen, spec.order);
    for (const PlanNote& note : load->notes) {
      const bool missing = note.insn >= reached.size() || reached[note.insn];
      (missing ? check.missing : check.guarded).push_back({note.insn, note.text});
    }
  }
  return check;
}

// An object, and what is found out of it, kernel by kernel.
struct CheckedObject {
  ObjectCheck check;
  std::optional<CollectionSpec> spec;  // where it could be opened
};

std::vector<CheckedObject> OpenObjects(Kernel& kernel, const std::vector<std::string>& paths) {
  std::vector<CheckedObject> objects;
  objects.reserve(paths.size());
  for (const std::string& path : paths) {
    CheckedObject& object = objects.emplace_back();
    object.check.file = path;
    auto spec = CollectionSpec::FromFile(kernel, path);
    if (spec) {
      object.spec = std::move(*spec);
    } else {
      object.check.open_error = std::move(spec).error();
    }
  }
  return objects;
}

KernelCheck CheckOn(TargetKernel& target, const CollectionSpec& spec, const std::string& btf) {
  KernelCheck check{.btf = btf};
  if (const auto types = target.Types(); !types) {
    check.open_error = types.error();
    return check;
  }
  const LoadOptions options{.default_max_entries = 1, .pin_root = ""};
  Planner planner(spec, target, options);
  if (target.Order() != spec.order) {
    // Said once, not of every program.
    check.open_error = planner.Plan().error().Within(btf);
    return check;
  }
  for (uint32_t i = 0; i < spec.programs.size(); ++i) {
    if (spec.programs[i].autoload) check.programs.push_back(CheckProgram(spec, i, planner));
  }
  return check;
}

// Kernels one after the other, each opened once for all objects: it is the largest thing here by
// far (a vmlinux is held in memory as a whole), so no two of them are open at a time.
class KernelList {
 public:
  KernelList(Kernel& kernel, std::vector<CheckedObject>& objects)
      : kernel_(kernel), objects_(objects) {
    std::set<std::string> symbols;  // of all objects: a symbol that a kernel has twice is refused
    for (CheckedObject& object : objects_)
      if (object.spec) WithoutTheUnknown(*object.spec, symbols);
    for (const std::string& symbol : symbols)
      kallsyms_ += Hex(kUnknownImmediate).substr(2) + " T " + symbol + "\n";
    if (kallsyms_.empty()) kallsyms_ = "0 T _\n";
  }

  // Of a folder, the files in it. How many kernels they were.
  size_t Check(const std::string& path) {
    const auto names = kernel_.ListFolder(path);
    if (!names) return CheckFile(path, false) ? 1 : 0;
    size_t kernels = 0;
    for (const std::string& name : *names)
      if (CheckFile(path + (path.ends_with('/') ? "" : "/") + name, true)) ++kernels;
    return kernels;
  }

 private:
  // Whether it is a kernel, be it a damaged one: a folder has other files too.
  bool CheckFile(const std::string& path, bool in_folder) {
    TargetKernel target = TargetKernel::FromFiles(
        kernel_, {.release = "5.0.0",  // for the kernel's version, which is not looked at
                  .btf_path = path,
                  .kconfig = "# unknown\n",
                  .kallsyms = kallsyms_});
    const auto types = target.Types();
    const bool unreadable = !types && types.error().sys_errno != 0;
    const bool without_types = !types && types.error().code == Code::kNotFound;
    if (in_folder && (unreadable || without_types)) return false;
    for (CheckedObject& object : objects_)
      if (object.spec) object.check.kernels.push_back(CheckOn(target, *object.spec, path));
    return true;
  }

  Kernel& kernel_;
  std::vector<CheckedObject>& objects_;
  std::string kallsyms_;
};

}  // namespace

int RunCheck(Kernel& kernel, const Options& options, Output& output) {
  std::vector<CheckedObject> objects = OpenObjects(kernel, options.files);
  KernelList list(kernel, objects);
  size_t kernels = 0;
  for (const std::string& path : options.btf) kernels += list.Check(path);
  if (kernels == 0) {
    output.Complain("purebpf: no file with BTF in " + Clean(options.btf[0]) + "\n");
    return kFailed;
  }
  int status = kOk;
  for (const CheckedObject& object : objects) {
    if (!object.check.Ok()) status = kFailed;
    if (!output.Write(options.json ? ToJson(object.check) : ToText(object.check))) return kFailed;
  }
  return status;
}

}  // namespace purebpf::tool
