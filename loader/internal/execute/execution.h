// A plan carried out, step by step. What was made is closed, and unpinned, unless all of it was.
#ifndef PUREBPF_LOADER_INTERNAL_EXECUTE_EXECUTION_H_
#define PUREBPF_LOADER_INTERNAL_EXECUTE_EXECUTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/btf.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/load_plan.h"

namespace purebpf::internal {

class Execution {
 public:
  Execution(Kernel& kernel, LoadPlan& plan)
      : kernel_(kernel), plan_(plan), made_(plan.steps.size()) {}
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;
  ~Execution();

  [[nodiscard]] Result<Collection> Run() &&;

 private:
  // What a step made: an index into the collection's maps or programs. Neither: nothing, so far.
  struct Made {
    std::optional<uint32_t> map;
    std::optional<uint32_t> program;
    // Of a map that was left out (LoadPlan::partial): an index into the collection's failures.
    std::optional<uint32_t> failure;
    bool was_pinned = false;  // a map that was there before
  };

  Result<void> Do(LoadBtfStep& step, uint32_t number);
  Result<void> Do(CreateMapStep& step, uint32_t number);
  Result<void> Do(LoadProgramStep& step, uint32_t number);
  Result<void> Do(FillSlotStep& step, uint32_t number);
  Result<void> Do(StructOpsStep& step, uint32_t number);

  // Whether the load goes on without what a step was to make.
  bool LeaveOut(uint32_t number, const Error& error);
  Result<void> CheckNeeds(const LoadProgramStep& step, uint32_t number) const;
  // Why the map of step `step` was left out; null where it was not.
  [[nodiscard]] const Error* RefusedMap(uint32_t step) const;
  [[nodiscard]] const Error* RefusedStructOps(uint32_t program) const;
  void MakeRoom();
  void UnmapFrom(size_t first);

  [[nodiscard]] Result<Map> MakeMap(CreateMapStep& step, Made& made);
  [[nodiscard]] Result<Map> CreateMap(const CreateMapStep& step);
  [[nodiscard]] Result<std::optional<Map>> OpenPinned(const CreateMapStep& step);
  Result<void> PinMap(const Map& map, const std::string& path);
  Result<void> Fill(const CreateMapStep& step, const Map& map);
  Result<void> FillArena(const CreateMapStep& step, const Map& map);

  // Fills in the descriptors that the step leaves open.
  Result<void> Complete(LoadProgramStep& step, std::optional<Program>& attached_to);
  Result<void> FillFdArray(ProgramParams& params);
  Result<void> OpenModules();
  [[nodiscard]] Result<int> ModuleFd(uint32_t module);
  void MentionRefusedTypes(Error& error) const;
  [[nodiscard, gnu::cold]] std::unexpected<Error> Explain(const LoadProgramStep& step,
                                                          Error error) const;

  [[nodiscard]] const Map* MapOf(uint32_t step) const;
  [[nodiscard]] const Program* ProgramOf(uint32_t step) const;
  // A plan may have been edited: what it refers to may not be there.
  [[nodiscard, gnu::cold]] static std::unexpected<Error> WrongPlan(std::string_view object,
                                                                   std::string detail);

  Kernel& kernel_;
  LoadPlan& plan_;
  Collection collection_;
  std::vector<Made> made_;  // by step
  std::optional<BtfObject> btf_;
  Bytes types_;                                    // the plan's, for source lines
  std::string refused_types_;                      // why; empty: not refused
  std::vector<std::optional<BtfObject>> modules_;  // by LoadPlan::modules
  bool modules_opened_ = false;
  std::vector<std::string> pins_;     // that were made here
  std::vector<std::string> folders_;  // the same; empty but for those pins
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_EXECUTE_EXECUTION_H_
