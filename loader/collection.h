// The maps and programs of one object, loaded.
#ifndef PUREBPF_LOADER_COLLECTION_H_
#define PUREBPF_LOADER_COLLECTION_H_

#include <string_view>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/loader/load_plan.h"

namespace purebpf {

// Owns everything until it is taken; what is not taken is closed with it.
class Collection {
 public:
  // Executes the plan, all or nothing: a failure at step k closes what steps 1 .. k-1 made, and the
  // Error names the collection and the step's map or program.
  [[nodiscard]] static Result<Collection> Load(Kernel& kernel, const LoadPlan& plan);

  // Null where there is none of that name (any more).
  [[nodiscard]] const Map* FindMap(std::string_view name) const;
  [[nodiscard]] const Program* FindProgram(std::string_view name) const;

  // Moves it out. kNotFound where there is none of that name, or it was taken before; the Error
  // says which names there are.
  [[nodiscard]] Result<Map> TakeMap(std::string_view name);
  [[nodiscard]] Result<Program> TakeProgram(std::string_view name);

 private:
  Collection() = default;

  std::string name_;
  std::vector<Map> maps_;
  std::vector<Program> programs_;
};

}  // namespace purebpf

#endif  // PUREBPF_LOADER_COLLECTION_H_
