// A plan in words, a line a step.
#include "purebpf/loader/load_plan.h"

#include <string_view>

namespace purebpf {
namespace {

// "BPF_MAP_TYPE_DEVMAP_HASH" -> "devmap_hash"; a number where the type is unknown.
template <typename Type>
std::string TypeName(Type type, std::string_view prefix) {
  std::string_view spelling = KernelSpelling(type);
  if (spelling.empty()) return "type " + std::to_string(static_cast<uint32_t>(type));
  if (spelling.starts_with(prefix)) spelling.remove_prefix(prefix.size());
  std::string name(spelling);
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

std::string Shape(const MapParams& map) {
  std::string text = TypeName(map.type, "BPF_MAP_TYPE_") + ", key " + std::to_string(map.key_size) +
                     ", value " + std::to_string(map.value_size) + ", " +
                     std::to_string(map.max_entries) + " entries";
  if (map.flags != 0) text += ", flags " + std::to_string(map.flags);
  return text;
}

class Printer {
 public:
  explicit Printer(const LoadPlan& plan) : plan_(plan) {}

  void operator()(const LoadBtfStep& step) {
    text += "load types: " + std::to_string(step.btf.size()) + " bytes";
    if (!step.required) text += ", if the kernel takes them";
  }

  void operator()(const CreateMapStep& step) {
    text += step.replacement_fd >= 0 ? "use descriptor " + std::to_string(step.replacement_fd) +
                                           " as map '" + step.name + "': "
                                     : "create map '" + step.name + "': ";
    text += Shape(step.params);
    if (step.params.map_extra != 0) text += ", extra " + std::to_string(step.params.map_extra);
    if (step.inner) text += ", of maps like: " + Shape(step.inner->params);
    if (step.struct_ops) {
      text += ", kernel type " + std::to_string(step.struct_ops->value_type);
      if (step.struct_ops->module) text += " of module '" + Module(*step.struct_ops->module) + "'";
    }
    if (!step.contents.empty())
      text += ", filled with " + std::to_string(step.contents.size()) + " bytes";
    if (step.freeze) text += ", frozen";
    if (!step.pin_path.empty()) text += ", pinned as " + step.pin_path;
  }

  void operator()(const LoadProgramStep& step) {
    const ProgramParams& program = step.params;
    text += "load program '" + program.name + "': " + TypeName(program.type, "BPF_PROG_TYPE_") +
            ", " + std::to_string(program.insns.size()) + " instructions";
    if (step.attach.type != 0) {
      text += ", for type " + std::to_string(step.attach.type);
      if (step.attach.module) text += " of module '" + Module(*step.attach.module) + "'";
      if (step.attach.program_id != 0)
        text += " of program " + std::to_string(step.attach.program_id);
    }
    for (const MapSlot& slot : step.map_slots)
      text += ", map '" + MapName(slot.step) + "' at " + std::to_string(slot.insn);
    for (const PlanNote& note : step.notes)
      text += "\n  instruction " + std::to_string(note.insn) + ": " + note.text;
  }

  void operator()(const FillSlotStep& step) {
    text += "put ";
    if (const auto* program = StepAs<LoadProgramStep>(step.target)) {
      text += "program '" + program->params.name + "'";
    } else {
      text += "map '" + MapName(step.target) + "'";
    }
    text += " into map '" + MapName(step.map) + "' at " + std::to_string(step.key);
  }

  void operator()(const StructOpsStep& step) {
    text += "prepare struct_ops '" + MapName(step.map) +
            "': " + std::to_string(step.members.size()) + " functions";
  }

  std::string text;

 private:
  // A plan may have been edited: what it refers to may not be there.
  template <typename T>
  [[nodiscard]] const T* StepAs(uint32_t step) const {
    return step < plan_.steps.size() ? std::get_if<T>(&plan_.steps[step]) : nullptr;
  }
  [[nodiscard]] std::string MapName(uint32_t step) const {
    const auto* map = StepAs<CreateMapStep>(step);
    return map == nullptr ? "step " + std::to_string(step) : map->name;
  }
  [[nodiscard]] std::string Module(uint32_t module) const {
    return module < plan_.modules.size() ? plan_.modules[module] : std::to_string(module);
  }

  const LoadPlan& plan_;
};

}  // namespace

std::string LoadPlan::ToString() const {
  Printer printer(*this);
  for (const Step& step : steps) {
    std::visit(printer, step);
    printer.text += '\n';
  }
  for (const Failure& failure : failures)
    printer.text += "leave out " +
                    (failure.map.empty() ? "program '" + failure.program : "map '" + failure.map) +
                    "': " + failure.error.ToString() + "\n";
  return std::move(printer.text);
}

}  // namespace purebpf
